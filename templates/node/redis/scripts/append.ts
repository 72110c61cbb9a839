import { HEAD } from './head.ts';
import { type Script, script } from './script.ts';

/**
 * Numbers messages, keeps them and publishes them. The id in the stream is the number, with the time
 * as its second part: entries are found by number, and expire by the time of Redis. The publisher
 * knows that time, because asking for it costs as much as keeping a message.
 *
 * The stream is dropped when its last message has expired long ago. It is told rarely, for the same
 * reason.
 *
 * Everything that can fail stands before the first write.
 *
 * KEYS: head, log, root, and the key of the publisher's id if there is one.
 * ARGV: subject, epoch if there is no root, size, ttl in seconds, time of Redis in milliseconds,
 * lifetime of heads in seconds, lifetime of ids in milliseconds, version of the data, and a body and
 * a tag for each message.
 *
 * Returns the positions.
 */
export const APPEND: Script = script(`${HEAD}
local call, size, ttl, time, format = redis.call, ARGV[3], ARGV[4], ARGV[5], ARGV[8]
if KEYS[4] then
	local known = call('GET', KEYS[4])
	if known then return { known } end
end
local number, _, dropped, previous = read_head(KEYS[1], format)
local epoch
if number then
	epoch = previous:match('^[^.]+')
else
	number, dropped, epoch = 0, 0, root_epoch(KEYS[3], ARGV[2], ARGV[6])
	previous = epoch .. '.0.'
	-- A log without its head is of an earlier life of the channel.
	call('DEL', KEYS[2])
end
local isKept, decimal = size ~= '0', ''
local messages, positions = {}, {}
for index = 9, #ARGV, 2 do
	number = number + 1
	local digits, rest = '', number
	repeat
		local digit = rest % 36
		digits = ('0123456789abcdefghijklmnopqrstuvwxyz'):sub(digit + 1, digit + 1) .. digits
		rest = (rest - digit) / 36
	until rest == 0
	local position = epoch .. '.' .. digits .. '.' .. ARGV[index + 1]
	local message = 'e' .. position .. '\\n' .. previous .. '\\n' .. ARGV[index]
	decimal = string.format('%.0f', number)
	if isKept then
		call('XADD', KEYS[2], 'MAXLEN', size, decimal .. '-' .. time, 'm', message)
	end
	messages[#messages + 1] = message
	positions[#positions + 1] = position
	previous = position
end
if isKept then
	local seconds = math.floor(time / 1000)
	if dropped < seconds + ttl + 1 then
		call('EXPIRE', KEYS[2], 2 * ttl)
		dropped = seconds + 2 * ttl
	end
else
	if dropped > 0 then call('DEL', KEYS[2]) end
	dropped = 0
end
local head = format .. ' ' .. decimal .. ' ' .. ttl .. ' ' .. string.format('%.0f', dropped) .. ' ' .. previous
call('SET', KEYS[1], head, 'EX', ARGV[6])
if KEYS[4] then call('SET', KEYS[4], previous, 'PX', ARGV[7]) end
for _, message in ipairs(messages) do call('PUBLISH', ARGV[1], message) end
return positions
`);
