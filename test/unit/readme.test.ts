import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { renderWalkthrough } from '../../demo/walkthrough.ts';
import { loadConfig } from '../../src/config/load.ts';
import { parseIdpMetadata } from '../../src/protocols/saml/metadata.ts';

const ROOT = join(import.meta.dirname, '../..');
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const readme = read('README.md');
const { scripts } = z
  .object({ scripts: z.record(z.string(), z.string()) })
  .parse(JSON.parse(read('package.json')));

/** Lines that a reader types: behind `$` in a console block, and all of a shell block. */
const commands = [...readme.matchAll(/```(console|sh)\n([^]*?)```/g)].flatMap(([, kind, block = '']) =>
  block
    .split('\n')
    .filter((line) => line !== '' && (kind === 'sh' || line.startsWith('$ ')))
    .map((line) => line.replace(/^\$ /, '').replace(/ +#.*/, '')),
);
const ofRolebridge = commands.filter((command) => command.startsWith('bin/rolebridge '));
const ofClients = commands.filter((command) => /^(curl|export|aws|sed) /.test(command));
const ofNpm = commands.filter((command) => /^npm (run|start)/.test(command));

describe('the commands in README', () => {
  it('are all of a kind that is checked here', () => {
    expect(commands.length).toBeGreaterThan(10);
    const others = new Set(commands).difference(new Set([...ofRolebridge, ...ofClients, ...ofNpm]));
    expect([...others]).toEqual(['npm ci']);
  });

  it.each(ofNpm)('%s is a script', (command) => {
    const [, name = '', script = ''] = command.split(' ');
    expect(Object.keys(scripts)).toContain(name === 'run' ? script : name);
  });

  it.each(ofRolebridge)('%s is a command with these options', (command) => {
    const [program = '', ...words] = command.split(' ');
    const depth = ['sessions', 'master-key'].includes(words[0] ?? '') ? 2 : 1;
    const help = spawnSync(join(ROOT, program), [...words.slice(0, depth), '--help'], { encoding: 'utf8' });
    expect(help.status).toBe(0);
    expect(help.stdout).toContain(`Usage: rolebridge ${words.slice(0, depth).join(' ')}`);
    for (const option of words.filter((word) => word.startsWith('--'))) expect(help.stdout).toContain(option);
  });

  it.each(ofClients)('%s is what the demo prints', (command) => {
    const printed = renderWalkthrough({
      bridgeUrl: 'http://127.0.0.1:8080',
      pagesUrl: 'http://localhost:8080',
      issuerUrl: 'http://127.0.0.1:9400',
      dashboardUrl: 'http://127.0.0.1:9500',
      ordersUrl: 'http://127.0.0.1:9600',
      config: 'config/demo.yaml',
      rolebridge: 'bin/rolebridge',
      node: 'node_modules/.bin/node',
      sdkScript: 'demo/assume-role.ts',
      state: '.rolebridge',
    });
    expect(printed.split('\n')).toContain(command);
  });
});

it("finds neither fault nor warning in the demo's configuration", () => {
  expect(
    loadConfig(join(ROOT, 'config/demo.yaml'), { env: {}, parseSamlMetadata: parseIdpMetadata }),
  ).toMatchObject({ ok: true, warnings: [] });
});
