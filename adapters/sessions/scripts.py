"""What Redis does in one step with the copy of a session. All moments are Unix milliseconds.

A copy is a hash: `seen` (last use), `written` (the last use that the database knows); or `ended` alone, for a while.
KEYS of each script: the copy, the user's index by expiry.
"""

TOUCH = """
local copy, index = KEYS[1], KEYS[2]
local id, seen, written, expiry, now, every = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6]
if redis.call('HEXISTS', copy, 'ended') == 1 then return 0 end
local known = redis.call('HMGET', copy, 'seen', 'written')
if known[1] and tonumber(known[1]) >= tonumber(seen) then return 0 end
if known[2] and tonumber(known[2]) > tonumber(written) then written = known[2] end
local due = tonumber(seen) - tonumber(written) >= tonumber(every)
if due then written = seen end
redis.call('HSET', copy, 'seen', seen, 'written', written)
redis.call('PEXPIREAT', copy, expiry)
redis.call('ZADD', index, expiry, id)
redis.call('ZREMRANGEBYSCORE', index, '-inf', now)
local last = redis.call('ZREVRANGE', index, 0, 0, 'WITHSCORES')
if last[2] then redis.call('PEXPIREAT', index, last[2]) end
return due and 1 or 0
"""
"""Note a use; 1 when the database is to be told, because its own moment is `every` behind.

ARGV: the session's id, when it was used, the last use that the database had, when the session ends, now, `every`.
A use that comes after the session's end, or after a later use, changes nothing.
"""

END = """
local copy, index = KEYS[1], KEYS[2]
local id, remembered, channel = ARGV[1], ARGV[2], ARGV[3]
redis.call('DEL', copy)
redis.call('HSET', copy, 'ended', 1)
redis.call('PEXPIRE', copy, remembered)
redis.call('ZREM', index, id)
redis.call('PUBLISH', channel, id)
"""
"""Drop the copy, tell all processes, and take no more notes of the session for `remembered`.

ARGV: the session's id, `remembered`, the channel.
"""
