import { type Script, script } from './script.ts';

/**
 * A session is a hash: its id, its connection and the process of that, the server that wrote it, and
 * its claims. A server that restarted, or took over, may lack the newest claims. It does not resume the
 * sessions of before: their clients are told that the fate of messages without an answer is unknown.
 *
 * The sessions of a user are in a sorted set by the time when their connection ended.
 */
const SERVER = `
local function server()
	local info = redis.call('INFO', 'server') .. redis.call('INFO', 'replication')
	local run = info:match('run_id:(%w+)') or ''
	local history = info:match('master_replid:(%w+)') or ''
	return run:sub(1, 12) .. history:sub(1, 12)
end
`;

/**
 * Opens a session.
 *
 * KEYS: session, and the sessions of the user if there is one.
 * ARGV: id, process, lifetime in milliseconds, the session's name in the user's sessions, the most
 * sessions of a user, the beginning of the keys of sessions, the connection.
 */
export const OPEN: Script = script(`${SERVER}
local session, sessions = KEYS[1], KEYS[2]
local id, process, lifetime, name, most, prefix = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6]
redis.call('HSET', session, 'id', id, 'process', process, 'server', server(), 'connection', ARGV[7])
redis.call('PEXPIRE', session, lifetime)
if sessions then
	redis.call('ZADD', sessions, '+inf', name)
	redis.call('PEXPIRE', sessions, lifetime)
	if redis.call('ZCARD', sessions) > tonumber(most) then
		for _, other in ipairs(redis.call('ZRANGE', sessions, 0, -1)) do
			if redis.call('EXISTS', prefix .. other) == 0 then redis.call('ZREM', sessions, other) end
		end
	end
	if redis.call('ZCARD', sessions) > tonumber(most) then
		local oldest = redis.call('ZRANGE', sessions, 0, 0, 'WITHSCORES')
		if oldest[2] ~= 'inf' then
			redis.call('ZREM', sessions, oldest[1])
			redis.call('DEL', prefix .. oldest[1])
		end
	end
end
return redis.status_reply('OK')
`);

/**
 * Continues a session, and tells the process that may still have its older connection.
 *
 * KEYS: as in OPEN. ARGV: process, lifetime in milliseconds, name, the connection, the beginning of
 * the subjects of processes; then earlier ids of the process, which has another one after its lease
 * has ended.
 *
 * Returns its id, or nothing.
 */
export const RESUME: Script = script(`${SERVER}
local function was_own(process)
	for index = 6, #ARGV do
		if ARGV[index] == process then return true end
	end
	return false
end

local session, sessions = KEYS[1], KEYS[2]
local process, lifetime, name = ARGV[1], ARGV[2], ARGV[3]
local known = redis.call('HMGET', session, 'id', 'server', 'process', 'connection')
if not known[1] or known[2] ~= server() then
	redis.call('DEL', session)
	if sessions then redis.call('ZREM', sessions, name) end
	return false
end
redis.call('HSET', session, 'process', process, 'connection', ARGV[4])
if known[3] ~= process and not was_own(known[3]) then
	redis.call('PUBLISH', ARGV[5] .. known[3], 't' .. known[4])
end
redis.call('PEXPIRE', session, lifetime)
if sessions then
	redis.call('ZADD', sessions, '+inf', name)
	redis.call('PEXPIRE', sessions, lifetime)
end
return known[1]
`);

/**
 * Lets a session end soon, unless another connection continued it.
 *
 * KEYS: as in OPEN. ARGV: connection, lifetime in milliseconds, name.
 */
export const SUSPEND: Script = script(`
local session, sessions = KEYS[1], KEYS[2]
local connection, lifetime, name = ARGV[1], ARGV[2], ARGV[3]
if redis.call('HGET', session, 'connection') ~= connection then return 0 end
redis.call('PEXPIRE', session, lifetime)
if sessions then
	local time = redis.call('TIME')
	local microseconds = tonumber(time[1]) * 1000000 + tonumber(time[2])
	redis.call('ZADD', sessions, string.format('%.0f', microseconds), name)
end
return 1
`);

/**
 * Lets sessions of connections that are still open live on.
 *
 * KEYS: sessions, and sessions of users. ARGV: lifetime in milliseconds.
 */
export const PROLONG: Script = script(`
for _, key in ipairs(KEYS) do redis.call('PEXPIRE', key, ARGV[1]) end
return #KEYS
`);

/**
 * Claims messages of sessions and keeps the results of others. The field of a claim is \`c\` and the
 * message's number. It holds the process whose handler runs, or \`=\` and the result.
 *
 * KEYS: the session of each operation.
 * ARGV: lifetime of a session without an end in milliseconds, the most claims of a session; then for
 * each operation its name, the message, the process, and the result for \`settle\`. A process settles
 * what it claimed under the id of that time.
 *
 * Returns a text for each operation: nothing for a new claim, else the field of the claim.
 */
export const CLAIMS: Script = script(`
local lifetime, most = ARGV[1], tonumber(ARGV[2])

-- The claims with the lowest numbers go. A handler that still runs must not start again.
local function forget_oldest(session)
	if redis.call('HLEN', session) < most * 1.25 then return end
	local fields, settled = redis.call('HGETALL', session), {}
	for index = 1, #fields, 2 do
		local number = fields[index]:match('^c(%d+)$')
		if number and fields[index + 1]:sub(1, 1) == '=' then settled[#settled + 1] = tonumber(number) end
	end
	table.sort(settled)
	for index = 1, #settled - most do
		redis.call('HDEL', session, string.format('c%.0f', settled[index]))
	end
end

local function claim(session, field, process)
	if redis.call('HSETNX', session, field, process) == 0 then
		return redis.call('HGET', session, field)
	end
	if redis.call('PTTL', session) == -1 then redis.call('PEXPIRE', session, lifetime) end
	forget_oldest(session)
	return ''
end

local answers = {}
for index, session in ipairs(KEYS) do
	local place = index * 4 - 1
	local operation, field = ARGV[place], 'c' .. ARGV[place + 1]
	local process, result = ARGV[place + 2], ARGV[place + 3]
	local answer = ''
	if operation == 'claim' then
		answer = claim(session, field, process)
	elseif operation == 'look' then
		answer = redis.call('HGET', session, field) or ''
	elseif redis.call('HGET', session, field) == process then
		if operation == 'settle' then redis.call('HSET', session, field, '=' .. result)
		else redis.call('HDEL', session, field) end
	end
	answers[index] = answer
end
return answers
`);
