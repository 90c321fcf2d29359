import { hash, timingSafeEqual } from 'node:crypto';
import type { Application } from '../../domain/application/application.ts';
import type { Directory } from '../../domain/role/directory.ts';
import { TOKEN_EXCHANGE } from '../../protocols/oauth/parse-exchange.ts';

/** A request to the token endpoint, as far as it says who its client is. */
export type ExchangeCall = {
  /** Of which each parameter that is no target is there once. */
  readonly form: URLSearchParams;
  /** A header's value; empty where it is not there. */
  readonly header: (name: string) => string;
  /** The application that its platform's token has proved. */
  readonly workload: Application | undefined;
};

/** With any of them the request is the library's: for scripts of pages, bound to a key, or proved in two ways. */
const UNCOMMON_HEADERS = ['origin', 'dpop', 'oauth-client-attestation', 'oauth-client-attestation-pop'];
const UNCOMMON_PARAMETERS = ['authorization_details'];

/**
 * The application that plainly proves itself and may exchange: it gets its answer without the library, which would do the same
 * for half of what the whole exchange costs. `undefined` wherever anything is unusual or wrong: the library looks at it, and
 * every refusal of a client stays in the one place.
 *
 * @see RFC 6749 2.3.1
 */
export function exchangingClient(
  call: ExchangeCall,
  directory: Pick<Directory, 'application'>,
): Application | undefined {
  const { form, header } = call;
  if (form.get('grant_type') !== TOKEN_EXCHANGE) return undefined;
  if (UNCOMMON_HEADERS.some((name) => header(name) !== '')) return undefined;
  if (UNCOMMON_PARAMETERS.some((name) => form.has(name))) return undefined;
  const client = call.workload === undefined ? clientBySecret(call, directory) : clientByPlatform(call);
  return client?.grants.includes('token_exchange') === true ? client : undefined;
}

// The form's part was checked where the platform's token was; a password beside it would be a second proof.
function clientByPlatform({ header, workload }: ExchangeCall): Application | undefined {
  return header('authorization') === '' ? workload : undefined;
}

type Pair = { readonly clientId: string; readonly secret: string };

function clientBySecret(
  { form, header }: ExchangeCall,
  directory: Pick<Directory, 'application'>,
): Application | undefined {
  const pair = basicPair(header('authorization'));
  const hasOther = ['client_secret', 'client_assertion', 'client_assertion_type'].some((name) =>
    form.has(name),
  );
  if (pair === undefined || hasOther) return undefined;
  if ((form.get('client_id') ?? pair.clientId) !== pair.clientId) return undefined;
  const client = directory.application(pair.clientId);
  return client !== undefined && isSecretOf(client, pair.secret) ? client : undefined;
}

function basicPair(authorization: string): Pair | undefined {
  const [, encoded = ''] = /^Basic ([A-Za-z\d+/]+={0,2})$/i.exec(authorization) ?? [];
  const [, clientId = '', secret = ''] =
    /^([^:]+):(.+)$/.exec(Buffer.from(encoded, 'base64').toString()) ?? [];
  return clientId === '' ? undefined : decodedPair({ clientId, secret });
}

// Both are form-encoded before they are put together, so that either may have a colon in it (RFC 6749 2.3.1).
function decodedPair({ clientId, secret }: Pair): Pair | undefined {
  try {
    const decode = (text: string): string => decodeURIComponent(text.replaceAll('+', '%20'));
    return { clientId: decode(clientId), secret: decode(secret) };
  } catch {
    return undefined;
  }
}

/** Takes as long for every wrong text, whatever its length. */
function isSecretOf({ authentication }: Application, secret: string): boolean {
  if (authentication.kind !== 'secret' || authentication.method !== 'basic') return false;
  const [known, shown] = [authentication.secret.reveal(), secret].map((text) =>
    hash('sha256', text, 'buffer'),
  );
  return known !== undefined && shown !== undefined && timingSafeEqual(known, shown);
}
