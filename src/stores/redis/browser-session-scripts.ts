import { MOST_BROWSER_SESSIONS } from '../most-browser-sessions.ts';
import { KEEP, script } from './scripts.ts';

/*
 * A browser session is a hash: person, seen, expires, sealed, and the digest of its person, which names the set that its id is
 * in. A session is ended by its id alone, and a person's sessions are ended together, so scripts make some names of keys by
 * themselves, as stem and end; the stem has the bucket's hash tag, so these keys are in the slot of those that were declared.
 *
 * Redis drops a session by its own clock; the clock that judges is the caller's.
 */
const LIVING = `
local function living(key, now)
  local expires = redis.call('HGET', key, 'expires')
  return expires and tonumber(expires) > tonumber(now)
end`;

/**
 * An id that leaves the set takes its session along, for what the set does not name is not found when all are to end. What has
 * expired is dropped when the set is full, so the set never grows beyond the bound.
 */
const ADMIT = `${KEEP}${LIVING}
local function drop(set, stem, id)
  redis.call('DEL', stem .. id)
  redis.call('SREM', set, id)
end
local function make_room(set, stem, now)
  if redis.call('SCARD', set) < ${MOST_BROWSER_SESSIONS} then return end
  local kept = {}
  for _, id in ipairs(redis.call('SMEMBERS', set)) do
    if living(stem .. id, now) then
      kept[#kept + 1] = { id, tonumber(redis.call('HGET', stem .. id, 'seen')) }
    else
      drop(set, stem, id)
    end
  end
  table.sort(kept, function(a, b) return a[2] < b[2] end)
  for at = 1, #kept - ${MOST_BROWSER_SESSIONS - 1} do drop(set, stem, kept[at][1]) end
end
local function admit(key, set, args)
  local now, stem, id, person, digest, seen, expires, sealed = unpack(args)
  make_room(set, stem, now)
  redis.call('HSET', key, 'person', person, 'digest', digest, 'seen', seen, 'expires', expires, 'sealed', sealed)
  redis.call('PEXPIREAT', key, expires)
  redis.call('SADD', set, id)
  keep_until(set, expires)
end`;

/** KEYS: session, the person's set. ARGV: now, stem of sessions, id, person, digest, seen, expires, sealed. */
export const CREATE = script(`${ADMIT}
if living(KEYS[1], ARGV[1]) then return 'taken' end
admit(KEYS[1], KEYS[2], ARGV)
return 'done'`);

/** KEYS: new session, the person's set, old session. ARGV: as of {@link CREATE}, then the old id. */
export const SUCCEED = script(`${ADMIT}
local now, person, old = ARGV[1], ARGV[4], ARGV[9]
if not living(KEYS[3], now) or redis.call('HGET', KEYS[3], 'person') ~= person then return 'gone' end
if KEYS[1] ~= KEYS[3] and living(KEYS[1], now) then return 'taken' end
drop(KEYS[2], ARGV[2], old)
admit(KEYS[1], KEYS[2], ARGV)
return 'done'`);

/**
 * KEYS: session. ARGV: now, seen, expires, stem of sets. The expiry comes first: a full Redis takes it, and after it lets the
 * script finish, so that people who are signed in can go on. Where it is over by Redis's clock, the session has gone with it
 * and must not come again as half a hash without an end.
 */
export const TOUCH = script(`${KEEP}${LIVING}
if not living(KEYS[1], ARGV[1]) then return 0 end
redis.call('PEXPIREAT', KEYS[1], ARGV[3])
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
redis.call('HSET', KEYS[1], 'seen', ARGV[2], 'expires', ARGV[3])
keep_until(ARGV[4] .. redis.call('HGET', KEYS[1], 'digest'), ARGV[3])
return 1`);

/** KEYS: session. ARGV: now, sealed. */
export const UPDATE = script(`${LIVING}
if not living(KEYS[1], ARGV[1]) then return 0 end
redis.call('HSET', KEYS[1], 'sealed', ARGV[2])
return 1`);

/** KEYS: session. ARGV: now, id, stem of sets. */
export const END = script(`${LIVING}
if not living(KEYS[1], ARGV[1]) then return 0 end
redis.call('SREM', ARGV[3] .. redis.call('HGET', KEYS[1], 'digest'), ARGV[2])
redis.call('DEL', KEYS[1])
return 1`);

/** KEYS: the person's set. ARGV: now, stem of sessions, the id that is spared. */
export const END_ALL = script(`${LIVING}
local ended = 0
for _, id in ipairs(redis.call('SMEMBERS', KEYS[1])) do
  if id ~= ARGV[3] then
    if living(ARGV[2] .. id, ARGV[1]) then ended = ended + 1 end
    redis.call('DEL', ARGV[2] .. id)
    redis.call('SREM', KEYS[1], id)
  end
end
return ended`);

/** KEYS: the person's set. ARGV: now, stem of sessions. Ids, each followed by the four fields. */
export const LIST = script(`${LIVING}
local found = {}
for _, id in ipairs(redis.call('SMEMBERS', KEYS[1])) do
  if living(ARGV[2] .. id, ARGV[1]) then
    found[#found + 1] = id
    found[#found + 1] = redis.call('HMGET', ARGV[2] .. id, 'person', 'seen', 'expires', 'sealed')
  end
end
return found`);
