import { randomBytes } from 'node:crypto';
import type { Tokens } from './sign-in.ts';

/** Somebody's session at the application: in memory, as nothing here outlives the demo. */
export type DashboardSession = { readonly id: string; readonly formToken: string; readonly tokens: Tokens };

/** `toldAtMs`: when the bridge said by back-channel logout that the sign-in ended. */
export type EndedSession = { readonly sid: unknown; readonly toldAtMs?: number };

export type DashboardSessions = {
  /** Always under a new name: an older one may be known to somebody else. */
  readonly start: (tokens: Tokens) => DashboardSession;
  readonly find: (id: string) => DashboardSession | undefined;
  /** After a refresh. */
  readonly keep: (id: string, tokens: Tokens) => void;
  readonly end: (id: string) => void;
  /** Ends all that began with this sign-in at the bridge. */
  readonly endBySid: (sid: string, toldAtMs: number) => void;
  readonly findEnded: (id: string) => EndedSession | undefined;
};

/** More are not kept: the oldest go first. */
const MAX_SESSIONS = 1000;

export function createDashboardSessions(): DashboardSessions {
  const open = new Map<string, DashboardSession>();
  const ended = new Map<string, EndedSession>();
  const end = (id: string): void => {
    const session = open.get(id);
    if (session === undefined) return;
    open.delete(id);
    limit(ended).set(id, { sid: session.tokens.claims['sid'] });
  };
  return {
    start: (tokens) => {
      const session = { id: randomName(), formToken: randomName(), tokens };
      limit(open).set(session.id, session);
      return session;
    },
    find: (id) => open.get(id),
    keep: (id, tokens) => {
      const session = open.get(id);
      // It may have ended while the bridge answered.
      if (session !== undefined) open.set(id, { ...session, tokens });
    },
    end,
    endBySid: (sid, toldAtMs) => {
      for (const { id, tokens } of [...open.values()]) if (tokens.claims['sid'] === sid) end(id);
      for (const [id, session] of ended) if (session.sid === sid) ended.set(id, { sid, toldAtMs });
    },
    findEnded: (id) => ended.get(id),
  };
}

function limit<T>(map: Map<string, T>): Map<string, T> {
  const [oldest] = map.keys();
  if (map.size >= MAX_SESSIONS && oldest !== undefined) map.delete(oldest);
  return map;
}

export function randomName(): string {
  return randomBytes(32).toString('base64url');
}
