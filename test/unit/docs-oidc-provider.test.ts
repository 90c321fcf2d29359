import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createDirectory } from '../../src/config/directory.ts';
import { createInteractionPolicy } from '../../src/http/oidc/interaction-policy.ts';
import { providerConfiguration } from '../../src/http/oidc/provider-configuration.ts';
import { createProviderPages } from '../../src/http/oidc/provider-pages.ts';
import { createProviderPolicies } from '../../src/http/oidc/provider-policies.ts';

const ROOT = join(import.meta.dirname, '../..');
const PAGE = readFileSync(join(ROOT, 'docs/oidc-provider.md'), 'utf8');

const switches = z.record(z.string(), z.looseObject({ enabled: z.boolean() }));
const defaults = z.looseObject({ features: switches });

/** All that the library can do, as it is without a word from us. */
async function readLibrary() {
  const path = join(ROOT, 'node_modules/oidc-provider/lib/helpers/defaults.js');
  const { default: make } = z
    .object({ default: z.custom<() => unknown>((value) => typeof value === 'function') })
    .parse(await import(path));
  return defaults.parse(make());
}

function configure() {
  const directory = createDirectory({
    accounts: [],
    roles: [],
    users: [],
    oidcProviders: [],
    samlProviders: [],
    managedPolicies: new Map(),
    applications: [],
    services: [],
  });
  const unused = (): never => {
    throw new Error('nobody asks it');
  };
  const [browserSessions, people] = [{ findSignIn: unused }, { findBySubject: unused }];
  return providerConfiguration({
    applications: [],
    keys: [],
    adapter: unused,
    workloadSecret: '',
    findAccount: unused,
    interactions: createInteractionPolicy('by-policy'),
    pages: createProviderPages({ directory }),
    policies: createProviderPolicies({ directory, browserSessions, people, absoluteMs: 0, now: () => 0 }),
    fetch: unused,
    secureTransport: true,
  });
}

/** The rows of the table below a heading, as lists of their cells. */
function table(heading: string): readonly (readonly string[])[] {
  const [, section = ''] = PAGE.split(`\n## ${heading}\n`);
  const [text = ''] = section.split('\n## ');
  const rows = text.split('\n').filter((line) => line.startsWith('| `'));
  return rows.map((row) =>
    row
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

const library = await readLibrary();
const configured = configure();

describe('the page of the OIDC provider', () => {
  it('tells of each feature of the library whether it is on, as the configuration has it', () => {
    const ours = switches.parse(configured.features);
    const states = Object.entries({ ...library.features, ...ours }).map(
      ([name, { enabled }]) => [`\`${name}\``, enabled ? 'on' : 'off'] as const,
    );
    expect(states.length).toBeGreaterThan(25);
    const told = table('Features').map(([name, state]) => [name, state]);
    expect(new Map(told.map(([name = '', state]) => [name, state]))).toEqual(new Map(states));
    expect(told).toHaveLength(states.length);
  });

  it('gives a reason for each', () => {
    expect(table('Features').filter(([, , reason = '']) => reason.length < 10)).toEqual([]);
  });

  it('tells of each option what it is here', () => {
    const told = table('Options').map(([name]) => name);
    const known = Object.keys({ ...library, ...configured }).map((name) => `\`${name}\``);
    expect(known.length).toBeGreaterThan(35);
    expect(told.toSorted()).toEqual(known.toSorted());
    expect(table('Options').filter(([, here]) => here === '')).toEqual([]);
  });
});

it('every option of the library is set, and none left to what it is by default', () => {
  const ours = Object.keys(configured);
  expect(Object.keys(library).filter((name) => !ours.includes(name))).toEqual([]);
});
