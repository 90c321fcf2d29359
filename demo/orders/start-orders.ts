import { createRemoteJWKSet, errors, jwtVerify, type JWTPayload } from 'jose';
import { json, refusal, type Answer, type Asked } from '../answer.ts';
import { startLocalServer, type LocalServer } from '../local-server.ts';

export type OrdersOptions = {
  readonly port: number;
  /** The bridge, as `iss` names it. */
  readonly issuer: string;
};

/** As the service is called in `services` of config/demo.yaml. */
export const ORDERS_AUDIENCE = 'https://orders.acme.example';

const ORDERS = [
  { id: 'A-1001', item: '12 lamps' },
  { id: 'A-1002', item: '3 ladders' },
];

const KEYS_MISSING: ReadonlySet<string> = new Set([errors.JWKSTimeout.code, errors.JOSEError.code]);

/** What a request needs, by method and path. */
const SCOPES: Readonly<Record<string, string>> = {
  'GET /orders': 'orders.read',
  'POST /orders': 'orders.write',
};

/**
 * Starts the example service: it knows nobody, keeps no passwords and asks nobody at a request. Whoever brings an access token
 * of the bridge for it may do what the token's scopes say.
 *
 * @see RFC 9068 4 for what it checks
 */
export function startOrders({ port, issuer }: OrdersOptions): Promise<LocalServer> {
  // Fetched at the first token, and again for a key that is new.
  const keys = createRemoteJWKSet(new URL(`${issuer}/oidc/jwks`));
  const verify = async (token: string): Promise<JWTPayload> => {
    // Each of these is a hole where it is left out: an ID token, a token for another service, one of another bridge.
    const rules = { issuer, audience: ORDERS_AUDIENCE, typ: 'at+jwt', algorithms: ['RS256'] };
    return (await jwtVerify(token, keys, rules)).payload;
  };
  return startLocalServer(port, () => (asked) => answer(asked, verify));
}

async function answer(
  { method, path, authorization }: Asked,
  verify: (token: string) => Promise<JWTPayload>,
): Promise<Answer> {
  const scope = SCOPES[`${method} ${path}`];
  if (scope === undefined) return refusal(404, 'there is GET /orders and POST /orders');
  const [, token] = /^Bearer ([\w.~+/-]{1,20000}=*)$/i.exec(authorization) ?? [];
  if (token === undefined) return challenge(401, '');
  try {
    const claims = await verify(token);
    if (!scopesOf(claims).includes(scope))
      return challenge(403, `error="insufficient_scope", scope="${scope}"`);
    return json(
      method === 'GET'
        ? { orders: ORDERS, asked: askedBy(claims) }
        : { placed: 'A-1003', asked: askedBy(claims) },
    );
  } catch (error) {
    // Where the keys cannot be had, the token is not at fault: whoever brought it may try again.
    const isOfToken = error instanceof errors.JOSEError && !KEYS_MISSING.has(error.code);
    return isOfToken ? challenge(401, 'error="invalid_token"') : refusal(503, 'the keys cannot be had');
  }
}

function scopesOf({ scope }: JWTPayload): readonly string[] {
  return typeof scope === 'string' ? scope.split(' ') : [];
}

/** What of the token says who asked, and by what: `sub` is the same at every application of the bridge. */
function askedBy({ sub, email, repository, client_id: by, scope }: JWTPayload): object {
  return { sub, email, repository, by, scope };
}

/** RFC 6750 3. */
function challenge(status: number, details: string): Answer {
  const value = ['Bearer realm="orders"', details].filter((part) => part !== '').join(', ');
  return json({ error: status === 403 ? 'insufficient_scope' : 'unauthorized' }, status, {
    'www-authenticate': value,
  });
}
