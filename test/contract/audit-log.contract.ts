import { randomInt, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AuditLog, AuditQuery } from '../../src/domain/audit/audit-log.ts';
import type { AuditRecord } from '../../src/domain/audit/audit-event.ts';
import { BASE32 } from '../../src/domain/session/bucket.ts';
import { sampleAudit, sampleSession } from '../support/sample-session.ts';
import type { StorePair } from './session-store.contract.ts';

/** What every audit log must do, whatever it is made of. */
export function describeAuditLog(open: () => Promise<StorePair>): void {
  describe('audit log', () => {
    let pair: StorePair;
    let one: AuditLog;
    let two: AuditLog;
    beforeAll(async () => {
      pair = await open();
      [one, two] = [pair.one.audit, pair.two.audit];
    });
    afterAll(() => pair.close());

    it('keeps a record whole, in any script and size', async () => {
      const record = sampleAudit({
        outcome: 'denied',
        reference: sampleReference(),
        roleArn: 'arn:aws:iam::123456789012:role/Ä',
        event: JSON.stringify({ name: 'причина 🔑 "quoted"', filler: 'x'.repeat(100_000) }),
      });
      await one.record(record);
      expect(await findAll(two, { reference: record.reference ?? '' })).toEqual([record]);
    });

    it('holds the record that came with a session', async () => {
      const audit = sampleAudit({ event: JSON.stringify({ eventID: randomUUID() }) });
      await pair.one.sessions.issue({ session: sampleSession(), audit });
      expect(await findAll(two, { sinceMs: audit.timeMs })).toContainEqual(audit);
    });

    it('finds by role, outcome and time, oldest first, in pages of any size', async () => {
      const roleArn = `arn:aws:iam::123456789012:role/${randomUUID()}`;
      const start = Date.now() - 5000;
      const records = Array.from({ length: 90 }, (_, at) =>
        sampleAudit({ roleArn, timeMs: start + at, outcome: at % 3 === 0 ? 'denied' : 'allowed' }),
      );
      for (const record of records) await one.record(record);
      for (const limit of [1, 8, 89, 90, 1000])
        expect(await findAll(two, { roleArn }, limit)).toEqual(records);
      const denied = records.filter(({ outcome }) => outcome === 'denied');
      expect(await findAll(two, { roleArn, outcome: 'denied' }, 7)).toEqual(denied);
      expect(await findAll(two, { roleArn, sinceMs: start + 50 }, 7)).toEqual(records.slice(50));
      expect(await findAll(two, { roleArn, outcome: 'failed' })).toEqual([]);
    });

    it('tells by the cursor where new records begin, so that a reader can follow', async () => {
      const roleArn = `arn:aws:iam::123456789012:role/${randomUUID()}`;
      let { cursor } = await drain(one, { roleArn });
      for (let round = 0; round < 5; round += 1) {
        const fresh = Array.from({ length: 3 }, (_, at) => sampleAudit({ roleArn, timeMs: Date.now() + at }));
        for (const record of fresh) await two.record(record);
        const page = await drain(one, { roleArn }, cursor);
        expect(page.records).toEqual(fresh);
        cursor = page.cursor;
      }
      expect((await drain(one, { roleArn }, cursor)).records).toEqual([]);
    });

    it('shows every record to a reader who follows while others write', async () => {
      const roleArn = `arn:aws:iam::123456789012:role/${randomUUID()}`;
      const records = Array.from({ length: 200 }, () => sampleAudit({ roleArn }));
      const writing = Promise.all(records.map((record, at) => (at % 2 === 0 ? one : two).record(record)));
      const seen: string[] = [];
      let cursor: string | undefined;
      for (let rounds = 0; rounds < 3; rounds += 1) {
        const page = await drain(one, { roleArn }, cursor);
        seen.push(...page.records.map(({ event }) => event));
        cursor = page.cursor;
        await writing;
      }
      expect(seen.toSorted()).toEqual(records.map(({ event }) => event).toSorted());
    });

    it('keeps both records when a reference was given out twice', async () => {
      const reference = sampleReference();
      const [first, second] = [sampleAudit({ reference }), sampleAudit({ reference })];
      await one.record(first);
      await two.record(second);
      expect(await findAll(one, { reference })).toEqual([first, second]);
    });

    it.each(['AAAA-AAAA', '', '}', 'x'.repeat(10_000)])(
      'finds nothing for the reference %j',
      async (reference) => {
        expect(await findAll(one, { reference })).toEqual([]);
      },
    );

    it.each(['', 'x', 'r', 'r,', 'a', 'a1.5', 's1', '9'.repeat(9999), `r${','.repeat(31)}x`])(
      'refuses the cursor %j that no log made',
      async (cursor) => {
        await expect(one.find({}, { limit: 10, cursor })).rejects.toMatchObject({
          code: 'validation-failed',
        });
      },
    );

    it('sweeps records older than it is told, and follows on after that', async () => {
      const roleArn = `arn:aws:iam::123456789012:role/${randomUUID()}`;
      await one.record(sampleAudit({ roleArn }));
      await pair.two.sessions.sweep(Date.now() - 60_000);
      const { records, cursor } = await drain(one, { roleArn });
      expect(records).toHaveLength(1);
      await pair.two.sessions.sweep(Date.now() + 60_000);
      expect(await findAll(one, { roleArn })).toEqual([]);
      const late = sampleAudit({ roleArn });
      await two.record(late);
      expect((await drain(one, { roleArn }, cursor)).records).toEqual([late]);
    });
  });
}

function sampleReference(): string {
  const letters = Array.from({ length: 8 }, () => BASE32.charAt(randomInt(32))).join('');
  return `${letters.slice(0, 4)}-${letters.slice(4)}`;
}

async function findAll(log: AuditLog, query: AuditQuery, limit = 1000): Promise<readonly AuditRecord[]> {
  return (await drain(log, query, undefined, limit)).records;
}

async function drain(
  log: AuditLog,
  query: AuditQuery,
  from?: string,
  limit = 1000,
): Promise<{ readonly records: readonly AuditRecord[]; readonly cursor: string }> {
  const records: AuditRecord[] = [];
  for (let cursor = from; ;) {
    const page = await log.find(query, cursor === undefined ? { limit } : { limit, cursor });
    expect(page.records.length).toBeLessThanOrEqual(limit);
    records.push(...page.records);
    cursor = page.cursor;
    if (!page.more) return { records, cursor };
  }
}
