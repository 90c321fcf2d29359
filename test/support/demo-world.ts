import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { dashboardClient } from '../../demo/dashboard/dashboard-client.ts';
import { demoClient } from '../../demo/demo-client.ts';
import { startIssuer } from '../../demo/issuer.ts';
import { clientEnvironment } from './foreign-client.ts';
import { startBridgeProcess, type BridgeProcess } from './bridge.ts';

const DEMO_CONFIG = join(import.meta.dirname, '../../config/demo.yaml');
const ACCOUNT = '123456789012';

/** The long-lived keys of the user ci, which may assume the role tagged. */
export const ciKeys = {
  accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
};

/** The demo's configuration with its issuers, as processes that foreign clients may talk to. */
export type DemoWorld = {
  readonly bridge: BridgeProcess;
  readonly issuerUrl: string;
  /** Mints a token: `github/token?repository=acme/app`. */
  readonly mint: (query: string) => Promise<string>;
  /** The environment of a client: endpoint (perhaps with a path), role, a token in a file, and a region. */
  readonly environment: (role: string, query: string, path?: string) => Promise<NodeJS.ProcessEnv>;
  /** How many STS requests were answered so far: retries show here. */
  readonly answered: () => Promise<number>;
  readonly stop: () => Promise<void>;
};

/** @param extra members of the configuration that take the place of the demo's */
export async function startDemoWorld(extra: object = {}): Promise<DemoWorld> {
  const issuer = await startIssuer({ port: 0 });
  const folder = mkdtempSync(join(tmpdir(), 'rolebridge-demo-'));
  const text = readFileSync(DEMO_CONFIG, 'utf8').replaceAll('127.0.0.1:9400', new URL(issuer.url).host);
  const demo = z.looseObject({ roles: z.array(z.unknown()) }).parse(parse(text));
  const config = { ...demo, roles: [...demo.roles, taggedRole], users: [ciUser], ...extra };
  const bridge = await startBridgeProcess({
    config: JSON.stringify(config),
    env: { CI_SECRET: ciKeys.secretAccessKey },
    files: { 'demo-client-secret': demoClient.secret, 'demo-dashboard-secret': dashboardClient.secret },
  });
  const mint = async (query: string): Promise<string> => (await fetch(`${issuer.url}/${query}`)).text();
  return {
    bridge,
    issuerUrl: issuer.url,
    mint,
    environment: async (role, query, path = '') => {
      const home = mkdtempSync(join(folder, 'home-'));
      const file = join(home, 'token');
      writeFileSync(file, await mint(query));
      const settings = {
        AWS_ENDPOINT_URL_STS: bridge.url + path,
        AWS_ROLE_ARN: `arn:aws:iam::${ACCOUNT}:role/${role}`,
        AWS_WEB_IDENTITY_TOKEN_FILE: file,
        AWS_REGION: 'us-east-1',
        AWS_DEFAULT_REGION: 'us-east-1',
      };
      return clientEnvironment(settings, home);
    },
    answered: () => countAnswers(bridge.managementUrl),
    stop: async () => {
      await bridge.stop();
      await issuer.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

// What configure-aws-credentials needs where it is given keys: it puts tags on the session.
const ciUser = {
  name: 'ci',
  account: ACCOUNT,
  accessKeys: [{ id: ciKeys.accessKeyId, secret: { env: 'CI_SECRET' } }],
};
const taggedRole = {
  name: 'tagged',
  account: ACCOUNT,
  trustPolicy: {
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Principal: { AWS: `arn:aws:iam::${ACCOUNT}:user/ci` },
        Action: ['sts:AssumeRole', 'sts:TagSession'],
        Condition: { StringEquals: { 'aws:RequestTag/Repository': 'acme/app' } },
      },
    ],
  },
};

async function countAnswers(managementUrl: string): Promise<number> {
  const metrics = await (await fetch(`${managementUrl}/metrics`)).text();
  const counts = metrics.matchAll(/^rolebridge_sts_requests_total\{.*\} (\d+)$/gm);
  return [...counts].reduce((sum, [, count]) => sum + Number(count), 0);
}
