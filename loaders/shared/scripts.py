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

# An entry's lease has the entry's name and this. Its name is made up in the scripts, for to send it
# along would be half of their cost; the braces in it put it into the same slot.
_LEASE = "local function lease(entry) return entry .. ':lease' end\n"

#: Look for entries; of those that are not there, each is leased to one process, which fetches it.
#:
#: An entry is two times of 13 digits, in milliseconds of the server's clock, and its bytes: when it
#: was told, and until when it is fresh. A lease is its holder's token; an empty one is nobody's:
#: its holder found nothing to share, so everybody is to fetch the entry without one.
#:
#: KEYS  the entries
#: ARGV  the asker's token, milliseconds of a lease (0: it leases nothing), 1 if what is stale is as
#:       good as nothing
#: ->    for each entry its age in milliseconds, 1 if it is fresh, and its bytes; or, in place of
#:       these, 1 if it is leased to the asker, 0 if to another one, 2 if to nobody
LOOK = f"""{_LEASE}
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local told = {{}}
for i, entry in ipairs(redis.call('MGET', unpack(KEYS))) do
  local fresh = entry and (tonumber(string.sub(entry, 14, 26)) or 0) > now
  if entry and (fresh or ARGV[3] == '0') then
    local age = math.max(0, now - (tonumber(string.sub(entry, 1, 13)) or now))
    told[i] = {{age, fresh and 1 or 0, string.sub(entry, 27)}}
  elseif ARGV[2] == '0' then
    told[i] = 2
  else
    local holder = redis.call('GET', lease(KEYS[i]))
    if not holder then
      redis.call('SET', lease(KEYS[i]), ARGV[1], 'PX', ARGV[2])
      told[i] = 1
    elseif holder == '' then
      told[i] = 2
    else
      told[i] = holder == ARGV[1] and 1 or 0
    end
  end
end
return told
"""

#: Write entries, and end the leases that their writer held.
#:
#: KEYS  the entries
#: ARGV  the writer's token; milliseconds for which they are fresh, and for which they are there;
#:       the bytes of each
FILL = f"""{_LEASE}
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local times = string.format('%013.0f%013.0f', now, now + ARGV[2])
for i, entry in ipairs(KEYS) do
  redis.call('SET', entry, times .. ARGV[i + 3], 'PX', ARGV[3])
  if redis.call('GET', lease(entry)) == ARGV[1] then redis.call('DEL', lease(entry)) end
end
return #KEYS
"""

#: Keep leases for longer, end them, or leave them to nobody; only the holder's own.
#:
#: KEYS  the entries
#: ARGV  the holder's token; `keep`, `end` or `open`; milliseconds
LEASES = f"""{_LEASE}
for _, entry in ipairs(KEYS) do
  if redis.call('GET', lease(entry)) == ARGV[1] then
    if ARGV[2] == 'keep' then redis.call('PEXPIRE', lease(entry), ARGV[3])
    elseif ARGV[2] == 'open' then redis.call('SET', lease(entry), '', 'PX', ARGV[3])
    else redis.call('DEL', lease(entry)) end
  end
end
return #KEYS
"""
