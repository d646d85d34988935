/* store_redis_script.c: the store verbs in the Lua of Redis, the same as policy/admit.c: whoever changes one changes
 * both (tests/core/test_store_redis_model.c holds them against each other).
 *
 * A value stands as "EXPIRES_MS VALUE", and the script judges by EXPIRES_MS: the expiry of Redis itself, one second
 * later, only clears away, because within a script it goes by another reading of the clock than TIME.
 * Numbers are doubles. Times in us stay exact: wait, burst * period and what was booked before add at most 200 years to
 * now, which is below 2^53. What PUT stores is handled as text, for it may have 63 bits. */
#include "net/store_redis_script.h"

#include <openssl/evp.h>

/* clang-format off */
/* In parts, because ISO C warrants no longer strings than 4095 characters. */
static const char *const parts[] = {
    /* Before Redis 5 a script that asks for the time must say that its effects are to be replicated, not itself. */
    "if redis.replicate_commands and not redis.REDIS_VERSION_NUM then redis.replicate_commands() end\n"
    "local verb = ARGV[1]\n"
    "local time = redis.call('TIME')\n"
    "local now = time[1] * 1000 + math.floor(time[2] / 1000)\n"

    "local function text(n) return string.format('%.0f', n) end\n",

    "local function ok(word)\n"
    "  if word then return 'ok ' .. text(now) .. ' ' .. word end\n"
    "  return 'ok ' .. text(now)\n"
    "end\n"

    "local texts = {}\n"
    "local function put(key, value, ends)\n"
    "  texts[key] = text(ends) .. ' ' .. value\n"
    "  redis.call('SET', key, texts[key], 'PX', text(ends - now + 1000))\n"
    "end\n"
    "local function drop(key)\n"
    "  texts[key] = nil\n"
    "  redis.call('DEL', key)\n"
    "end\n",

    "if verb == 'PUT' then\n"
    "  for i = 1, #KEYS do\n"
    "    local value, ttl = ARGV[3 * i], tonumber(ARGV[3 * i + 1])\n"
    "    if ttl == 0 then\n"
    "      drop(KEYS[i])\n"
    "    else\n"
    "      if string.sub(value, 1, 1) == '+' then value = text(now + tonumber(string.sub(value, 2))) end\n"
    "      put(KEYS[i], value, now + ttl)\n"
    "    end\n"
    "  end\n"
    "  return ok()\n"
    "end\n",

    /* All at once, because each call costs as much as the rest of a verb; nobody else changes them meanwhile. */
    "for i, held in ipairs(redis.call('MGET', unpack(KEYS))) do texts[KEYS[i]] = held end\n"
    "local function get(key)\n"
    "  local held = texts[key]\n"
    "  if not held then return nil end\n"
    "  local blank = string.find(held, ' ', 1, true)\n"
    "  local ends = blank and tonumber(string.sub(held, 1, blank - 1))\n"
    "  if not ends then error('a key holds what keyplate did not write') end\n"
    "  if ends > now then return string.sub(held, blank + 1) end\n"
    "end\n",

    "if verb == 'GET' then\n"
    "  local values = {}\n"
    "  for i = 1, #KEYS do values[i] = get(KEYS[i]) or '-' end\n"
    "  return ok(table.concat(values, ' '))\n"
    "end\n",

    /* The marks that a name holds, but that of one field; none if the whole of it is something else. */
    "if verb == 'MARK' then\n"
    "local function other_marks(held, field)\n"
    "  local others, at = {}, 1\n"
    "  while at <= #held do\n"
    "    local name, value, after = string.match(held, '^([A-Za-z0-9._:/~-]+)=([A-Za-z0-9._:/~-]+)()', at)\n"
    "    if not name or #name > 64 or #value > 64 then return {} end\n"
    "    if name ~= field then others[#others + 1] = name .. '=' .. value end\n"
    "    if after <= #held and (after == #held or string.sub(held, after, after) ~= ',') then return {} end\n"
    "    at = after + 1\n"
    "  end\n"
    "  return others\n"
    "end\n"
    "  for i = 1, #KEYS do\n"
    "    local field, value = ARGV[4 * i - 1], ARGV[4 * i]\n"
    "    if string.sub(value, 1, 1) == '+' then value = text(now + tonumber(string.sub(value, 2))) end\n"
    "    local marks = other_marks(get(KEYS[i]) or '', field)\n"
    "    marks[#marks + 1] = field .. '=' .. value\n"
    "    put(KEYS[i], table.concat(marks, ',', math.max(1, #marks - 31)), now + tonumber(ARGV[4 * i + 1]))\n"
    "  end\n"
    "  return ok()\n"
    "end\n",

    "local keep, keep_empty = 48 * 3600000, 3600000\n"
    "local damaged = 'bad the record of this id is damaged'\n",

    /* The number from 0 to 2^63 - 1 that a text is, as digits without leading zeros; nil if it is none. */
    "local most = '9223372036854775807'\n"
    "local function above(a, b) return #a > #b or #a == #b and a > b end\n"
    "local function whole(value)\n"
    "  if string.find(value, '^%-0+$') then return '0' end\n"
    "  local digits = string.match(value, '^0*(%d+)$')\n"
    "  if digits and not above(digits, most) then return digits end\n"
    "end\n",

    /* State, START as text and the list of what was taken of an id's record; nothing if it is damaged. */
    "local function record(held)\n"
    "  local state, start, list = string.match(held, '^(%a+) (%d+)(.*)$')\n"
    "  if state == 'open' or state == 'done' then return state, start, list end\n"
    "end\n",

    "local function ceil_ms(us)\n"
    "  local rest = math.fmod(us, 1000)\n"
    "  return (us - rest) / 1000 + (rest > 0 and 1 or 0)\n"
    "end\n",

    "local function put_rate(key, us)\n"
    "  if us <= now * 1000 then drop(key) else put(key, text(us), ceil_ms(us)) end\n"
    "end\n",

    /* The stored time of a rate in us; nothing if it is damaged. */
    "local function get_rate(key)\n"
    "  local value = get(key)\n"
    "  local digits = whole(value or '0')\n"
    "  if digits and not above(digits, '4611686018427387903') then return tonumber(digits) end\n"
    "end\n",

    "if verb == 'SETTLE' then\n"
    "  local held = get(KEYS[1])\n"
    "  if not held then return ok() end\n"
    "  local state, start, list = record(held)\n"
    "  if not state then return damaged end\n"
    "  if state == 'done' then return ok() end\n"
    "  local names, periods = {}, {}\n"
    "  if ARGV[3] == '0' then\n"
    "    for kind, name, period in string.gmatch(list, ' (%S+) (%S+) (%S+)') do\n"
    "      if kind ~= 'rate' or not tonumber(period) then break end\n"
    "      names[#names + 1], periods[#periods + 1] = name, tonumber(period)\n"
    "    end\n"
    "  end\n"
    "  local prefix = string.sub(KEYS[1], 1, #KEYS[1] - #ARGV[2] - 3)\n"
    "  for i = 1, #names do\n"
    "    if KEYS[i + 1] ~= prefix .. 'rate ' .. names[i] then return 'need ' .. table.concat(names, ' ') end\n"
    "  end\n"
    "  for i = 1, #names do\n"
    "    local us = get_rate(KEYS[i + 1])\n"
    "    if us and us > now * 1000 then put_rate(KEYS[i + 1], us - periods[i]) end\n"
    "  end\n"
    "  put(KEYS[1], 'done ' .. start, now + (list ~= '' and keep or keep_empty))\n"
    "  return ok()\n"
    "end\n",

    /* How an item of each kind is looked at: d gets what was decided, what it takes and what is to be written. They
       return how many words the item has. Budgets and slots have their place here. */
    "local kinds = {}\n",

    "local function refuse(d, kind, index, retry)\n"
    "  if not d.kind or above(retry, d.retry) then d.kind, d.index, d.retry = kind, index, retry end\n"
    "end\n",

    "function kinds.gate(d, key, at, index)\n"
    "  local until_ms = whole(get(key) or '0')\n"
    "  if not until_ms then\n"
    "    d.wrong = \"a gate's value is no time\"\n"
    "  elseif tonumber(until_ms) > now then\n"
    "    refuse(d, 'gate', index, until_ms)\n"
    "  end\n"
    "  return 2\n"
    "end\n",

    "function kinds.rate(d, key, at, index)\n"
    "  local period, burst = tonumber(ARGV[at + 2]), tonumber(ARGV[at + 3])\n"
    "  local us = d.rates[key] or get_rate(key)\n"
    "  if not us then d.wrong, us = 'a stored rate is damaged', 0 end\n"
    "  local start = math.max(ceil_ms(us - (burst - 1) * period), now)\n"
    "  local takes = start <= now + d.wait\n"
    "  d.rates[key] = takes and math.max(us, now * 1000) + period or us\n"
    "  if ARGV[at + 4] == '0' then\n"
    "    if not takes then\n"
    "      refuse(d, 'rate', index, text(start))\n"
    "    elseif start > now and start > d.start then\n"
    "      d.start = start\n"
    "    end\n"
    "  end\n"
    "  if takes then\n"
    "    d.took[#d.took + 1] = ' rate ' .. ARGV[at + 1] .. ' ' .. text(period)\n"
    "    d.writes[key] = true\n"
    "  end\n"
    "  return 5\n"
    "end\n",

    /* The old answer of an id that was admitted; nil: it is new. */
    "local function admitted(key)\n"
    "  local held = get(key)\n"
    "  if not held then return nil end\n"
    "  local state, start = record(held)\n"
    "  return state and ok(start) or damaged\n"
    "end\n"

    "if verb == 'KNOWN' then return admitted(KEYS[1]) or ARGV[3] end\n",

    "local answer = admitted(KEYS[1])\n"
    "if answer then return answer end\n"
    "local d = {wait = tonumber(ARGV[3]), start = 0, rates = {}, took = {}, writes = {}}\n"
    "local at = 4\n"
    "for i = 2, #KEYS do at = at + kinds[ARGV[at]](d, KEYS[i], at, i - 2) end\n"
    "if d.wrong then return 'bad ' .. d.wrong end\n"
    "if d.kind then return table.concat({'no', text(now), d.kind, d.index, 0, d.retry}, ' ') end\n"
    "for i = 2, #KEYS do\n"
    "  if d.writes[KEYS[i]] then\n"
    "    put_rate(KEYS[i], d.rates[KEYS[i]])\n"
    "    d.writes[KEYS[i]] = nil\n"
    "  end\n"
    "end\n"
    "local start = text(d.start)\n"
    "put(KEYS[1], 'open ' .. start .. table.concat(d.took), now + (#d.took > 0 and keep or keep_empty))\n"
    "return ok(start)\n",
};
/* clang-format on */

void kp_redis_script_add(kp_buf *out) {
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        kp_buf_str(out, parts[i]);
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
