import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exportJWK, generateKeyPair, SignJWT, UnsecuredJWT, type CryptoKey, type JWK } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { announceMissing, clientEnvironment, requireProgram, runClient } from '../support/foreign-client.ts';

const ROOT = join(import.meta.dirname, '../..');
const PAGE = readFileSync(join(ROOT, 'docs/recipes/resource-servers.md'), 'utf8');
const ISSUER = 'https://sts.acme.example';
const AUDIENCE = 'https://orders.acme.example';
const SCOPE = 'orders.read';

/** Runs the snippet over stdin's `[[authorization, scope], …]` and prints `[{ sub } | { status }, …]`. */
const HARNESSES = {
  node: `import { verifyAccessToken } from './verify-access-token.mjs';
    let input = '';
    for await (const part of process.stdin) input += part;
    const outcomes = [];
    for (const [authorization, scope] of JSON.parse(input))
      outcomes.push(await verifyAccessToken(authorization, scope).then(({ sub }) => ({ sub }), ({ status }) => ({ status })));
    console.log(JSON.stringify(outcomes));`,
  python: `import json, sys
from verify_access_token import Refused, verify_access_token
def outcome(authorization, scope):
    try:
        return {"sub": verify_access_token(authorization, scope)["sub"]}
    except Refused as refused:
        return {"status": refused.status}
print(json.dumps([outcome(*call) for call in json.load(sys.stdin)]))`,
  go: `package main
import ("context"; "encoding/json"; "os"; "check/orders")
func main() {
	var calls [][2]string
	if err := json.NewDecoder(os.Stdin).Decode(&calls); err != nil { panic(err) }
	verifier := orders.NewVerifier(context.Background())
	outcomes := []map[string]any{}
	for _, call := range calls {
		claims, err := verifier.AccessToken(context.Background(), call[0], call[1])
		if err != nil { outcomes = append(outcomes, map[string]any{"status": 0}) } else { outcomes = append(outcomes, map[string]any{"sub": claims.Subject}) }
	}
	json.NewEncoder(os.Stdout).Encode(outcomes)
}`,
} as const;

/** What the Go snippet was written with. */
const GO_MODULE = `module check
go 1.24
require (
	github.com/coreos/go-oidc/v3 v3.21.0
	github.com/go-jose/go-jose/v4 v4.1.8
)
`;

const outcomes = z.array(z.union([z.object({ sub: z.string() }), z.object({ status: z.number() })]));
type Outcome = z.infer<typeof outcomes>[number];
type Call = readonly [authorization: string, scope: string];

let folder: string;
let server: Server;
let url: string;
let isReachable = true;
let key: CryptoKey;
let stranger: CryptoKey;
let pss: CryptoKey;
let publicKeys: readonly JWK[] = [];

beforeAll(async () => {
  // Below the project, where the snippet's own import finds the library.
  folder = mkdtempSync(join(ROOT, 'node_modules/.resource-server-'));
  const [own, other, mixed] = await Promise.all([pair('RS256'), pair('RS256'), pair('PS256')]);
  [key, stranger, pss] = [own.privateKey, other.privateKey, mixed.privateKey];
  publicKeys = [
    { ...(await exportJWK(own.publicKey)), kid: 'k1', alg: 'RS256', use: 'sig' },
    { ...(await exportJWK(mixed.publicKey)), kid: 'k2', use: 'sig' },
  ];
  server = createServer(({ url: path }, response) => {
    response.statusCode = isReachable && path === '/oidc/jwks' ? 200 : 503;
    response.end(JSON.stringify({ keys: publicKeys }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  url = `http://127.0.0.1:${typeof address === 'object' ? (address?.port ?? 0) : 0}`;
});
afterAll(() => {
  server.close();
  rmSync(folder, { recursive: true, force: true });
});

function pair(algorithm: string) {
  return generateKeyPair(algorithm, { extractable: true });
}

/** The fenced block of the page with this language and name. */
function snippetOf(info: string): string {
  const [, text] = new RegExp(`\n\`\`\`${info}\n([\\s\\S]*?)\n\`\`\`\n`).exec(PAGE) ?? [];
  if (text === undefined) throw new Error(`no snippet ${info}`);
  return text;
}

type Change = {
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly header?: Readonly<Record<string, unknown>>;
  readonly signWith?: CryptoKey;
};

/** An access token as the bridge writes it (RFC 9068 2), but for what is changed. */
function token({ claims = {}, header = {}, signWith = key }: Change = {}): Promise<string> {
  const nowSeconds = Math.floor(Date.now() / 1000);
  const good = {
    iss: url,
    sub: 'AbCdEfGhIjKlMnOpQrStUvWxYz123',
    aud: AUDIENCE,
    client_id: 'dashboard',
    scope: 'orders.read orders.write',
    iat: nowSeconds,
    exp: nowSeconds + 600,
    jti: 'token-1',
  };
  return new SignJWT({ ...good, ...claims })
    .setProtectedHeader({ alg: 'RS256', typ: 'at+jwt', kid: 'k1', ...header })
    .sign(signWith);
}

const PAST_SECONDS = 1_700_000_000;
const BAD: readonly (readonly [name: string, change: Change])[] = [
  ['of another issuer', { claims: { iss: 'https://elsewhere.example' } }],
  ['for another service', { claims: { aud: 'https://billing.acme.example' } }],
  ['that has expired', { claims: { exp: PAST_SECONDS } }],
  ['without an end', { claims: { exp: undefined } }],
  ['that is an ID token', { header: { typ: 'JWT' } }],
  ['of no type', { header: { typ: undefined } }],
  ['of another algorithm than the service has', { header: { alg: 'PS256', kid: 'k2' } }],
  ['with an unknown key', { header: { kid: 'k9' } }],
  ['that names no client (RFC 9068 2.2)', { claims: { client_id: undefined } }],
  ['that is bound to a key (RFC 9449 7.2)', { claims: { cnf: { jkt: 'thumbprint' } } }],
];

async function calls(): Promise<readonly Call[]> {
  const bad = BAD.map(([, change]) =>
    token({ ...change, ...(change.header?.['alg'] === 'PS256' && { signWith: pss }) }),
  );
  const tampered = `${(await token()).slice(0, -6)}AAAAAA`;
  const unsigned = new UnsecuredJWT({ iss: url, sub: 'x', aud: AUDIENCE, scope: SCOPE }).encode();
  const texts = [...(await Promise.all(bad)), await token({ signWith: stranger }), tampered, unsigned, 'x'];
  return [
    [`Bearer ${await token()}`, SCOPE],
    [`bearer ${await token()}`, 'orders.write'],
    [`Bearer ${await token()}`, 'orders.delete'],
    [`Bearer ${await token({ claims: { scope: undefined } })}`, SCOPE],
    [`Bearer ${await token({ claims: { scope: 'orders.reading' } })}`, SCOPE],
    [`Basic ${await token()}`, SCOPE],
    ['', SCOPE],
    ...texts.map((text) => [`Bearer ${text}`, SCOPE] as const),
  ];
}

const GOOD = { sub: 'AbCdEfGhIjKlMnOpQrStUvWxYz123' };
const [UNAUTHORIZED, FORBIDDEN] = [{ status: 401 }, { status: 403 }];
const EXPECTED = [
  ...[GOOD, GOOD, FORBIDDEN, FORBIDDEN, FORBIDDEN, UNAUTHORIZED, UNAUTHORIZED],
  ...Array.from({ length: BAD.length + 4 }, () => UNAUTHORIZED),
];

async function run(command: readonly string[], input: readonly Call[]): Promise<readonly Outcome[]> {
  writeFileSync(join(folder, 'calls.json'), JSON.stringify(input));
  const script = `exec ${command.map((part) => `'${part}'`).join(' ')} < calls.json`;
  const env = clientEnvironment({}, folder);
  const { stdout, stderr } = await runClient(['sh', '-c', script], { env, cwd: folder });
  expect(stderr).toBe('');
  return outcomes.parse(JSON.parse(stdout));
}

/** The Python that has the library, where there is one. */
async function findPython(): Promise<string | undefined> {
  for (const program of ['python3', '/usr/bin/python3']) {
    const env = clientEnvironment({}, tmpdir());
    const { code } = await runClient([program, '-c', 'import jwt, cryptography'], { env });
    if (code === 0) return program;
  }
  announceMissing('no Python with PyJWT and cryptography', 'the verifier in Python');
  return undefined;
}

/** Where the modules can be had, from the network or from before, the folder that holds them. */
async function prepareGo(): Promise<string | undefined> {
  if (requireProgram('go', 'the verifier in Go') === undefined) return undefined;
  const module = mkdtempSync(join(tmpdir(), 'resource-server-go-'));
  mkdirSync(join(module, 'orders'));
  writeFileSync(join(module, 'go.mod'), GO_MODULE);
  writeFileSync(join(module, 'main.go'), HARNESSES.go);
  writeFileSync(join(module, 'orders/orders.go'), snippetOf('go go'));
  const { code } = await runClient(['go', 'mod', 'tidy'], { env: goEnvironment(), cwd: module });
  if (code === 0) return module;
  announceMissing('the Go modules cannot be had', 'the verifier in Go');
  rmSync(module, { recursive: true });
  return undefined;
}

// The home of a test is empty: kept here, nothing is fetched or compiled twice.
function goEnvironment(): NodeJS.ProcessEnv {
  const kept = join(ROOT, '.cache/go');
  const settings = { GOPATH: kept, GOCACHE: join(kept, 'build'), GOFLAGS: '-modcacherw' };
  return clientEnvironment(settings, tmpdir());
}

const python = await findPython();
const goModule = await prepareGo();
const LANGUAGES = [
  {
    language: 'Node',
    info: 'js node',
    file: 'verify-access-token.mjs',
    harness: HARNESSES.node,
    command: [process.execPath, 'harness.mjs'],
  },
  ...(python === undefined
    ? []
    : [
        {
          language: 'Python',
          info: 'python python',
          file: 'verify_access_token.py',
          harness: HARNESSES.python,
          command: [python, 'harness.py'],
        },
      ]),
];

describe.each(LANGUAGES)('the verifier in $language', ({ info, file, harness, command }) => {
  beforeAll(() => {
    writeFileSync(join(folder, file), snippetOf(info).replaceAll(ISSUER, url));
    writeFileSync(join(folder, command[1] ?? ''), harness);
  });

  it('takes good tokens and no other', { timeout: 60_000 }, async () => {
    expect(await run(command, await calls())).toEqual(EXPECTED);
  });

  it('does not blame a token when the keys are out of reach', { timeout: 60_000 }, async () => {
    isReachable = false;
    try {
      expect(await run(command, [[`Bearer ${await token()}`, SCOPE]])).toEqual([{ status: 503 }]);
    } finally {
      isReachable = true;
    }
  });
});

it.runIf(goModule !== undefined)(
  'the verifier in Go takes good tokens and no other',
  { timeout: 300_000 },
  async () => {
    const [module = '', file] = [goModule, join(goModule ?? '', 'orders/orders.go')];
    writeFileSync(file, snippetOf('go go').replaceAll(ISSUER, url));
    const env = goEnvironment();
    const built = await runClient(['go', 'build', '-o', 'check-tokens', '.'], {
      env,
      cwd: module,
      timeoutMs: 240_000,
    });
    expect(built).toEqual({ code: 0, stdout: '', stderr: '' });
    const found = await run([join(module, 'check-tokens')], await calls());
    // It tells no statuses.
    expect(found).toEqual(EXPECTED.map((outcome) => ('sub' in outcome ? outcome : { status: 0 })));
  },
);

afterAll(() => {
  if (goModule !== undefined) rmSync(goModule, { recursive: true, force: true });
});
