import { FIRST_CHANGE, IS_LAST, WAS_FIRST } from './limits.ts';
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
 * The turn of a group is a text: who made it begin or end last. A coming has a name; that of the first
 * member follows a plus, that of the last one a minus, and the name of a dead process as well. So a
 * command that is repeated, because its answer was lost, is answered as it was before.
 */
const TURN = `
local function is_turn(key, turn)
	return key and redis.call('GET', key) == turn
end
`;

/**
 * Adds a member, or replaces its data and its owner. One that is about to depart stays as it is if
 * another process has entered it.
 *
 * KEYS: group, and its turn if somebody is told of it. ARGV: id, owner, data, subject or nothing, 1
 * for a member that is about to depart, name of its coming.
 *
 * Returns 1 for the first member of a group that has a turn.
 */
export const ENTER: Script = script(`${CHANGE}${TURN}
local key, turn, id, owner, data, subject, name = KEYS[1], KEYS[2], ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[6]
local known = ARGV[5] == '1' and redis.call('HGET', key, id)
if not known or known:match('^%S+ (%S+)') == owner then
	if turn and redis.call('EXISTS', key) == 0 then redis.call('SET', turn, '+' .. name) end
	local change = next_change(key)
	redis.call('HSET', key, id, change .. ' ' .. owner .. ' ' .. data)
	tell(subject, 'p' .. change .. '\\n' .. data)
end
return is_turn(turn, '+' .. name) and 1 or 0
`);

/**
 * Removes a member if the process is still its owner.
 *
 * KEYS: as in ENTER. ARGV: id, owner, subject or nothing, name of its coming, lifetime of the turn of
 * an empty group in milliseconds.
 *
 * Returns ${IS_LAST} if it was the last member of the group, and ${WAS_FIRST} more if it was the first one.
 */
export const DEPART: Script = script(`${CHANGE}${TURN}
local key, turn, id, owner, subject, name = KEYS[1], KEYS[2], ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local member = redis.call('HGET', key, id)
local was_first = is_turn(turn, '+' .. name)
if member and member:match('^%S+ (%S+)') == owner then
	redis.call('HDEL', key, id)
	tell(subject, 'd' .. next_change(key) .. '\\n' .. id)
	if end_if_empty(key) == 1 and turn then
		redis.call('SET', turn, '-' .. name .. (was_first and '+' or ''), 'PX', ARGV[5])
	end
end
if is_turn(turn, '-' .. name .. '+') then return ${IS_LAST + WAS_FIRST} end
return (is_turn(turn, '-' .. name) and ${IS_LAST} or 0) + (was_first and ${WAS_FIRST} or 0)
`);

/**
 * Removes all members of a dead process. It happens at once, so that each one is told once.
 *
 * KEYS: as in ENTER. ARGV: owner, subject or nothing, lifetime of the turn of an empty group in
 * milliseconds.
 *
 * Returns 1 if a group that has a turn is empty because of this.
 */
export const REAP: Script = script(`${CHANGE}${TURN}
local key, turn, owner, subject = KEYS[1], KEYS[2], ARGV[1], ARGV[2]
local members, has_removed = redis.call('HGETALL', key), false
for index = 1, #members, 2 do
	local id = members[index]
	if id ~= '#' and members[index + 1]:match('^%S+ (%S+)') == owner then
		redis.call('HDEL', key, id)
		tell(subject, 'd' .. next_change(key) .. '\\n' .. id)
		has_removed = true
	end
end
if has_removed and end_if_empty(key) == 1 and turn then
	redis.call('SET', turn, '-' .. owner, 'PX', ARGV[3])
end
return is_turn(turn, '-' .. owner) and 1 or 0
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
