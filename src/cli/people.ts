import { randomBytes, randomUUID } from 'node:crypto';
import { userInfo } from 'node:os';
import type { Command, Option } from 'commander';
import { createPeople, type People } from '../domain/identity/people.ts';
import { removePerson } from '../domain/identity/remove-person.ts';
import type { Person, PersonId } from '../domain/identity/person.ts';
import type { RequestFacts } from '../domain/federation/request-facts.ts';
import { resetMfa } from '../domain/mfa/reset-mfa.ts';
import { loadMasterKeyRing } from '../keys/master-key.ts';
import { createSealer } from '../keys/seal.ts';
import type { Config } from '../config/config.ts';
import type { Store } from '../stores/store.ts';
import { withStore } from './open-store.ts';
import { CommandError, complain, formatTable, print } from './output.ts';
import { describePerson, HEADINGS, personRow, plain, summarizePerson } from './people-text.ts';

type Options = { readonly config: string; readonly json?: true };
type ListOptions = Options & { readonly limit: string };
type OperatorOptions = Options & { readonly by?: string };

const PAGE = 500;
const BY = ['--by <NAME>', 'who does it, for the audit trail; default: your user name'] as const;
const PERSON = '"<provider ARN> <subject>", as list shows it';

/** `rolebridge people list|show|reset-mfa|remove`. */
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
    .option(...BY)
    .action(reset);
  people
    .command('remove')
    .description(
      'forget a person: end their browser and role sessions, and remove factors and recovery codes',
    )
    .argument('<person>', PERSON)
    .addOption(configOption())
    .option(...BY)
    .action(remove);
}

async function listPeople({ config, json, limit: text }: ListOptions): Promise<void> {
  const limit = Number(text);
  if (!Number.isInteger(limit) || limit < 1) throw new CommandError('--limit takes a whole number from 1 on');
  await withPeople(config, async ({ people }) => {
    const found = await collect(people, limit);
    if (json) for (const person of found) print(JSON.stringify(summarizePerson(person)));
    else if (found.length === 0) complain('Nobody signed in yet.');
    else print(formatTable([HEADINGS, ...found.map(personRow)]));
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
    const shown = summarizePerson(person);
    if (json) print(JSON.stringify(shown));
    else for (const line of describePerson(person)) print(line);
  });
}

async function reset(text: string, { config: path, by }: OperatorOptions): Promise<void> {
  await withPeople(path, async ({ people, store, config }) => {
    const deps = { people, audit: store.audit, sessions: store.browserSessions, random: randomBytes };
    const facts = factsOf('reset-mfa', config);
    const done = await resetMfa({ person: parsePerson(text), by: by ?? userInfo().username, facts }, deps);
    if (done === undefined) throw nobody(text);
    print(`factors removed: ${done.factors}`);
    print(`unused recovery codes removed: ${done.recoveryCodes}`);
    print(`browser sessions ended: ${done.browserSessions}`);
    print('At the next sign-in the person can add a factor anew.');
  });
}

async function remove(text: string, { config: path, by }: OperatorOptions): Promise<void> {
  await withPeople(path, async ({ people, store, config }) => {
    const { audit, browserSessions, sessions } = store;
    const deps = { people, audit, browserSessions, sessions, random: randomBytes };
    const facts = factsOf('remove', config);
    const done = await removePerson(
      { person: parsePerson(text), by: by ?? userInfo().username, facts },
      deps,
    );
    if (done === undefined) throw nobody(text);
    print(`browser sessions ended: ${done.browserSessions}`);
    print(`role sessions ended: ${done.roleSessions}`);
    print(
      'The person is forgotten. Where their provider still vouches for them, they can sign in as somebody new.',
    );
  });
}

function factsOf(command: string, { region }: Config): RequestFacts {
  return {
    requestId: randomUUID(),
    timeMs: Date.now(),
    sourceIp: 'command line',
    userAgent: `rolebridge people ${command}`,
    region,
    secureTransport: true,
  };
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
