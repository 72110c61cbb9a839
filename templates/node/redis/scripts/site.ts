import { type Script, script } from './script.ts';

/**
 * Marks a prefix as the site's own.
 *
 * KEYS: mark. ARGV: name of the site, version of the data, a random text.
 *
 * Returns the name and the version in the mark, and a text that changes when the data is lost.
 */
export const MARK: Script = script(`
redis.call('HSETNX', KEYS[1], 'site', ARGV[1])
redis.call('HSETNX', KEYS[1], 'life', ARGV[3])
local mark = redis.call('HMGET', KEYS[1], 'site', 'format', 'life')
if not mark[2] or (mark[1] == ARGV[1] and tonumber(mark[2]) < tonumber(ARGV[2])) then
	redis.call('HSET', KEYS[1], 'format', ARGV[2])
	mark[2] = ARGV[2]
end
return mark
`);

/**
 * Keeps a revocation for a while, and publishes it: a process whose link was cut reads it again.
 *
 * KEYS: revocations. ARGV: subject, revocation, the most that are kept, seconds.
 */
export const REVOKE: Script = script(`
local id = redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[3], '*', 'r', ARGV[2])
redis.call('EXPIRE', KEYS[1], ARGV[4])
redis.call('PUBLISH', ARGV[1], 'r' .. id .. '\\n' .. ARGV[2])
return id
`);
