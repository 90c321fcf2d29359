import { randomBytes, randomUUID } from 'node:crypto';
import { userInfo } from 'node:os';
import type { Command, Option } from 'commander';
import { createPeople, type People } from '../domain/identity/people.ts';
import { personKeyOf, type Person, type PersonId } from '../domain/identity/person.ts';
import { resetMfa } from '../domain/mfa/reset-mfa.ts';
import { recoveryCodesLeft } from '../domain/mfa/recovery-codes.ts';
import { loadMasterKeyRing } from '../keys/master-key.ts';
import { createSealer } from '../keys/seal.ts';
import type { Config } from '../config/config.ts';
import type { Store } from '../stores/store.ts';
import { withStore } from './open-store.ts';
import { CommandError, complain, formatTable, print } from './output.ts';

type Options = { readonly config: string; readonly json?: true };
type ListOptions = Options & { readonly limit: string };
type ResetOptions = Options & { readonly by?: string };

const PAGE = 500;
const PERSON = '"<provider ARN> <subject>", as list shows it';

/** `rolebridge people list|show|reset-mfa`. */
export function addPeopleCommand(program: Command, configOption: () => Option): void {
  const people = program.command('people').description('who signed in, and their second factors');
  people
    .command('list')
    .description('people who ever signed in, one line each')
    .addOption(configOption())
    .option('--limit <N>', 'at most so many', '100')
    .option('--json', 'one JSON object a line')
    .action(listPeople);
  people
    .command('show')
    .description('one person, with their factors')
    .argument('<person>', PERSON)
    .addOption(configOption())
    .option('--json', 'one JSON object')
    .action(showPerson);
  people
    .command('reset-mfa')
    .description('remove all factors and recovery codes of a person, and end their browser sessions')
    .argument('<person>', PERSON)
    .addOption(configOption())
    .option('--by <NAME>', 'who does it, for the audit trail; default: your user name')
    .action(reset);
}

async function listPeople({ config, json, limit: text }: ListOptions): Promise<void> {
  const limit = Number(text);
  if (!Number.isInteger(limit) || limit < 1) throw new CommandError('--limit takes a whole number from 1 on');
  await withPeople(config, async ({ people }) => {
    const found = await collect(people, limit);
    if (json) for (const person of found) print(JSON.stringify(summary(person)));
    else if (found.length === 0) complain('Nobody signed in yet.');
    else print(formatTable([HEADINGS, ...found.map(row)]));
  });
}

async function collect(people: People, limit: number): Promise<readonly Person[]> {
  const found: Person[] = [];
  let cursor: string | undefined;
  do {
    const page = await people.list({
      limit: Math.min(PAGE, limit - found.length),
      ...(cursor === undefined ? {} : { cursor }),
    });
    found.push(...page.people);
    cursor = page.cursor;
  } while (cursor !== undefined && found.length < limit);
  return found;
}

async function showPerson(text: string, { config, json }: Options): Promise<void> {
  await withPeople(config, async ({ people }) => {
    const person = await people.find(parsePerson(text));
    if (person === undefined) throw nobody(text);
    const shown = summary(person);
    if (json) print(JSON.stringify(shown));
    else for (const line of described(person)) print(line);
  });
}

async function reset(text: string, { config: path, by }: ResetOptions): Promise<void> {
  await withPeople(path, async ({ people, store, config }) => {
    const operator = by ?? userInfo().username;
    const facts = {
      requestId: randomUUID(),
      timeMs: Date.now(),
      sourceIp: 'command line',
      userAgent: 'rolebridge people reset-mfa',
      region: config.region,
      secureTransport: true,
    };
    const deps = { people, audit: store.audit, sessions: store.browserSessions, random: randomBytes };
    const done = await resetMfa({ person: parsePerson(text), by: operator, facts }, deps);
    if (done === undefined) throw nobody(text);
    print(`factors removed: ${done.factors}`);
    print(`unused recovery codes removed: ${done.recoveryCodes}`);
    print(`browser sessions ended: ${done.browserSessions}`);
    print('At the next sign-in the person can add a factor anew.');
  });
}

type Open = { readonly people: People; readonly store: Store; readonly config: Config };

async function withPeople<T>(configPath: string, run: (open: Open) => Promise<T>): Promise<T> {
  return withStore(configPath, (store, config) => {
    const sealer = createSealer(loadMasterKeyRing(config.masterKey));
    const people = createPeople({
      store: store.people,
      seal: (plaintext, context) => sealer.seal(plaintext, context),
      openSecret: (sealed, context) => sealer.open(sealed, context).toString(),
    });
    return run({ people, store, config });
  });
}

/** A provider's ARN has no blank; what follows the first one is the subject, whatever is in it. */
function parsePerson(text: string): PersonId {
  const blank = text.indexOf(' ');
  if (blank < 1 || blank === text.length - 1) throw new CommandError(`name the person as ${PERSON}`);
  return { providerArn: text.slice(0, blank), subject: text.slice(blank + 1) };
}

function nobody(text: string): CommandError {
  return new CommandError(`nobody called ${plain(text)} ever signed in`);
}

const HEADINGS = ['PERSON', 'NAME', 'E-MAIL', 'FACTORS', 'CODES LEFT', 'LAST SIGN-IN'];

function row(person: Person): string[] {
  const { profile, factors, recoveryCodes, lastSignInAtMs } = person;
  const kinds = factors.map(({ kind }) => kind).join(', ');
  return [
    plain(personKeyOf(person)),
    plain(profile.displayName ?? '-'),
    plain(profile.email ?? '-'),
    kinds === '' ? '-' : kinds,
    String(recoveryCodesLeft(recoveryCodes)),
    iso(lastSignInAtMs),
  ];
}

function described(person: Person): readonly string[] {
  const [key = '', name = '', email = '', , codes = '', lastSignIn = ''] = row(person);
  const lines = person.factors.map((factor) => [
    factor.kind,
    plain(factor.name),
    iso(factor.addedAtMs),
    factor.lastUsedAtMs === undefined ? 'never' : iso(factor.lastUsedAtMs),
  ]);
  return [
    `person         ${key}`,
    `name           ${name}`,
    `e-mail         ${email}`,
    `first sign-in  ${iso(person.firstSignInAtMs)}`,
    `last sign-in   ${lastSignIn}`,
    `codes left     ${codes}`,
    lines.length === 0 ? 'no factors' : formatTable([['FACTOR', 'NAME', 'ADDED', 'LAST USED'], ...lines]),
  ];
}

/** What may be shown of a person: no secret, no key, no hash of a code. */
function summary(person: Person): Readonly<Record<string, unknown>> {
  const { profile, factors, recoveryCodes, firstSignInAtMs, lastSignInAtMs } = person;
  return {
    person: personKeyOf(person),
    ...profile,
    factors: factors.map(({ id, kind, name, addedAtMs, lastUsedAtMs }) => ({
      ...{ id, kind, name, addedAt: iso(addedAtMs) },
      ...(lastUsedAtMs === undefined ? {} : { lastUsedAt: iso(lastUsedAtMs) }),
    })),
    recoveryCodesLeft: recoveryCodesLeft(recoveryCodes),
    firstSignInAt: iso(firstSignInAtMs),
    lastSignInAt: iso(lastSignInAtMs),
  };
}

// Names come from people and providers: on a terminal they must not move the cursor.
function plain(text: string): string {
  return text.replace(/[\p{C}\u2028\u2029]/gu, '\ufffd');
}

function iso(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}
