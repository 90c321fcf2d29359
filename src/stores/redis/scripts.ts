import { createHash } from 'node:crypto';

export type Script = { readonly lua: string; readonly sha: string };

/**
 * Appends an audit record and, where it has a reference, files its stream id under that. References are short enough to
 * meet now and then: ids are appended, so the older record stays findable.
 */
const NOTE = `
local function note(stream, reference, args)
  local oldest, keep, time, outcome, ref, role, event = unpack(args)
  local id = redis.call('XADD', stream, 'MINID', '~', oldest, '*',
    't', time, 'o', outcome, 'r', ref, 'a', role, 'e', event)
  if ref ~= '' then
    redis.call('APPEND', reference, id .. ' ')
    redis.call('PEXPIRE', reference, keep)
  end
end`;

/** A key that others name stays until the last of them has gone. */
export const KEEP = `
local function keep_until(key, time)
  if redis.call('PEXPIREAT', key, time, 'GT') == 0 then redis.call('PEXPIREAT', key, time, 'NX') end
end`;

/**
 * Adds a member to a set that is scored by expiry and takes a few expired ones out: a few, so that no call pays for all
 * that expired before it. The set outlives its last member a little, so that a sweep can still count what went.
 */
export const FILE = `${KEEP}
local function file(key, member, expires, keep, now)
  redis.call('ZADD', key, 'GT', expires, member)
  local gone = redis.call('ZRANGE', key, '-inf', now, 'BYSCORE', 'LIMIT', 0, 8)
  if #gone > 0 then redis.call('ZREM', key, unpack(gone)) end
  keep_until(key, keep)
end`;

/**
 * KEYS: session, audit stream, reference, mark, issuers, then the session's indexes.
 * ARGV: seven of the audit record, now, expiry, end of the indexes, access key id, record, issuer digest, expiry of the
 * mark or ''. The first write is one that Redis refuses when memory is full; after it Redis lets the script finish, so it
 * is all or nothing.
 */
export const ISSUE = script(`${NOTE}${FILE}
local now, expires, keep, id, record, issuer, mark = unpack(ARGV, 8, 14)
if redis.call('EXISTS', KEYS[1]) == 1 then return 'taken' end
if mark ~= '' and not redis.call('SET', KEYS[4], '', 'NX', 'PXAT', mark) then return 'already-used' end
redis.call('SET', KEYS[1], record, 'PXAT', expires)
file(KEYS[5], issuer, expires, keep, now)
for at = 6, #KEYS do file(KEYS[at], id, expires, keep, now) end
note(KEYS[2], KEYS[3], ARGV)
return 'issued'`);

/** KEYS: audit stream, reference. ARGV: seven of the audit record. */
export const RECORD = script(`${NOTE}
note(KEYS[1], KEYS[2], ARGV)`);

/** KEYS: counter. ARGV: window. The window begins with the first attempt and is not moved by later ones. */
export const COUNT = script(`
local count = redis.call('INCR', KEYS[1])
if count == 1 then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
return count`);

/** KEYS: hash. ARGV: the revision that it must have, 0 for none; the value. */
export const REPLACE = script(`
if (redis.call('HGET', KEYS[1], 'revision') or '0') ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'revision', ARGV[1] + 1, 'sealed', ARGV[2])
return 1`);

export function script(lua: string): Script {
  return { lua, sha: createHash('sha1').update(lua).digest('hex') };
}
