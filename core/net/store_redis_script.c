/* store_redis_script.c: the store verbs in the Lua of Redis, the same as policy/admit*.c: whoever changes one changes
 * both (tests/core/test_store_redis_model.c holds them against each other).
 *
 * A value stands as "EXPIRES_MS VALUE", and the script judges by EXPIRES_MS: the expiry of Redis itself, one second
 * later, only clears away, because within a script it goes by another reading of the clock than TIME. A rate stands as
 * its time in us alone, which says when it ends.
 * Numbers are doubles. Times in us stay exact: wait, burst * period and what was booked before add at most 200 years to
 * now, which is below 2^53; a sum never goes beyond. What PUT stores is handled as text, for it may have 63 bits. */
#include "net/store_redis_script.h"

#include <openssl/evp.h>

/* clang-format off */
/* In parts, because ISO C warrants no longer strings than 4095 characters. What is not needed by ADMIT stands behind it,
   because each function costs when it is made, at each run. */
static const char *const parts_before[] = {
    /* Before Redis 5 a script that asks for the time must say that its effects are to be replicated, not itself. */
    "if redis.replicate_commands and not redis.REDIS_VERSION_NUM then redis.replicate_commands() end\n"
    "local call, keys, args = redis.call, KEYS, ARGV\n"
    "local verb, time = args[1], call('TIME')\n"
    "local us = time[2] + 0\n"
    "local now = time[1] * 1000 + (us - us % 1000) / 1000\n",

    /* '%d' costs less than half of '%.0f', but has 32 bits on a server of 32 bits. */
    "local format, form = string.format, '%d'\n"
    "local stamp = format(form, now)\n"
    "if #stamp < 13 then\n"
    "  form = '%.0f'\n"
    "  stamp = format(form, now)\n"
    "end\n"

    "local function ok(word)\n"
    "  if word then return 'ok ' .. stamp .. ' ' .. word end\n"
    "  return 'ok ' .. stamp\n"
    "end\n",

    "if verb == 'PUT' then\n"
    "  for i = 1, #keys do\n"
    "    local value, ttl = args[2 * i], tonumber(args[2 * i + 1])\n"
    "    if ttl == 0 then\n"
    "      call('DEL', keys[i])\n"
    "    else\n"
    "      if string.sub(value, 1, 1) == '+' then value = format(form, now + string.sub(value, 2)) end\n"
    "      call('SET', keys[i], format(form, now + ttl) .. ' ' .. value, 'PX', format(form, ttl + 1000))\n"
    "    end\n"
    "  end\n"
    "  return ok()\n"
    "end\n",

    /* All at once: nobody else changes them meanwhile. */
    "local held = call('MGET', unpack(keys))\n"
    "local function value_of(text)\n"
    "  local blank = string.find(text, ' ', 1, true)\n"
    "  local ends = blank and tonumber(string.sub(text, 1, blank - 1))\n"
    "  if not ends then error('a key holds what keyplate did not write') end\n"
    "  if ends > now then return string.sub(text, blank + 1) end\n"
    "end\n",

    "if verb == 'GET' then\n"
    "  for i = 1, #keys do held[i] = held[i] and value_of(held[i]) or '-' end\n"
    "  return ok(table.concat(held, ' '))\n"
    "end\n",

    /* State, START as text and the list of what was taken of an id's record; nothing if it is damaged. */
    "local function record(value)\n"
    "  local state, start, list = string.match(value, '^(%a+) (%d+)(.*)$')\n"
    "  if state == 'open' or state == 'done' then return state, start, list end\n"
    "end\n"
    "local damaged = 'bad the record of this id is damaged'\n",

    /* The old answer of an id that was admitted. */
    "if verb == 'ADMIT' or verb == 'SPEND' or verb == 'KNOWN' then\n"
    "  local value = held[1] and value_of(held[1])\n"
    "  if value then\n"
    "    local state, start = record(value)\n"
    "    return state and ok(start) or damaged\n"
    "  end\n"
    "  if verb == 'KNOWN' then return args[2] end\n"
    "end\n",

    /* The stored time of a rate in us; nothing if it is damaged. */
    "local function rate_of(text)\n"
    "  local us = tonumber(text)\n"
    "  if us and us >= 0 and us <= 4611686018427387903 then return us end\n"
    "end\n",

    "local function ceil_ms(us)\n"
    "  local rest = us % 1000\n"
    "  return (us - rest) / 1000 + (rest > 0 and 1 or 0)\n"
    "end\n",

};

static const char *const parts_after[] = {
    "local looks = verb == 'LOOK'\n"
    "if verb == 'ADMIT' or verb == 'SPEND' or looks then\n"

    /* The number from 0 to 2^63 - 1 that a text is, as digits without leading zeros; nil if it is none. */
    "local most = '9223372036854775807'\n"
    "local function above(a, b) return #a > #b or #a == #b and a > b end\n"
    "local function whole(value)\n"
    "  if string.find(value, '^%-0+$') then return '0' end\n"
    "  local digits = string.match(value, '^0*(%d+)$')\n"
    "  if digits and not above(digits, most) then return digits end\n"
    "end\n"

    /* times: by the place of a rate's first item, its new time. late: until when an item refuses; the latest of them
       all is retry. told: the counts of ADMIT, what LOOK says. */
    "local latest, floor = now + args[2], now * 1000\n"
    "local at, start, took, told, times, name_at = 4, 0, '', ''\n"
    "local kind, index, left, retry\n"
    "for i = 2, #keys do\n"
    "  local word, old, rest, late = args[at], held[i], '0'\n"
    "  if word == 'gate' then\n"
    "    local value = old and value_of(old)\n"
    "    if value then\n"
    "      value = whole(value)\n"
    "      if not value then return \"bad a gate's value is no time\" end\n"
    "      if tonumber(value) > now then late = value end\n"
    "    end\n"
    "    if looks then told = told .. ' ' .. (late and 1 or 0) .. ':' .. (value or 0) end\n",

    "  else\n"
    "    local key, soft, time, place = keys[i], word == 'soft'\n"
    "    if soft then\n"
    "      at = at + 1\n"
    "      word = args[at]\n"
    "    end\n"
    "    name_at = name_at or string.find(keys[1], '}', 1, true) + 2\n"
    "    if look_at_sum and (word == 'budget' or word == 'slot') then\n"
    "      local used, room, back, key_at, count = look_at_sum(key, old, word, at, soft)\n"
    "      local is_slot = word == 'slot'\n"
    "      if not used then return is_slot and 'bad stored slots are damaged' or 'bad a stored budget is damaged' end\n"
    "      if looks then\n"
    "        told = told .. ' ' .. format(form, used) .. ':' .. format(form, back)\n"
    "      elseif key_at then\n"
    "        if soft or not is_slot then told = told .. ' ' .. format(form, count) end\n"
    "        took = took .. ' ' .. string.sub(key, name_at) .. (is_slot and ' ' or ' ' .. args[at + 2] .. ' ')\n"
    "        took = took .. format(form, key_at)\n"
    "      else\n"
    "        late, rest = format(form, back), format(form, room)\n"
    "      end\n"
    "      at = at + (is_slot and 2 or 3)\n",

    "    else\n"
    "      at = at + 1\n"
    "      if times then\n"
    "        for j = 2, i - 1 do\n"
    "          if times[j] and keys[j] == key then place = j end\n"
    "        end\n"
    "      else\n"
    "        times = {false, false, false, false, false, false, false, false}\n"
    "      end\n"
    "      if place then\n"
    "        time = times[place]\n"
    "      elseif old then\n"
    "        time = rate_of(old)\n"
    "        if not time then return 'bad a stored rate is damaged' end\n"
    "      else\n"
    "        time = 0\n"
    "      end\n"
    "      local from = time - args[at]\n"
    "      from = from > floor and ceil_ms(from) or now\n"
    "      local takes = from <= latest\n"
    "      if soft or looks then\n"
    "        local ahead = time > floor and time - floor or 0\n"
    "        local used = (ahead - ahead % word) / word + (ahead % word > 0 and 1 or 0)\n"
    "        if looks then\n"
    "          told = told .. ' ' .. format(form, used) .. ':' .. format(form, from)\n"
    "        else\n"
    "          told = told .. ' ' .. (takes and format(form, used + 1) or 'full')\n"
    "        end\n"
    "      end\n",

    "      if takes then\n"
    "        if time < floor then time = floor end\n"
    "        times[place or i] = time + word\n"
    "        took = took .. ' ' .. string.sub(key, name_at) .. ' ' .. word\n"
    "        if not soft and from > now and from > start then start = from end\n"
    "      elseif not soft then\n"
    "        late = format(form, from)\n"
    "      end\n"
    "      word = 'rate'\n"
    "    end\n"
    "  end\n"
    "  at = at + 1\n"
    "  if late and (not retry or above(late, retry)) then\n"
    "    kind, index, left, retry = word, i - 2, rest, late\n"
    "  end\n"
    "end\n",

    "if looks then return 'ok ' .. stamp .. told end\n"
    "if retry then return table.concat({'no', stamp, kind, index, left, retry}, ' ') end\n"
    "if times then\n"
    "  for i = 2, #keys do\n"
    "    if times[i] then call('SET', keys[i], format(form, times[i]), 'PX', args[3]) end\n"
    "  end\n"
    "end\n"
    "if sums then\n"
    "  for i = 2, #keys do\n"
    "    local sum = sums[keys[i]]\n"
    "    if sum then\n"
    "      write_sum(keys[i], sum)\n"
    "      sums[keys[i]] = nil\n"
    "    end\n"
    "  end\n"
    "end\n"
    "start = start == 0 and '0' or format(form, start)\n"
    "if took == '' then\n"
    "  call('SET', keys[1], format(form, now + 3600000) .. ' open ' .. start, 'PX', '3601000')\n"
    "else\n"
    "  call('SET', keys[1], format(form, now + 172800000) .. ' open ' .. start .. took, 'PX', '172801000')\n"
    "end\n"
    "return ok(start .. told)\n"
    "end\n",

    /* From here on a key may be written and read again. */
    "local texts = {}\n"
    "for i = 1, #keys do texts[keys[i]] = held[i] end\n"
    "local function put(key, text, ttl)\n"
    "  texts[key] = text\n"
    "  call('SET', key, text, 'PX', format(form, ttl + 1000))\n"
    "end\n",

    "if verb == 'SETTLE' then\n"
    "  local value = held[1] and value_of(held[1])\n"
    "  if not value then return ok() end\n"
    "  local state, start, list = record(value)\n"
    "  if not state then return damaged end\n"
    "  if state == 'done' then return ok() end\n"
    /* What is to be given back; "-" gives back slots alone. What cannot be read ends the list. */
    "  local kinds, names, values, places, n, at = {}, {}, {}, {}, 0, 1\n"
    "  while at do\n"
    "    local kind, name, value, place\n"
    "    kind, name, value, at = string.match(list, '^ (%S+) (%S+) (%-?%d+)()', at)\n"
    "    if kind == 'budget' then\n"
    "      place, at = string.match(list, '^ (%-?%d+)()', at)\n"
    "    elseif kind ~= 'rate' and kind ~= 'slot' then\n"
    "      at = nil\n"
    "    end\n"
    "    if at and (kind == 'slot' or args[2] == '0') then\n"
    "      n = n + 1\n"
    "      kinds[n], names[n], values[n], places[n] = kind, kind .. ' ' .. name, value + 0, (place or value) + 0\n"
    "    end\n"
    "  end\n"
    "  local prefix = string.sub(keys[1], 1, string.find(keys[1], '}', 1, true) + 1)\n"
    "  for i = 1, n do\n"
    "    if keys[i + 1] ~= prefix .. names[i] then return 'need ' .. table.concat(names, ' ') end\n"
    "  end\n",

    "  for i = 1, n do\n"
    "    local key = keys[i + 1]\n"
    "    local us = kinds[i] == 'rate' and texts[key] and rate_of(texts[key])\n"
    "    local sum = kinds[i] ~= 'rate' and read_sum(key, texts[key], kinds[i] == 'slot')\n"
    "    if us and us > now * 1000 then\n"
    "      us = us - values[i]\n"
    "      if us > now * 1000 then\n"
    "        put(key, format(form, us), ceil_ms(us) - now)\n"
    "      else\n"
    "        texts[key] = nil\n"
    "        call('DEL', key)\n"
    "      end\n"
    "    elseif sum then\n"
    "      if sum.slots then tidy_slots(sum) end\n"
    "      take_from_sum(sum, places[i], sum.slots and 1 or values[i])\n"
    "      write_sum(key, sum)\n"
    "    end\n"
    "  end\n"
    "  local ttl = list ~= '' and 172800000 or 3600000\n"
    "  put(keys[1], format(form, now + ttl) .. ' done ' .. start, ttl)\n"
    "  return ok()\n"
    "end\n",

    /* MARK. The marks that a name holds, but that of one field; none if the whole of it is something else. */
    "local function other_marks(value, field)\n"
    "  local others, at = {}, 1\n"
    "  while at <= #value do\n"
    "    local name, kept, after = string.match(value, '^([A-Za-z0-9._:/~-]+)=([A-Za-z0-9._:/~-]+)()', at)\n"
    "    if not name or #name > 64 or #kept > 64 then return {} end\n"
    "    if name ~= field then others[#others + 1] = name .. '=' .. kept end\n"
    "    if after <= #value and (after == #value or string.sub(value, after, after) ~= ',') then return {} end\n"
    "    at = after + 1\n"
    "  end\n"
    "  return others\n"
    "end\n"
    "for i = 1, #keys do\n"
    "  local field, value, ttl = args[3 * i - 1], args[3 * i], tonumber(args[3 * i + 1])\n"
    "  if string.sub(value, 1, 1) == '+' then value = format(form, now + string.sub(value, 2)) end\n"
    "  local text = texts[keys[i]]\n"
    "  local marks = other_marks(text and value_of(text) or '', field)\n"
    "  marks[#marks + 1] = field .. '=' .. value\n"
    "  put(keys[i], format(form, now + ttl) .. ' ' .. table.concat(marks, ',', math.max(1, #marks - 31)), ttl)\n"
    "end\n"
    "return ok()\n",
};
/* clang-format on */

void kp_redis_script_add(kp_buf *out) {
    for (size_t i = 0; i < sizeof parts_before / sizeof parts_before[0]; i++)
        kp_buf_str(out, parts_before[i]);
    kp_redis_script_add_sums(out);
    for (size_t i = 0; i < sizeof parts_after / sizeof parts_after[0]; i++)
        kp_buf_str(out, parts_after[i]);
}

void kp_redis_script_sha(const kp_buf *script, char sha[KP_REDIS_SHA_SIZE]) {
    static const char digits[] = "0123456789abcdef";
    unsigned char sum[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    sha[0] = '\0';
    if (EVP_Digest(kp_buf_text(script), script->len, sum, &len, EVP_sha1(), NULL) != 1 ||
        len * 2 + 1 != KP_REDIS_SHA_SIZE)
        return;
    for (size_t i = 0; i < len; i++) {
        sha[2 * i] = digits[sum[i] >> 4];
        sha[2 * i + 1] = digits[sum[i] & 15];
    }
    sha[2 * (size_t)len] = '\0';
}
