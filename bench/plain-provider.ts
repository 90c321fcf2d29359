import { generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';
import Provider from 'oidc-provider';
import { CLIENT, SCOPE, SERVICES } from './application-scenario.ts';

// What grants are compared with: oidc-provider with its own storage in memory, and of its options only those that change how
// much it has to do. `GET /chains` gives refresh tokens of as many people as there are connections.

const CHAINS = 16;
const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const server = createServer();
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no address');
  const issuer = `http://127.0.0.1:${address.port}`;
  const provider = createProvider(issuer);
  const answer = provider.callback();
  server.on('request', (request, response) => {
    if (request.url === '/chains')
      void Promise.all(Array.from({ length: CHAINS }, (_, index) => createChain(provider, index))).then(
        (tokens) => response.end(JSON.stringify(tokens)),
      );
    else void answer(request, response);
  });
  process.stderr.write(`${issuer}\n`);
});
process.once('SIGTERM', () => {
  process.exit();
});

function createProvider(issuer: string): Provider {
  return new Provider(issuer, {
    jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), alg: 'RS256', use: 'sig', kid: 'plain' }] },
    clients: [
      {
        client_id: CLIENT.id,
        client_secret: CLIENT.secret,
        grant_types: ['authorization_code', 'refresh_token', 'client_credentials'],
        redirect_uris: ['https://shop.acme.example/callback'],
      },
    ],
    routes: { token: '/oidc/token' },
    scopes: ['openid', 'offline_access'],
    rotateRefreshToken: true,
    expiresWithSession: () => true,
    findAccount: (_ctx, sub) => ({ accountId: sub, claims: () => ({ sub }) }),
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        useGrantedResource: () => true,
        getResourceServerInfo: (_ctx, audience) => ({
          audience,
          scope: SCOPE,
          accessTokenTTL: 600,
          accessTokenFormat: 'jwt',
          jwt: { sign: { alg: 'RS256' } },
        }),
      },
    },
    ttl: { AccessToken: 600, ClientCredentials: 600, IdToken: 600, RefreshToken: 1_209_600, Session: 43_200 },
  });
}

/** A session, what its person granted, and a refresh token that ends with it. */
async function createChain(provider: Provider, index: number): Promise<string> {
  const accountId = `person-${index}`;
  const client = await provider.Client.find(CLIENT.id);
  if (client === undefined) throw new Error('no client');
  const grant = new provider.Grant({ accountId, clientId: CLIENT.id });
  grant.addOIDCScope('openid');
  grant.addResourceScope(SERVICES.RS256, SCOPE);
  const grantId = await grant.save();
  const session = new provider.Session();
  session.loginAccount({ accountId, loginTs: Math.floor(Date.now() / 1000) });
  session.ensureClientContainer(CLIENT.id);
  session.grantIdFor(CLIENT.id, grantId);
  await session.save(43_200);
  const token = new provider.RefreshToken({
    ...{ accountId, client, grantId, scope: `openid ${SCOPE}`, resource: SERVICES.RS256 },
    ...{ gty: 'authorization_code', sessionUid: session.uid, expiresWithSession: true },
    ...{ sid: session.sidFor(CLIENT.id), authTime: session.loginTs },
  });
  return token.save();
}
