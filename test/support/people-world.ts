import { Secret, TOTP } from 'otpauth';
import { createBrowser, formTokenAt, unescapeHtml, type Browser } from './saml-browser.ts';
import { authenticate, beginOidc, startSignInWorld, type SignInWorld } from './sign-in-world.ts';

const ACCOUNT = '111122223333';
/** What browsers call us: passkeys need a host name. */
export const PEOPLE_ORIGIN = 'http://localhost:8080';
export const SESSION_COOKIE = 'rolebridge-session';

/** Anybody of the provider may have `reader`, `admin` wants a second factor, and `closed` is Carol's. */
export const ROLES = {
  reader: `arn:aws:iam::${ACCOUNT}:role/reader`,
  admin: `arn:aws:iam::${ACCOUNT}:role/admin`,
  closed: `arn:aws:iam::${ACCOUNT}:role/closed`,
} as const;

/** Enough for a test to have somebody without factors, whose codes nobody has guessed yet. */
const PEOPLE = ['alice-1', 'bob-2', ...Array.from({ length: 60 }, (_, index) => `newcomer-${index}`)].map(
  (sub) => ({
    sub,
    name: `Person ${sub}`,
    email: `${sub}@acme.example`,
    groups: ['developers'],
  }),
);

export type PeopleWorld = SignInWorld & {
  /** The roles of the configuration; `reconfigure` takes what is left of them. */
  readonly roles: readonly object[];
  /** Signs somebody in with a browser of their own. */
  readonly enter: (subject?: string, browser?: Browser) => Promise<Browser>;
  /** The subject of somebody who was never here. */
  readonly newcomer: () => string;
};

/** Where people sign in, have factors and open roles, whole and on a socket. */
export async function startPeopleWorld(extra: object = {}): Promise<PeopleWorld> {
  const world = await startSignInWorld({
    idp: { people: PEOPLE },
    extra: { publicUrl: PEOPLE_ORIGIN, ...extra },
  });
  const key = world.providerArn.slice(world.providerArn.indexOf('/') + 1);
  const trusting = (name: string, condition: object): object => ({
    name,
    account: ACCOUNT,
    description: `<script>alert("${name}")</script>`,
    trustPolicy: {
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Allow',
          Principal: { Federated: world.providerArn },
          Action: 'sts:AssumeRoleWithWebIdentity',
          Condition: condition,
        },
      ],
    },
  });
  const aud = { [`${key}:aud`]: world.idp.clientId };
  const roles = [
    trusting('reader', { StringEquals: aud }),
    trusting('admin', { StringEquals: aud, Bool: { 'aws:MultiFactorAuthPresent': 'true' } }),
    trusting('closed', { StringEquals: { ...aud, [`${key}:sub`]: 'carol-3' } }),
  ];
  await world.world.reconfigure({ extra: { roles } });
  const enter: PeopleWorld['enter'] = async (
    subject = 'alice-1',
    browser = createBrowser(world.world.url),
  ) => {
    world.idp.configure({ signInAs: subject });
    const answer = await browser.get(await authenticate(await beginOidc(browser)));
    if (answer.status !== 303) throw new Error(await answer.text());
    return browser;
  };
  let newcomers = 0;
  const newcomer = (): string => `newcomer-${newcomers++}`;
  return { ...world, roles, enter, newcomer };
}

export function rolePath(arn: string): string {
  return `/roles/${encodeURIComponent(arn)}`;
}

/** Posts a form of the page at `path`, with its token. */
export async function submit(
  browser: Browser,
  [page, action = page]: readonly [page: string, action?: string],
  fields: Readonly<Record<string, string>> = {},
): Promise<Response> {
  const form_token = await formTokenAt(browser, page);
  return browser.post(action, { form_token, ...fields });
}

/** An app that somebody enrolled, and the recovery codes that came with it, if it was the first. */
export type EnrolledApp = { readonly secret: string; readonly codes: readonly string[] };

/** Enrols an authenticator app. */
export async function enrolApp(browser: Browser, name = 'Phone'): Promise<EnrolledApp> {
  const html = await (await browser.get('/mfa/add/totp')).text();
  const [, secret = ''] = /secret=([A-Z2-7]{32})/.exec(html) ?? [];
  const answer = await submit(browser, ['/mfa/add/totp'], { code: codeAt(secret), name });
  const shown = answer.status === 200 ? await answer.text() : '';
  if (answer.status !== 200 && answer.status !== 303) throw new Error(await answer.text());
  const codes = shown.match(/\b[A-Z2-7]{4}(?:-[A-Z2-7]{4}){3}\b/g) ?? [];
  return { secret, codes: [...new Set(codes)] };
}

/** The code of an app, now or some steps of its clock away. */
export function codeAt(secret: string, steps = 0): string {
  const app = new TOTP({ secret: Secret.fromBase32(secret) });
  return app.generate({ timestamp: Date.now() + steps * 30_000 });
}

/** A code that an app shows at none of the times around now. */
export function wrongCodeAt(secret: string): string {
  const right = [-2, -1, 0, 1, 2].map((steps) => codeAt(secret, steps));
  return (
    ['111111', '222222', '333333', '444444', '555555', '666666'].find((code) => !right.includes(code)) ?? ''
  );
}

/** What a page hands to an authenticator. */
export function passkeyOptionsIn(html: string): string {
  const [, options = ''] = /data-options="([^"]*)"/.exec(html) ?? [];
  return unescapeHtml(options);
}
