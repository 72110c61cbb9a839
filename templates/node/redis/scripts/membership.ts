import { FIRST_CHANGE } from './limits.ts';
import { type Script, script } from './script.ts';

/**
 * A group is a hash: for each member its last change, its owner and its data. The owner is the
 * process of its connection, which alone may remove it; another process that enters the member
 * becomes its owner. The field `#` numbers the changes, so that who listens notices a lost one. It
 * begins with the time: a group that was empty never repeats a number.
 */
const CHANGE = `
local function next_change(key)
	if redis.call('EXISTS', key) == 1 then
		return string.format('%.0f', redis.call('HINCRBY', key, '#', 1))
	end
	local time = redis.call('TIME')
	local milliseconds = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
	local change = string.format('%.0f', milliseconds * ${FIRST_CHANGE})
	redis.call('HSET', key, '#', change)
	return change
end

local function tell(subject, message)
	if subject ~= '' then redis.call('PUBLISH', subject, message) end
end

local function end_if_empty(key)
	if redis.call('HLEN', key) > 1 then return 0 end
	redis.call('DEL', key)
	return 1
end
`;

/**
 * Adds a member, or replaces its data and its owner. One that is about to depart stays as it is if
 * another process has entered it.
 *
 * KEYS: group. ARGV: id, owner, data, subject or nothing, 1 for a member that is about to depart.
 *
 * Returns 1 for the first member of the group.
 */
export const ENTER: Script = script(`${CHANGE}
local key, id, owner, data, subject = KEYS[1], ARGV[1], ARGV[2], ARGV[3], ARGV[4]
if ARGV[5] == '1' then
	local known = redis.call('HGET', key, id)
	if known and known:match('^%S+ (%S+)') ~= owner then return 0 end
end
local is_first = 1 - redis.call('EXISTS', key)
local change = next_change(key)
redis.call('HSET', key, id, change .. ' ' .. owner .. ' ' .. data)
tell(subject, 'p' .. change .. '\\n' .. data)
return is_first
`);

/**
 * Removes a member if the process is still its owner.
 *
 * KEYS: group. ARGV: id, owner, subject or nothing.
 *
 * Returns 1 if it was the last member of the group.
 */
export const DEPART: Script = script(`${CHANGE}
local key, id, owner, subject = KEYS[1], ARGV[1], ARGV[2], ARGV[3]
local member = redis.call('HGET', key, id)
if not member or member:match('^%S+ (%S+)') ~= owner then return 0 end
redis.call('HDEL', key, id)
tell(subject, 'd' .. next_change(key) .. '\\n' .. id)
return end_if_empty(key)
`);

/**
 * Removes all members of a dead process. It happens at once, so that each one is told once.
 *
 * KEYS: group. ARGV: owner, subject or nothing.
 *
 * Returns 1 if the group is empty now.
 */
export const REAP: Script = script(`${CHANGE}
local key, owner, subject = KEYS[1], ARGV[1], ARGV[2]
local members, has_removed = redis.call('HGETALL', key), false
for index = 1, #members, 2 do
	local id = members[index]
	if id ~= '#' and members[index + 1]:match('^%S+ (%S+)') == owner then
		redis.call('HDEL', key, id)
		tell(subject, 'd' .. next_change(key) .. '\\n' .. id)
		has_removed = true
	end
end
if not has_removed then return 0 end
return end_if_empty(key)
`);

/**
 * Publishes a message to each process that has members of a group.
 *
 * KEYS: group. ARGV: the beginning of the subjects of processes, message.
 */
export const SEND: Script = script(`
local owners, members = {}, redis.call('HGETALL', KEYS[1])
for index = 1, #members, 2 do
	local owner = members[index] ~= '#' and members[index + 1]:match('^%S+ (%S+)')
	if owner and not owners[owner] then
		owners[owner] = true
		redis.call('PUBLISH', ARGV[1] .. owner, ARGV[2])
	end
end
return redis.status_reply('OK')
`);
