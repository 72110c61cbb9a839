import { type Script, script } from './script.ts';

/**
 * Renews the lease of a process, buries those that have not been renewed for a while, and sends the
 * process a sign of life. The score of a lease is the time of its renewal. How old it is, is not
 * judged by the clock of Redis, which may jump, but by the process that saw it unchanged.
 *
 * KEYS: living processes, dead processes.
 * ARGV: process, subject of the process, sign of life; then processes to bury, each with the score
 * that it was seen with.
 *
 * Returns whether the process had its lease still (1 or 0), the time in milliseconds, the number of
 * living processes, those and their last renewals, and the dead ones.
 */
export const RENEW: Script = script(`
local id, subject, sign = ARGV[1], ARGV[2], ARGV[3]
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local function whole(number) return string.format('%.0f', number) end

local lease = redis.call('ZSCORE', KEYS[1], id)
redis.call('ZADD', KEYS[1], whole(now), id)
for index = 4, #ARGV, 2 do
	local ended = ARGV[index]
	if redis.call('ZSCORE', KEYS[1], ended) == ARGV[index + 1] then
		redis.call('ZREM', KEYS[1], ended)
		redis.call('ZADD', KEYS[2], whole(now), ended)
	end
end
redis.call('PUBLISH', subject, sign)
local living = redis.call('ZRANGE', KEYS[1], 0, -1, 'WITHSCORES')
local answer = { lease and 1 or 0, whole(now), #living / 2 }
for _, text in ipairs(living) do answer[#answer + 1] = text end
for _, dead in ipairs(redis.call('ZRANGE', KEYS[2], 0, -1)) do answer[#answer + 1] = dead end
return answer
`);
