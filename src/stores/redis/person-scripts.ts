import { script } from './scripts.ts';

/** KEYS: person, the bucket's people. ARGV: the revision that it must have, 0 for none; the value; person; digest. */
export const REPLACE_PERSON = script(`
if (redis.call('HGET', KEYS[1], 'revision') or '0') ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'revision', ARGV[1] + 1, 'sealed', ARGV[2], 'person', ARGV[3])
redis.call('ZADD', KEYS[2], 0, ARGV[4])
return 1`);

/** KEYS: person, the bucket's people. ARGV: digest. */
export const REMOVE_PERSON = script(`
redis.call('ZREM', KEYS[2], ARGV[1])
return redis.call('DEL', KEYS[1])`);

/**
 * KEYS: the bucket's people. ARGV: where to begin, how many, stem of persons. Digests, each followed by the three fields. All
 * have one score, so that Redis keeps them in the order of their digests, which is a place that no newcomer shifts.
 */
export const LIST_PEOPLE = script(`
local found = {}
for _, digest in ipairs(redis.call('ZRANGE', KEYS[1], ARGV[1], '+', 'BYLEX', 'LIMIT', 0, ARGV[2])) do
  found[#found + 1] = digest
  found[#found + 1] = redis.call('HMGET', ARGV[3] .. digest, 'person', 'revision', 'sealed')
end
return found`);
