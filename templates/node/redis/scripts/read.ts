import { HEAD } from './head.ts';
import { READ_AT_ONCE } from './limits.ts';
import { type Script, script } from './script.ts';

/**
 * Reads messages of a channel that are still kept.
 *
 * KEYS: head, log, root, snapshot.
 * ARGV: version of the data, epoch if there is no root, lifetime of heads in seconds, the most
 * messages, the most bytes of those that are more than one, and then for those after a position its
 * number and its epoch; for the newest ones their number alone.
 *
 * Returns the position of the head, the snapshot or an empty text, then the messages, the oldest
 * first. Only who asks for the newest ones gets the snapshot, and then those after it.
 */
export const READ: Script = script(`${HEAD}
local most, room, number, epoch = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6]), ARGV[7]
local newest, ttl, _, position = read_head(KEYS[1], ARGV[1])
if not newest then
	newest, position = 0, root_epoch(KEYS[3], ARGV[2], ARGV[3]) .. '.0.'
end
local page = { position, '' }
if most == 0 then return page end
local after, own = number, position:match('^[^.]+')
if not epoch then
	epoch, after = own, math.max(0, newest - number)
	local snapshot = redis.call('GET', KEYS[4])
	local snapshot_epoch, up_to = (snapshot or ''):match('^s([^.]+)%.([^.]+)')
	if snapshot_epoch == own then page[2], after = snapshot, tonumber(up_to, 36) end
end
if epoch ~= own or after >= newest then return page end
local time = redis.call('TIME')
local oldest = time[1] * 1000 + math.floor(time[2] / 1000) - ttl * 1000

local function parts(entry)
	local number, at = entry[1]:match('^(%d+)-(%d+)$')
	return tonumber(number), tonumber(at)
end

local function is_kept(entry)
	local _, at = parts(entry)
	return at > oldest
end

local function from(number, count)
	local id = string.format('%.0f-0', number)
	return redis.call('XRANGE', KEYS[2], id, '+', 'COUNT', count)
end

local entries = from(after + 1, 1)
if entries[1] and not is_kept(entries[1]) then
	-- Entries expire in their order: look for the first one that has not, by halves.
	local low, high = parts(entries[1]) + 1, newest + 1
	while low < high do
		local middle = math.floor((low + high) / 2)
		local entry = from(middle, 1)[1]
		if entry and not is_kept(entry) then low = parts(entry) + 1 else high = middle end
	end
	entries = from(low, 1)
end
local taken = 0
while entries[1] do
	for _, entry in ipairs(entries) do
		local message = entry[2][2]
		room = room - #message
		if room < 0 and taken > 0 then return page end
		taken = taken + 1
		page[#page + 1] = message
	end
	if taken == most then return page end
	-- As many again: large ones that do not fit are read in vain.
	local next = parts(entries[#entries]) + 1
	entries = from(next, math.min(taken, most - taken, ${READ_AT_ONCE}))
end
return page
`);
