import { FILE, script } from './scripts.ts';
import { CONSUMED_AT, EXPIRES_AT, HEAD_CHARS, NOT_CONSUMED } from './oauth-record.ts';

// Redis drops a record by its own clock; the clock that judges is the caller's.
const HEAD = `
local function head_of(key)
  return redis.call('GETRANGE', key, 0, ${HEAD_CHARS - 1})
end
local function living(head, now)
  return (tonumber(string.sub(head, ${EXPIRES_AT + 1}, ${CONSUMED_AT})) or 0) > tonumber(now)
end
local function consumed_at(head)
  return string.sub(head, ${CONSUMED_AT + 1}, ${HEAD_CHARS})
end`;

/** KEYS: record. ARGV: now, expiry, what comes before and after the time of its use. The time of an older one's use stays. */
export const SAVE = script(`${HEAD}
local now, expires, before, after = unpack(ARGV)
local old = head_of(KEYS[1])
local consumed = living(old, now) and consumed_at(old) or '${NOT_CONSUMED}'
redis.call('SET', KEYS[1], before .. consumed .. after, 'PXAT', expires)`);

/** KEYS: record. ARGV: now, when it is used, as in the record. */
export const CONSUME = script(`${HEAD}
local head = head_of(KEYS[1])
if head == '' then return 'gone' end
if #head ~= ${HEAD_CHARS} then return 'corrupt' end
if not living(head, ARGV[1]) then return 'gone' end
if consumed_at(head) ~= '${NOT_CONSUMED}' then return 'already-consumed' end
redis.call('SETRANGE', KEYS[1], ${CONSUMED_AT}, ARGV[2])
return 'consumed'`);

/** KEYS: what came from a grant. ARGV: name of the record, expiry, now. */
export const FILE_UNDER_GRANT = script(`${FILE}
local name, expires, now = unpack(ARGV)
file(KEYS[1], name, expires, expires, now)`);
