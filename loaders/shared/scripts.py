"""What Redis does in one step: scripts in Lua, each over the keys of one provider.

They keep to the commands of Redis 6.2, which Valkey has too. Times are whole microseconds of the
server's own clock; they have 16 digits, more than Lua writes by itself, hence `%.0f`.
"""

#: Reserve the next call of a provider (GCRA: one timestamp, when the next call would be due if
#: calls were evenly spaced). Nothing is reserved during a hold, nor further ahead than asked.
#:
#: KEYS  the timestamp; the hold, whose expiry is its end
#: ARGV  microseconds from call to call (0: no rate), burst, most microseconds ahead
#: ->    milliseconds of a hold, or 0; microseconds until the call is due, if that is not more
#:       than asked; microseconds by which the timestamp is ahead of now
RESERVE = """
local held = redis.call('PTTL', KEYS[2])
if held > 0 then return {held, 0, 0} end
local interval, burst, most = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
if interval == 0 then return {0, 0, 0} end
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local due = tonumber(redis.call('GET', KEYS[1]) or '') or now
-- Nobody can have reserved beyond this: the server's clock was set back.
if due > now + most + burst * interval then due = now end
due = math.max(due, now) + interval
local wait = math.max(0, due - burst * interval - now)
if wait <= most then
  redis.call('SET', KEYS[1], string.format('%.0f', due), 'PX', math.ceil((due - now) / 1000))
end
return {0, wait, due - now}
"""

#: Hold a provider, unless it is held for longer.
#:
#: KEYS  the hold
#: ARGV  milliseconds
HOLD = """
if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[1]) then
  redis.call('SET', KEYS[1], 1, 'PX', ARGV[1])
end
return 1
"""
