import { type Script, script } from './script.ts';

/**
 * Tells where channels are, so that a process can compare it with what it got.
 *
 * KEYS: head, root and presence of each channel.
 *
 * Returns two texts for each channel: its head, else its root, and the number of the last change of
 * its presence. They are empty where there is nothing.
 */
export const CHECK: Script = script(`
local found = {}
for index = 1, #KEYS, 3 do
	local head = redis.call('GET', KEYS[index])
	local position = head and head:match('(%S+)$')
	if not position then
		local epoch = redis.call('GET', KEYS[index + 1])
		position = epoch and (epoch .. '.0.') or ''
	end
	found[#found + 1] = position
	found[#found + 1] = redis.call('HGET', KEYS[index + 2], '#') or ''
end
return found
`);
