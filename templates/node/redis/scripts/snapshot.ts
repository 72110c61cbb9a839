import { HEAD } from './head.ts';
import { type Script, script } from './script.ts';

/**
 * Keeps a message in place of those up to a position, if the log has everything that came after it.
 * The head lives on with it: a snapshot of another life of the channel is worth nothing.
 *
 * KEYS: head, log, root, snapshot.
 * ARGV: version of the data, position, its epoch, its number, message, lifetime of heads in seconds.
 *
 * Returns 1, or 0 if it comes too late.
 */
export const SNAPSHOT: Script = script(`${HEAD}
local call, position, epoch, number = redis.call, ARGV[2], ARGV[3], tonumber(ARGV[4])
local newest, ttl, _, head = read_head(KEYS[1], ARGV[1])
if not newest then
	newest, head = 0, (call('GET', KEYS[3]) or '') .. '.0.'
end
if number > newest or head:match('^[^.]*') ~= epoch then return 0 end

local stored = call('GET', KEYS[4])
if stored then
	local known_epoch, known = stored:match('^s([^.]+)%.([^.]+)')
	if known_epoch == epoch and tonumber(known, 36) > number then return 0 end
end

if number < newest then
	local first = call('XRANGE', KEYS[2], string.format('%.0f-0', number + 1), '+', 'COUNT', 1)[1]
	if not first or first[2][2]:match('^[^\\n]*\\n([^\\n]*)') ~= position then return 0 end
	local time = call('TIME')
	local at = tonumber(first[1]:match('(%d+)$'))
	if at <= time[1] * 1000 + math.floor(time[2] / 1000) - ttl * 1000 then return 0 end
elseif position ~= head then
	return 0
end

call('SET', KEYS[4], ARGV[5], 'EX', ARGV[6])
call('EXPIRE', KEYS[1], ARGV[6])
call('XTRIM', KEYS[2], 'MINID', string.format('%.0f-0', number + 1))
return 1
`);
