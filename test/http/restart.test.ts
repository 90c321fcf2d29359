import { readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { startBridgeProcess } from '../support/bridge.ts';
import { createTestIdp, metadataXml } from '../support/saml/identity-provider.ts';
import { callSts, credentialsIn, userKeys } from '../support/world-bridge.ts';
import { worldConfig, worldEnv, worldSamlIssuer } from '../support/world.ts';

const configuration = z.looseObject({ roles: z.array(z.looseObject({ name: z.string() })) });
const place = {
  samlMetadataFile: 'corp.xml',
  jwksFile: 'jwks.json',
  storePath: 'state.db',
  masterKeyFile: 'master.key',
  port: 0,
  managementPort: 0,
};
const KEY = {
  kty: 'EC',
  crv: 'P-256',
  x: 'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU',
  y: 'x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0',
};

test('a role that leaves the configuration over a restart takes its sessions along, also when it comes back', async () => {
  const bridge = await startBridgeProcess({
    config: worldConfig(place),
    env: worldEnv,
    files: {
      'corp.xml': metadataXml(createTestIdp(worldSamlIssuer)),
      'jwks.json': JSON.stringify({ keys: [{ ...KEY, kid: 'k2', alg: 'ES256', use: 'sig' }] }),
    },
  });
  try {
    const assume = (role: string) => {
      const RoleArn = `arn:aws:iam::111122223333:role/${role}`;
      return callSts(bridge, { Action: 'AssumeRole', RoleArn, RoleSessionName: 's1' }, userKeys('alice'));
    };
    const [gone, kept] = [credentialsIn(await assume('long')), credentialsIn(await assume('dev'))];
    const whole = readFileSync(bridge.configPath, 'utf8');
    const { roles, ...rest } = configuration.parse(JSON.parse(whole));
    for (const text of [
      JSON.stringify({ ...rest, roles: roles.filter(({ name }) => name !== 'long') }),
      whole,
    ]) {
      await bridge.end('SIGTERM');
      writeFileSync(bridge.configPath, text);
      await bridge.restart();
    }
    const who = { Action: 'GetCallerIdentity' };
    expect((await callSts(bridge, who, gone)).text('Code')).toBe('InvalidClientTokenId');
    expect((await callSts(bridge, who, kept)).status).toBe(200);
  } finally {
    await bridge.stop();
  }
});
