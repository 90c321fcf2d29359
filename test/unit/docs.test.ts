import { spawnSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, normalize } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { z } from 'zod';
import { loadConfig } from '../../src/config/load.ts';
import { parseIdpMetadata } from '../../src/protocols/saml/metadata.ts';

const ROOT = join(import.meta.dirname, '../..');
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const DOCUMENTS = globSync(['docs/**/*.md', '*.md', 'src/**/README.md'], { cwd: ROOT });

const folder = mkdtempSync(join(tmpdir(), 'rolebridge-docs-'));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

type Snippet = {
  readonly document: string;
  readonly line: number;
  readonly info: string;
  readonly text: string;
};

/** Fenced blocks whose language is YAML; what stands behind the language says what they are. */
const snippets: readonly Snippet[] = DOCUMENTS.flatMap((document) => {
  const found: Snippet[] = [];
  let open: { line: number; info: string; text: string[] } | undefined;
  for (const [index, line] of read(document).split('\n').entries()) {
    if (open === undefined) {
      if (line.startsWith('```')) open = { line: index + 1, info: line.slice(3).trim(), text: [] };
    } else if (line === '```') {
      found.push({ document, line: open.line, info: open.info, text: open.text.join('\n') });
      open = undefined;
    } else open.text.push(line);
  }
  return found.filter(({ info }) => info.split(' ')[0] === 'yaml');
});
const marked = (kind: string) => snippets.filter(({ info }) => info.split(' ')[1] === kind);
const named = (list: readonly Snippet[]) =>
  list.map((snippet) => [`${snippet.document}:${snippet.line}`, snippet] as const);

/** What every configuration needs and no snippet repeats. */
const REST = {
  publicUrl: 'https://sts.acme.example',
  accounts: [{ id: '123456789012' }],
};
const GITHUB = {
  name: 'github',
  account: '123456789012',
  issuer: 'https://token.actions.githubusercontent.com',
  audiences: ['https://sts.acme.example'],
};
/** Secrets of the applications in the documents. */
const CLIENT_SECRETS = ['DASHBOARD_CLIENT_SECRET', 'DEPLOYER_CLIENT_SECRET', 'GOOGLE_CLIENT_SECRET'];
const USER = { name: 'break-glass', account: '123456789012' };

function check(config: Record<string, unknown>) {
  // The key set that a recipe pins.
  const { publicKey } = generateKeyPairSync('ed25519');
  const keys = [{ ...publicKey.export({ format: 'jwk' }), kid: 'k1', alg: 'EdDSA', use: 'sig' }];
  writeFileSync(join(folder, 'cluster-keys.json'), JSON.stringify({ keys }));
  const file = join(folder, 'config.json');
  writeFileSync(file, JSON.stringify({ ...REST, ...config }));
  const env = Object.fromEntries(CLIENT_SECRETS.map((name) => [name, 'x'.repeat(40)]));
  const result = loadConfig(file, { env, parseSamlMetadata: parseIdpMetadata });
  return (result.ok ? result.warnings : result.faults).map(({ severity, code, path }) => ({
    severity,
    code,
    path,
  }));
}

const mapping = z.record(z.string(), z.unknown());
const withTrust = (trustPolicy: unknown) => ({
  oidcProviders: [GITHUB],
  users: [USER],
  roles: [{ name: 'deploy', account: '123456789012', trustPolicy }],
});

describe('the YAML in the documents', () => {
  it.each(named(snippets))('parses: %s', (_, { text }) => {
    expect(parseAllDocuments(text).flatMap(({ errors }) => errors)).toEqual([]);
  });

  it.each(named(marked('config')))('is a configuration without a fault or warning: %s', (_, { text }) => {
    expect(check(mapping.parse(parse(text)))).toEqual([]);
  });

  it.each(named(marked('trust')))('is a trust policy without a finding: %s', (_, { text }) => {
    expect(check(withTrust(parse(text)))).toEqual([]);
  });

  it.each(named(marked('refused')))(
    'is a trust policy that is refused for its one fault: %s',
    (_, snippet) => {
      const errors = check(withTrust(parse(snippet.text))).filter(({ severity }) => severity === 'error');
      expect(errors.map(({ code }) => code)).toEqual([snippet.info.split(' ')[2]]);
    },
  );
});

describe('the documents', () => {
  it.each(DOCUMENTS)('have no link that leads nowhere: %s', (document) => {
    const links = [...read(document).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target);
    const missing = links
      .filter((link) => !/^(https?:|#)/.test(link))
      .filter((link) => !existsSync(join(ROOT, dirname(document), link.split('#')[0] ?? '')));
    expect(missing).toEqual([]);
  });

  it('name every code that the validator can find', () => {
    const [, codes = ''] =
      /export type FindingCode =([^;]*);/.exec(read('src/domain/policy/lint-finding.ts')) ?? [];
    const text = read('docs/trust-policies.md');
    const found = [...codes.matchAll(/'([\w-]+)'/g)].map(([, code = '']) => code);
    expect(found.length).toBeGreaterThan(5);
    expect(found.filter((code) => !text.includes(`\`${code}\``))).toEqual([]);
  });

  it('name every STS error code that there is', () => {
    const codes = [...read('src/protocols/sts/errors.ts').matchAll(/\bcode: '(\w+)'/g)].map(
      ([, code = '']) => code,
    );
    const text = read('docs/sts.md');
    expect(codes.length).toBeGreaterThan(10);
    expect(codes.filter((code) => !text.includes(code))).toEqual([]);
  });

  it('name every token type, condition key and error of token exchange', () => {
    const text = read('docs/token-exchange.md');
    const keys = [...read('src/domain/policy/lint-keys.ts').matchAll(/'(rolebridge:[A-Z]\w+)'/g)];
    const types = [...read('src/domain/application/token-type.ts').matchAll(/'urn:[\w:-]+:(\w+)'/g)];
    const errors = [...read('src/protocols/oauth/errors.ts').matchAll(/\bcode: '(\w+)'/g)];
    const names = [keys, types, errors].map((found) => new Set(found.map(([, name = '']) => name)));
    for (const found of names) expect(found.size).toBeGreaterThan(4);
    // Of people in a browser: the token endpoint has neither.
    const elsewhere = ['access_denied', 'login_required'];
    const missing = names.flatMap((found) => [...found].filter((name) => !text.includes(`\`${name}\``)));
    expect(missing).toEqual(elsewhere);
  });

  it('name every metric of our own', () => {
    const names = [...read('src/telemetry/metrics.ts').matchAll(/name: '(\w+)'/g)].map(
      ([, name = '']) => name,
    );
    expect(names.filter((name) => !read('docs/operations.md').includes(`\`${name}\``))).toEqual([]);
  });

  it('name files that exist', () => {
    const paths = DOCUMENTS.flatMap((document) =>
      [...read(document).matchAll(/`((?:src|test|docs|config|bin|scripts)\/[\w./-]+\.\w+)`/g)].map(
        ([, path = '']) => path,
      ),
    );
    expect(paths.length).toBeGreaterThan(30);
    expect(paths.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
  });

  it('name files of flows that exist', () => {
    const text = read('docs/flows.md');
    const paths = [...text.matchAll(/`((?:domain|http|keys|protocols|stores|telemetry)\/[\w./*-]+\.ts)`/g)];
    expect(paths.length).toBeGreaterThan(15);
    for (const [, path = ''] of paths) expect(globSync(`src/${path}`, { cwd: ROOT }), path).not.toEqual([]);
  });

  it('guard each threat by at least one test', () => {
    const rows = read('SECURITY.md')
      .split('\n')
      .filter((line) => line.startsWith('|'))
      .slice(2);
    expect(rows.length).toBeGreaterThan(15);
    expect(rows.filter((row) => !row.includes('`test/'))).toEqual([]);
  });

  it('tell in at most 15 lines of each folder of src/ what it is for', () => {
    const folders = new Set(globSync('src/*/**/*.ts', { cwd: ROOT }).map(dirname));
    const lines = [...folders].map((path) => [path, countLines(`${path}/README.md`)] as const);
    expect(lines.filter(([, count]) => count < 3 || count > 15)).toEqual([]);
  });
});

function countLines(path: string): number {
  return existsSync(join(ROOT, path)) ? read(path).trimEnd().split('\n').length : 0;
}

const compose = z.object({
  services: z.record(
    z.string(),
    z.object({
      volumes: z.array(z.string()),
      read_only: z.boolean().optional(),
      cap_drop: z.array(z.string()).optional(),
      security_opt: z.array(z.string()).optional(),
      ports: z.array(z.string()).default([]),
      networks: z.array(z.string()),
    }),
  ),
  networks: mapping,
  volumes: mapping,
});

describe('the container', () => {
  const { services, networks, volumes } = compose.parse(parse(read('docker-compose.yml')));
  const dockerfile = read('Dockerfile').replaceAll('\\\n', ' ').split('\n');

  it('copies only what exists and what .dockerignore lets through', () => {
    const sources = dockerfile
      .filter((line) => line.startsWith('COPY ') && !line.includes('--from='))
      .flatMap((line) => line.split(' ').slice(1, -1));
    const allowed = read('.dockerignore')
      .split('\n')
      .filter((line) => line.startsWith('!'))
      .map((line) => line.slice(1));
    expect(sources.length).toBeGreaterThan(4);
    expect(sources.filter((source) => !existsSync(join(ROOT, source)))).toEqual([]);
    expect(new Set(sources)).toEqual(new Set(allowed));
  });

  it('starts the program that package.json names, as nobody in particular', () => {
    expect(dockerfile).toContain('ENTRYPOINT ["/opt/rolebridge/bin/rolebridge"]');
    expect(statSync(join(ROOT, 'bin/rolebridge')).mode & 0o111).not.toBe(0);
    expect(dockerfile.filter((line) => line.startsWith('USER '))).toEqual(['USER 10001:10001']);
  });

  it('gives each service of compose no more than it needs', () => {
    for (const service of Object.values(services)) {
      expect(service).toMatchObject({
        read_only: true,
        cap_drop: ['ALL'],
        security_opt: ['no-new-privileges:true'],
      });
      // Published on this machine only.
      expect(service.ports.filter((port) => !port.startsWith('127.0.0.1:'))).toEqual([]);
    }
  });

  it('mounts what exists and uses what is declared', () => {
    for (const service of Object.values(services)) {
      for (const [source = ''] of service.volumes.map((volume) => volume.split(':'))) {
        if (source.startsWith('.')) expect(existsSync(join(ROOT, normalize(source))), source).toBe(true);
        else expect(Object.keys(volumes)).toContain(source);
      }
      const known = ['default', ...Object.keys(networks)];
      expect(service.networks.filter((name) => !known.includes(name))).toEqual([]);
    }
  });

  it('has a configuration that needs no edit', () => {
    const { status, stderr } = spawnSync(join(ROOT, 'bin/rolebridge'), ['validate', 'config/compose.yaml'], {
      cwd: ROOT,
      encoding: 'utf8',
      env: { PATH: process.env['PATH'] ?? '' },
    });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  });
});

it('the CI run is an executable without a syntax error', () => {
  const { status, stderr } = spawnSync('bash', ['-n', join(ROOT, '.ci/run')], { encoding: 'utf8' });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(statSync(join(ROOT, '.ci/run')).mode & 0o111).not.toBe(0);
});
