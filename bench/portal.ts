import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { listRoles } from '../src/domain/federation/list-roles.ts';
import { createPersonWorld, facts, makePerson } from '../test/unit/domain/federation/person-world.ts';
import { load } from './load.ts';
import { rolePlans, type RolePlan } from './portal-roles.ts';
import { median, short, type Report } from './report.ts';
import { startServer, type ServerProcess } from './server-process.ts';
import { timeEach } from './timing.ts';

const COUNTS = [10, 1000, 10_000];
const TARGET = 3;
const CONNECTIONS = 8;

export type PortalPace = {
  readonly folder: string;
  readonly rounds: number;
  readonly roundSeconds: number;
  readonly warmSeconds: number;
};

/** What finding a person's ten roles costs among ten, a thousand and ten thousand: the list alone, and the page. */
export async function measurePortal(pace: PortalPace, report: Report): Promise<void> {
  report.section("A person's list of roles, of which ten are open");
  for (const plan of rolePlans) measureList(plan, report);
  report.section('GET /roles, of which ten are open, one process');
  await measurePages(pace, report);
}

function measureList({ name, roles, identity }: RolePlan, report: Report): void {
  const calls = COUNTS.map((count) => {
    const all = roles(count);
    const { deps } = createPersonWorld(all);
    const person = makePerson(identity(all));
    return () => {
      if (listRoles(person, facts, deps).length !== 10) throw new Error('not ten roles');
    };
  });
  print(timeEach(calls), { name, unit: 'µs', report });
}

async function measurePages(pace: PortalPace, report: Report): Promise<void> {
  const servers: { server: ServerProcess; request: Buffer }[] = [];
  try {
    for (const count of COUNTS) servers.push(await startPortal(count, pace.folder));
    for (const one of servers) await pagesPerSecond(one, pace.warmSeconds);
    const rounds: number[][] = [];
    for (let round = 0; round < pace.rounds; round += 1) {
      const speeds: number[] = [];
      for (const one of servers) speeds.push(await pagesPerSecond(one, pace.roundSeconds));
      rounds.push(speeds);
    }
    const speeds = COUNTS.map((_, index) => median(rounds.map((round) => round[index] ?? NaN)));
    const milliseconds = speeds.map((speed) => 1000 / speed);
    print(milliseconds, { name: 'the page', unit: 'ms', report });
    const measured = speeds.map((speed) => speed.toFixed(0)).join(' / ');
    report.figure({ name: `  pages a second with ${COUNTS.join(' / ')} roles`, measured });
  } finally {
    for (const { server } of servers) await server.stop();
  }
}

async function startPortal(count: number, folder: string) {
  const file = join(folder, `cookie-${count}`);
  const server = await startServer(process.execPath, [
    join(import.meta.dirname, 'portal-server.ts'),
    String(count),
    file,
  ]);
  const cookie = readFileSync(file, 'utf8');
  const request = Buffer.from(`GET /roles HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: ${cookie}\r\n\r\n`);
  return { server, request };
}

async function pagesPerSecond(
  { server, request }: { readonly server: ServerProcess; readonly request: Buffer },
  seconds: number,
): Promise<number> {
  const result = await load({ url: server.url, requests: [request], seconds, connections: CONNECTIONS });
  return result.answered / result.seconds;
}

type Series = { readonly name: string; readonly unit: string; readonly report: Report };

function print(costs: readonly number[], { name, unit, report }: Series): void {
  const [few = NaN] = costs;
  const ratio = (costs.at(-1) ?? NaN) / few;
  report.figure({
    name: `${name}: 10,000 roles, of 10`,
    target: `≤ ${TARGET}`,
    measured: `${short(ratio)} (${costs.map(short).join(' / ')} ${unit})`,
    met: ratio <= TARGET,
  });
}
