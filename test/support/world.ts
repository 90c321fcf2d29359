import { readFileSync } from 'node:fs';
import { z } from 'zod';

// The world in which the STS cases play, as a configuration of ours.
const identity = z.array(z.record(z.string(), z.unknown()));
const world = z
  .object({
    world: z.object({
      accounts: z.record(z.string(), z.string()),
      users: z.record(
        z.string(),
        z.object({
          arn: z.string(),
          identity: identity.default([]),
          mfa: z.string().optional(),
          accessKeyStatus: z.string().optional(),
        }),
      ),
      roles: z.record(
        z.string(),
        z.object({
          maxSessionDuration: z.number(),
          trust: z.record(z.string(), z.string()),
          actions: z.array(z.string()),
          condition: z.record(z.string(), z.unknown()).optional(),
          identity: z.string().optional(),
        }),
      ),
      oidcProviders: z.record(z.string(), z.object({ clientIds: z.array(z.string()) })),
      samlProviders: z.record(z.string(), z.object({ issuer: z.string() })),
    }),
  })
  .parse(JSON.parse(readFileSync(new URL('../cases/world.json', import.meta.url), 'utf8'))).world;

type WorldUser = (typeof world.users)[string];
type WorldRole = (typeof world.roles)[string];

const MAIN = '111122223333';

function variableOf(user: string): string {
  return `${user.toUpperCase()}_SECRET`;
}

/** The long-lived key of each user of the world. */
export const worldAccessKeys: Readonly<Record<string, { readonly id: string; readonly secret: string }>> =
  Object.fromEntries(
    Object.keys(world.users).map((name) => [
      name,
      { id: `AKIA${name.toUpperCase().padEnd(16, 'X')}`, secret: `${name}/`.padEnd(40, 'secret+') },
    ]),
  );

/** The TOTP seed of alice's MFA device, base32. */
export const worldTotpSecret = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ';

/** The SAML identity provider that the world trusts under the name corp. */
export const worldSamlIssuer = world.samlProviders['corp']?.issuer ?? '';

/** The environment that {@link worldConfig} refers to. */
export const worldEnv: Readonly<Record<string, string>> = {
  ALICE_TOTP: worldTotpSecret,
  ...Object.fromEntries(
    Object.entries(worldAccessKeys).map(([name, { secret }]) => [variableOf(name), secret]),
  ),
};

/** A configuration file with the accounts, users, roles and provider of `test/cases/world.json`. */
export function worldConfig(place: {
  readonly jwksFile: string;
  /** Metadata of {@link worldSamlIssuer}. */
  readonly samlMetadataFile: string;
  readonly storePath: string;
  readonly masterKeyFile: string;
  readonly port: number;
  readonly managementPort: number;
}): string {
  return JSON.stringify({
    publicUrl: `http://127.0.0.1:${place.port}`,
    listen: { host: '127.0.0.1', port: place.port },
    management: { host: '127.0.0.1', port: place.managementPort },
    store: { sqlite: { path: place.storePath } },
    masterKey: { file: place.masterKeyFile },
    accounts: Object.entries(world.accounts).map(([id, alias]) => ({ id, alias })),
    oidcProviders: Object.entries(world.oidcProviders).map(([issuer, { clientIds }]) => ({
      name: new URL(issuer).hostname,
      account: MAIN,
      issuer,
      audiences: clientIds,
      clockSkew: '5m',
      jwks: { file: place.jwksFile },
    })),
    samlProviders: Object.keys(world.samlProviders).map((name) => ({
      name,
      account: MAIN,
      metadata: { file: place.samlMetadataFile },
    })),
    users: Object.entries(world.users).map(userEntry),
    roles: Object.entries(world.roles).map(roleEntry),
  });
}

function userEntry([name, { arn, identity: documents, mfa, accessKeyStatus = 'Active' }]: [
  string,
  WorldUser,
]) {
  const { id } = worldAccessKeys[name] ?? { id: '' };
  return {
    name,
    account: arn.split(':')[4],
    root: arn.endsWith(':root'),
    accessKeys: [{ id, secret: { env: variableOf(name) }, status: accessKeyStatus }],
    mfaDevices: mfa === undefined ? [] : [{ serial: mfa, totpSecret: { env: `${name.toUpperCase()}_TOTP` } }],
    inlinePolicies: Object.fromEntries(documents.map((document, index) => [`policy-${index}`, document])),
  };
}

function roleEntry([key, { maxSessionDuration, trust, actions, condition, identity: granted }]: [
  string,
  WorldRole,
]) {
  const slash = key.lastIndexOf('/');
  const statement = { Effect: 'Allow', Principal: trust, Action: actions };
  return {
    name: key.slice(slash + 1),
    path: slash === -1 ? '/' : `/${key.slice(0, slash)}/`,
    account: MAIN,
    maxSessionDuration: `${maxSessionDuration}s`,
    trustPolicy: document(condition === undefined ? statement : { ...statement, Condition: condition }),
    inlinePolicies: granted === undefined ? {} : { granted: document(parseGrant(granted)) },
  };
}

// The case file tells the one grant in words: "sts:AssumeRole and sts:TagSession on *".
function parseGrant(text: string) {
  const [actions = '', resource = ''] = text.split(' on ');
  return { Effect: 'Allow', Action: actions.split(' and '), Resource: resource };
}

function document(statement: object) {
  return { Version: '2012-10-17', Statement: [statement] };
}
