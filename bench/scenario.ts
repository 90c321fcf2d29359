import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AUDIENCE, ISSUER, type TokenIssuer } from './github-tokens.ts';

export const ACCOUNT = '123456789012';
const HOST = ISSUER.slice('https://'.length);
export const PROVIDER_ARN = `arn:aws:iam::${ACCOUNT}:oidc-provider/${HOST}`;
export const ROLE_ARN = `arn:aws:iam::${ACCOUNT}:role/ci/deploy-service`;

/** The statement that a GitHub job's role has: owner pinned, audience and subject named. */
export function githubStatement(subject = 'repo:acme/*:ref:refs/heads/main'): object {
  return {
    Effect: 'Allow',
    Principal: { Federated: PROVIDER_ARN },
    Action: 'sts:AssumeRoleWithWebIdentity',
    Condition: {
      StringEquals: { [`${HOST}:aud`]: AUDIENCE, [`${HOST}:repository_owner_id`]: '9919123' },
      StringLike: { [`${HOST}:sub`]: subject },
    },
  };
}

/** Writes a configuration with one role that the issuer's tokens open; returns its path. */
export function writeConfiguration(
  folder: string,
  { issuer, store }: { readonly issuer: TokenIssuer; readonly store: object },
): string {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'jwks.json'), JSON.stringify(issuer.jwks));
  const path = join(folder, 'config.json');
  const trustPolicy = { Version: '2012-10-17', Statement: [githubStatement()] };
  const config = {
    publicUrl: 'http://127.0.0.1:8080',
    listen: { host: '127.0.0.1', port: 0 },
    management: { host: '127.0.0.1', port: 0 },
    logLevel: 'silent',
    store,
    masterKey: { file: join(folder, 'master.key') },
    accounts: [{ id: ACCOUNT }],
    oidcProviders: [
      {
        name: 'github',
        account: ACCOUNT,
        issuer: ISSUER,
        audiences: [AUDIENCE],
        jwks: { file: join(folder, 'jwks.json') },
      },
    ],
    roles: [{ name: 'deploy-service', path: '/ci/', account: ACCOUNT, trustPolicy }],
  };
  writeFileSync(path, JSON.stringify(config));
  return path;
}
