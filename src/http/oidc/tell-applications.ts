import { createUuid } from '../../domain/credentials/uuid.ts';
import type { Random } from '../../domain/credentials/credentials.ts';
import { publicSubjectOf } from '../../domain/identity/person.ts';
import type { Directory } from '../../domain/role/directory.ts';
import type { BrowserSession } from '../../domain/session/browser-session.ts';
import type { TokenSigner } from '../../domain/token/token-signer.ts';
import { createOauthRecords, type OauthRecordsDeps } from './oauth-records.ts';
import type { OutboundRequest } from './outbound-request.ts';

/** How long a sign-out waits for applications to be told. */
const NOTICE_MS = 3000;
const TOKEN_SECONDS = 120;

/** Tells applications that sign-ins end. Never fails, and never waits long. */
export type TellApplications = (sessions: readonly BrowserSession[]) => Promise<void>;

export type TellDeps = Omit<OauthRecordsDeps, 'onUnreadable'> & {
  readonly directory: Pick<Directory, 'application'>;
  readonly signer: Pick<TokenSigner, 'sign'>;
  readonly issuer: string;
  readonly random: Random;
  readonly request: OutboundRequest;
  /** Told how each application took it. */
  readonly onTold: (clientId: string, failure: unknown) => void;
};

/** Sends logout tokens to the applications of sign-ins. @see OpenID Connect Back-Channel Logout 2.5 */
export function createTellApplications(deps: TellDeps): TellApplications {
  const records = createOauthRecords({ ...deps, onUnreadable: () => undefined });
  const tellAllOf = async (session: BrowserSession): Promise<void> => {
    const { authorizations } = (await records.find('Session', session.signInId)) ?? {};
    await records.remove('Session', session.signInId);
    await Promise.all(Object.keys(authorizations ?? {}).map((clientId) => tell(clientId, session, deps)));
  };
  return async (sessions) => {
    const telling = Promise.allSettled(sessions.map(tellAllOf));
    const { promise: late, resolve } = Promise.withResolvers<undefined>();
    const timer = setTimeout(resolve, NOTICE_MS, undefined);
    await Promise.race([telling, late]);
    clearTimeout(timer);
  };
}

async function tell(clientId: string, session: BrowserSession, deps: TellDeps): Promise<void> {
  const url = deps.directory.application(clientId)?.backchannelLogoutUri;
  if (url === undefined) return;
  try {
    const body = new URLSearchParams({ logout_token: await logoutToken(clientId, session, deps) }).toString();
    const headers = {
      'content-type': 'application/x-www-form-urlencoded',
      'content-length': String(Buffer.byteLength(body)),
    };
    const { status } = await deps.request(url, { method: 'POST', headers, body });
    deps.onTold(clientId, status === 200 || status === 204 ? undefined : new Error(`answered ${status}`));
  } catch (error) {
    deps.onTold(clientId, error);
  }
}

function logoutToken(
  clientId: string,
  { signIn, signInId }: BrowserSession,
  { directory, signer, issuer, random, now }: TellDeps,
): Promise<string> {
  const iat = Math.floor(now() / 1000);
  const claims = {
    iss: issuer,
    sub: publicSubjectOf(signIn.identity),
    aud: clientId,
    iat,
    exp: iat + TOKEN_SECONDS,
    jti: createUuid(random),
    sid: signInId,
    events: { 'http://schemas.openid.net/event/backchannel-logout': {} },
  };
  const algorithm = directory.application(clientId)?.idTokenAlgorithm ?? 'RS256';
  return signer.sign(claims, { algorithm, type: 'logout+jwt' });
}
