import { HEAD } from './head.ts';
import { type Script, script } from './script.ts';

/**
 * Reads messages of a channel that are still kept.
 *
 * KEYS: head, log, root, snapshot.
 * ARGV: version of the data, epoch if there is no root, lifetime of heads in seconds, the most
 * messages, and then for those after a position its epoch and its number; nothing for the newest.
 *
 * Returns the position of the head, the snapshot or an empty text, then the messages, the oldest
 * first. Only who asks for the newest ones gets the snapshot, and then the oldest ones after it.
 */
export const READ: Script = script(`${HEAD}
local limit, epoch, after = tonumber(ARGV[4]), ARGV[5], tonumber(ARGV[6])
local newest, ttl, _, position = read_head(KEYS[1], ARGV[1])
if not newest then
	newest, position = 0, root_epoch(KEYS[3], ARGV[2], ARGV[3]) .. '.0.'
end
local page = { position, '' }
if limit == 0 then return page end
local snapshot = not epoch and redis.call('GET', KEYS[4])
local snapshot_epoch, number = (snapshot or ''):match('^s([^.]+)%.([^.]+)')
if snapshot_epoch == position:match('^[^.]+') then
	page[2], epoch, after = snapshot, snapshot_epoch, tonumber(number, 36)
end
if newest == 0 then return page end
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

if epoch then
	if epoch ~= position:match('^[^.]+') or after >= newest then return page end
	local function from(number, count)
		local id = string.format('%.0f-0', number)
		return redis.call('XRANGE', KEYS[2], id, '+', 'COUNT', count)
	end
	local first = after + 1
	local entries = from(first, limit)
	if entries[1] and not is_kept(entries[1]) then
		-- Entries expire in their order: look for the first one that has not, by halves.
		local low, high = parts(entries[1]) + 1, newest + 1
		while low < high do
			local middle = math.floor((low + high) / 2)
			local entry = from(middle, 1)[1]
			if entry and not is_kept(entry) then low = parts(entry) + 1 else high = middle end
		end
		entries = from(low, limit)
	end
	for _, entry in ipairs(entries) do page[#page + 1] = entry[2][2] end
else
	local entries = redis.call('XREVRANGE', KEYS[2], '+', '-', 'COUNT', limit)
	for index = #entries, 1, -1 do
		if is_kept(entries[index]) then page[#page + 1] = entries[index][2][2] end
	end
end
return page
`);
