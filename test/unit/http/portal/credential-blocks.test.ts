import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { renderCredentialBlocks } from '../../../../src/http/portal/credential-blocks.ts';
import {
  quoteForCmd,
  quoteForDotenv,
  quoteForIni,
  quoteForPowerShell,
  quoteForShell,
} from '../../../../src/http/portal/quoting.ts';
import { announceMissing } from '../../../support/foreign-client.ts';

const credentials = {
  accessKeyId: 'ASIAEXAMPLEEXAMPLE22',
  secretAccessKey: 'secretSECRETsecretSECRETsecretSECRET1234',
  sessionToken: 'dG9rZW4vdG9rZW4rdG9rZW4='.repeat(5),
  expiresAtMs: Date.UTC(2026, 0, 2, 3, 4, 5),
};
const place = { publicUrl: 'https://bridge.example.com', region: 'eu-central-1', profile: 'acme-prod-dev' };
const ENVIRONMENT = {
  AWS_ACCESS_KEY_ID: credentials.accessKeyId,
  AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
  AWS_SESSION_TOKEN: credentials.sessionToken,
  AWS_CREDENTIAL_EXPIRATION: '2026-01-02T03:04:05.000Z',
  AWS_ENDPOINT_URL_STS: place.publicUrl,
  AWS_REGION: place.region,
  AWS_DEFAULT_REGION: place.region,
};

let home: string;
beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), 'rolebridge-blocks-'));
});
afterAll(() => {
  rmSync(home, { recursive: true, force: true });
});

function textOf(id: string, given = credentials, at = place): string | undefined {
  const block = renderCredentialBlocks(given, at).find((one) => one.id === id);
  return block?.lines.map(({ text }) => text).join('\n');
}

/** The environment that a shell has after the paste. */
function environmentAfter(shell: string, paste: string): Readonly<Record<string, string>> {
  const program = JSON.stringify(process.execPath);
  const show = `${program} -e 'process.stdout.write(JSON.stringify(process.env))'`;
  const output = execFileSync(shell, ['-c', `${paste}\n${show}`], {
    env: { PATH: '/usr/bin:/bin', HOME: home },
  });
  return z.record(z.string(), z.string()).parse(JSON.parse(output.toString()));
}

function found(shell: string): boolean {
  if (spawnSync(shell, ['-c', ':']).status === 0) return true;
  announceMissing(`${shell} does not run here`, `the pastes into ${shell} are`);
  return false;
}

/** Texts that make shells stumble, without what a terminal would obey. */
const nasty = fc
  .oneof(
    fc.string({
      unit: fc.constantFrom(...Array.from('\'"`$\\!%#&|;<>()[]{}*?~^ =‘’‚‛é\u00a0😀ab')),
      maxLength: 20,
    }),
    fc.string({ unit: 'grapheme', maxLength: 20 }),
  )
  .filter((text) => !/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/u.test(text));

describe('a paste into a shell', () => {
  const shells = ['bash', 'sh', 'zsh'].filter(found);

  it.each(shells)('sets credentials, endpoint and region: %s', (shell) => {
    expect(environmentAfter(shell, textOf('bash') ?? '')).toMatchObject(ENVIRONMENT);
  });

  it.each(shells)('brings any value through: %s', (shell) => {
    const texts = fc.sample(nasty, { numRuns: 300, seed: 7 });
    const paste = texts.map((text, index) => `export V${index}=${quoteForShell(text) ?? ''}`).join('\n');
    const environment = environmentAfter(shell, paste);
    expect(texts.map((_, index) => environment[`V${index}`])).toEqual(texts);
  });

  it('is refused for what a terminal would obey while it is pasted', () => {
    for (const text of ['a\nb', 'a\rb', '\u001b[2J', '\u0000', '\u0003', 'a\u2028b', '\ud800'])
      for (const quote of [quoteForShell, quoteForPowerShell, quoteForCmd, quoteForDotenv, quoteForIni])
        expect(quote(text)).toBeUndefined();
  });
});

describe('PowerShell and cmd', () => {
  it('assign one variable a line', () => {
    expect(textOf('powershell')).toContain("$Env:AWS_ENDPOINT_URL_STS = 'https://bridge.example.com'\n");
    expect(textOf('cmd')).toContain('set "AWS_ENDPOINT_URL_STS=https://bridge.example.com"\n');
  });

  it('PowerShell doubles all five characters that end a single-quoted text (about_Quoting_Rules)', () => {
    expect(quoteForPowerShell("a'b‘c’d‚e‛f$x`")).toBe("'a''b‘‘c’’d‚‚e‛‛f$x`'");
    fc.assert(
      fc.property(nasty, (text) => {
        const quoted = quoteForPowerShell(text) ?? '';
        // As PowerShell's tokenizer reads it: a pair of quotes is the first of them.
        expect(quoted.slice(1, -1).replaceAll(/(['‘’‚‛])['‘’‚‛]/g, '$1')).toBe(text);
        expect(quoted.slice(1, -1).replaceAll(/['‘’‚‛]{2}/g, '')).not.toMatch(/['‘’‚‛]/);
      }),
    );
  });

  it('cmd has no way to write percent signs, exclamation marks and quotes', () => {
    for (const text of ['%PATH%', '100%', 'a!b', 'a"b']) expect(quoteForCmd(text)).toBeUndefined();
    expect(quoteForCmd('a&b|c<d>e^f(g)')).toBe('a&b|c<d>e^f(g)');
    const odd = { ...place, publicUrl: 'https://bridge.example.com/%41' };
    expect(textOf('cmd', credentials, odd)).toBeUndefined();
    expect(textOf('bash', credentials, odd)).toContain('%41');
  });
});

describe('a .env file', () => {
  it('reads as the same environment, without a quote that docker would keep', () => {
    const text = textOf('dotenv') ?? '';
    expect(parseEnv(text)).toEqual(ENVIRONMENT);
    expect(text).not.toMatch(/['"]/);
  });

  it('brings any value through, or is not offered', () => {
    fc.assert(
      fc.property(nasty, (text) => {
        const quoted = quoteForDotenv(text);
        if (quoted !== undefined) expect(parseEnv(`A=${quoted}\nB=1`)).toEqual({ A: text, B: '1' });
      }),
    );
    expect(quoteForDotenv("it's")).toBeUndefined();
  });
});

describe('a configuration file', () => {
  const python = spawnSync('python3', ['-c', 'import configparser']).status === 0 ? 'python3' : undefined;
  if (python === undefined) announceMissing('python3 is not on the PATH', 'the reading of ini files is');

  it.skipIf(python === undefined)(
    'reads as botocore reads it: one profile and its endpoint for STS alone',
    () => {
      const file = join(home, 'config');
      writeFileSync(file, textOf('file') ?? '');
      const script =
        'import configparser, json, sys; c = configparser.RawConfigParser(); c.read(sys.argv[1]);' +
        'print(json.dumps({s: dict(c.items(s)) for s in c.sections()}))';
      expect(JSON.parse(execFileSync(python ?? '', ['-c', script, file]).toString())).toEqual({
        'profile acme-prod-dev': {
          aws_access_key_id: credentials.accessKeyId,
          aws_secret_access_key: credentials.secretAccessKey,
          aws_session_token: credentials.sessionToken,
          region: 'eu-central-1',
          services: 'acme-prod-dev',
        },
        'services acme-prod-dev': { sts: '\nendpoint_url = https://bridge.example.com' },
      });
    },
  );

  it('is not offered for a value that would begin a comment, a section or a line', () => {
    for (const text of ['a b', ' a', 'a;b', '#a', 'a\nb', "'a'", ''])
      expect(textOf('file', { ...credentials, sessionToken: text })).toBeUndefined();
  });
});

describe('credential_process', () => {
  it('saves a document that only its owner can read, once adds the profile, and then only renews', () => {
    const paste = textOf('process') ?? '';
    const own = mkdtempSync(join(home, 'process-'));
    const env = { PATH: '/usr/bin:/bin', HOME: own };
    execFileSync('bash', ['-c', `umask 022; ${paste}`], { env });
    const renewed = textOf('process', { ...credentials, accessKeyId: 'ASIARENEWEDRENEWED22' }) ?? '';
    execFileSync('bash', ['-c', renewed], { env });
    const config = readFileSync(join(own, '.aws/config'), 'utf8');
    expect(config.match(/\[profile acme-prod-dev-process\]/g)).toHaveLength(1);
    const [, command = ''] = /^credential_process = (.*)$/m.exec(config) ?? [];
    const printed: unknown = JSON.parse(execFileSync('sh', ['-c', command], { env }).toString());
    expect(printed).toEqual({
      Version: 1,
      AccessKeyId: 'ASIARENEWEDRENEWED22',
      SecretAccessKey: credentials.secretAccessKey,
      SessionToken: credentials.sessionToken,
      Expiration: '2026-01-02T03:04:05.000Z',
    });
    const modeOf = (path: string): number => statSync(join(own, path)).mode & 0o777;
    expect(modeOf('.aws/rolebridge')).toBe(0o700);
    const file = '.aws/rolebridge/acme-prod-dev-process.json';
    expect(modeOf(file)).toBe(0o600);
    chmodSync(join(own, file), 0o644);
    execFileSync('bash', ['-c', paste], { env });
    expect(modeOf(file)).toBe(0o600);
  });

  it('is added to a file that does not end in a line feed', () => {
    const own = mkdtempSync(join(home, 'process-'));
    const env = { PATH: '/usr/bin:/bin', HOME: own };
    execFileSync('bash', ['-c', 'mkdir ~/.aws; printf "[default]\nregion = x" > ~/.aws/config'], { env });
    execFileSync('bash', ['-c', textOf('process') ?? ''], { env });
    expect(readFileSync(join(own, '.aws/config'), 'utf8')).toContain('region = x\n[profile');
  });
});

describe('what is masked until it is revealed', () => {
  it('is every secret in every block, and nothing else', () => {
    const blocks = renderCredentialBlocks(credentials, place);
    expect(blocks.map(({ id }) => id)).toEqual([
      'bash',
      'powershell',
      'cmd',
      'dotenv',
      'file',
      'values',
      'process',
    ]);
    for (const { lines } of blocks) {
      const masked = lines.map((line) => line.masked).join('\n');
      expect(masked).not.toContain(credentials.secretAccessKey);
      expect(masked).not.toContain(credentials.sessionToken);
      expect(masked).toContain(credentials.accessKeyId);
      expect(lines.filter((line) => line.text !== line.masked).length).toBeGreaterThan(0);
    }
  });

  it('tells nothing of a length', () => {
    const longer = { ...credentials, secretAccessKey: 'x', sessionToken: 'y'.repeat(300) };
    const maskedOf = (given: typeof credentials) =>
      renderCredentialBlocks(given, place).map(({ lines }) => lines.map((line) => line.masked));
    expect(maskedOf(longer)).toEqual(maskedOf(credentials));
  });
});
