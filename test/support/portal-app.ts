import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import Router from '@koa/router';
import Koa from 'koa';
import type { RequestFacts } from '../../src/domain/federation/request-facts.ts';
import { createPeople, type People } from '../../src/domain/identity/people.ts';
import type { MfaProof } from '../../src/domain/mfa/factor.ts';
import type { Role } from '../../src/domain/role/role.ts';
import { createBrowserSessions } from '../../src/domain/session/browser-sessions.ts';
import type { SignIn } from '../../src/domain/session/browser-session.ts';
import { createProxyList } from '../../src/http/middleware/request-facts.ts';
import { mountPortal } from '../../src/http/portal/mount-portal.ts';
import { mountSts } from '../../src/http/sts/mount-sts.ts';
import type { Renderer } from '../../src/http/render.ts';
import { createPersonWorld, makeIdentity, type PersonWorld } from '../unit/domain/federation/person-world.ts';

export type PortalOptions = {
  readonly mfaRequired?: 'always' | 'by-policy';
  readonly now?: () => number;
  /** Default: each page as JSON of its name, data and form token. */
  readonly render?: Renderer;
};

/** The portal and STS on a socket, with stores in memory and real sessions of browsers. */
export type PortalApp = {
  readonly url: string;
  readonly world: PersonWorld;
  readonly people: People;
  /** Told of what nobody foresaw. */
  readonly bugs: readonly unknown[];
  /** The cookie of somebody who signed in. */
  readonly signIn: (about?: Partial<SignIn>, mfa?: MfaProof) => Promise<string>;
  readonly close: () => Promise<void>;
};

const renderJson: Renderer = (ctx, { name, data, layout, options = {} }) => {
  ctx.status = options.status ?? 200;
  ctx.set('Cache-Control', 'no-store');
  ctx.body = { name, data, formToken: layout.formToken, person: layout.person };
};

export async function startPortalApp(
  roles: readonly Role[],
  { mfaRequired = 'by-policy', now = Date.now, render = renderJson }: PortalOptions = {},
): Promise<PortalApp> {
  const world = createPersonWorld(roles, { mfaRequired, now });
  const { store } = world;
  const openSecret = (sealed: Uint8Array, context: string): string => open(sealed, context);
  const sealing = { seal: world.deps.seal, openSecret };
  const people = createPeople({ store: store.people, ...sealing });
  const browserSessions = createBrowserSessions({
    store: store.browserSessions,
    random: world.deps.random,
    ...sealing,
    idleMs: 3_600_000,
    absoluteMs: 43_200_000,
  });
  const bugs: unknown[] = [];
  const tellApplications = (): Promise<void> => Promise.resolve();
  const deps = { ...world.deps, ...sealing, browserSessions, people, render, tellApplications };
  const surface = {
    now,
    region: 'eu-central-1',
    secureTransport: false,
    trustedProxies: createProxyList([]),
    publicUrl: '',
    mfaRequired,
    mfaIssuerName: 'Example',
    errorReference: 'element' as const,
    onAnswer: () => undefined,
    onBug: (error: unknown) => void bugs.push(error),
  };
  const router = new Router();
  const server = createServer(createApp(router));
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${portOf(server.address())}`;
  const placed = { ...surface, publicUrl: url };
  mountPortal(
    router,
    () => placed,
    () => deps,
  );
  mountSts(
    router,
    () => placed,
    () => ({ ...deps, ...noProofs }),
  );
  return {
    url,
    world,
    people,
    bugs,
    signIn: async (about = {}, mfa?: MfaProof) => {
      const signIn = { identity: makeIdentity(), profile: {}, notices: [], ...about };
      const opened = await browserSessions.start(signIn, factsAt(now()));
      const proved = mfa && (await browserSessions.stepUp(opened.session, mfa));
      return `rolebridge-session=${(proved ?? opened).secret}`;
    },
    close: async () => {
      await new Promise((resolve) => {
        server.close(resolve);
        server.closeAllConnections();
      });
      await store.close();
    },
  };
}

const unused = (): never => {
  throw new Error('not part of these tests');
};
const noProofs = {
  verifyTotp: unused,
  verifyWebIdentity: unused,
  verifySaml: unused,
  signer: { sign: unused },
  issuer: '',
  hashProof: unused,
  decodeMessage: unused,
};

function createApp(router: Router): RequestListener {
  const app = new Koa();
  app.use(router.routes()).use(router.allowedMethods());
  const handle = app.callback();
  return (request, response) => void handle(request, response);
}

function portOf(address: string | AddressInfo | null): number {
  if (typeof address === 'object' && address !== null) return address.port;
  throw new Error('the server listens nowhere');
}

function open(sealed: Uint8Array, context: string): string {
  const parsed: unknown = JSON.parse(Buffer.from(sealed).toString());
  if (Array.isArray(parsed) && parsed[0] === context && typeof parsed[1] === 'string') return parsed[1];
  throw new Error('sealed for something else');
}

function factsAt(timeMs: number): RequestFacts {
  return {
    requestId: '11111111-2222-4333-8444-555555555555',
    timeMs,
    sourceIp: '127.0.0.1',
    userAgent: 'test',
    region: 'eu-central-1',
    secureTransport: false,
  };
}
