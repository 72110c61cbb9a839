/**
 * Lua functions about the head of a channel. It is a text: the version of the data, the number of the
 * newest message, the seconds that messages are kept, the time in seconds at which Redis drops the
 * log, and the position of the newest message.
 *
 * A channel without messages has no head. Its position comes from a root that many channels share,
 * so that asking for made-up channels stores nothing. The root expires with the heads: a position
 * of it never outlives a message that was published after it.
 */
export const HEAD: string = `
local function read_head(key, format)
	local stored = redis.call('GET', key)
	if not stored then return nil end
	local version, number, ttl, dropped, position = stored:match('^(%d+) (%d+) (%d+) (%d+) (.+)$')
	if version ~= format then
		error({ err = 'ZNEWER the channel was written by another version' })
	end
	return tonumber(number), tonumber(ttl), tonumber(dropped), position
end

local function root_epoch(key, candidate, lifetime)
	local epoch = redis.call('GET', key)
	if epoch then return epoch end
	redis.call('SET', key, candidate, 'EX', lifetime)
	return candidate
end
`;
