/* store_redis_script_sums.c: the part of the script that counts budgets and slots, the same as policy/admit_sum.c,
 * admit_budget.c and admit_slot.c.
 *
 * A sum is {keys, values, slots}, stored as "EXPIRES_MS KEY:SUM,KEY:SUM"; sums holds by its key each that was read. */
#include "net/store_redis_script.h"

/* clang-format off */
static const char *const parts[] = {
    /* ADMIT has none: it need not pay for the making of these functions. */
    "local sums, read_sum, write_sum, take_from_sum, tidy_slots, look_at_sum\n"
    "if verb == 'SPEND' or verb == 'LOOK' or verb == 'SETTLE' then\n"
    "  local most, now_s, pair = 9007199254740991, (now - now % 1000) / 1000, form .. ':' .. form\n"
    "  sums = {}\n"

    "  local function plus(a, b)\n"
    "    local sum = a + b\n"
    "    return sum < most and sum or most\n"
    "  end\n"

    "  local function total(sum)\n"
    "    local all = 0\n"
    "    for i = 1, #sum.keys do all = plus(all, sum.values[i]) end\n"
    "    return all\n"
    "  end\n"

    /* nil: damaged. */
    "  function read_sum(key, text, slots)\n"
    "    local keys, values, n, seen = {}, {}, 0, 0\n"
    "    if sums[key] then return sums[key] end\n"
    "    local ends, list = 0, ''\n"
    "    if text then ends, list = string.match(text, '^(%d+) (.+)$') end\n"
    "    if not ends then return end\n"
    "    if ends + 0 > now then\n"
    "      for at, value in string.gmatch(list .. ',', '(%-?%d+):(%d+),') do\n"
    "        seen = seen + #at + #value + 2\n"
    "        at, value = at + 0, value + 0\n"
    "        if at < -1 or at > 1000000000000 or value < 1 or value > most then return end\n"
    "        if n == 256 or n > 0 and at <= keys[n] then return end\n"
    "        n = n + 1\n"
    "        keys[n], values[n] = at, value\n"
    "      end\n"
    "      if seen ~= #list + 1 then return end\n"
    "    end\n"
    "    sums[key] = {keys = keys, values = values, slots = slots}\n"
    "    return sums[key]\n"
    "  end\n",

    "  function write_sum(key, sum)\n"
    "    local n, parts = #sum.keys, {}\n"
    "    if n == 0 then\n"
    "      call('DEL', key)\n"
    "      return\n"
    "    end\n"
    "    for i = 1, n do parts[i] = format(pair, sum.keys[i], sum.values[i]) end\n"
    "    local ends = sum.slots and sum.keys[n] * 1000 or now + 259200000\n"
    "    local text = format(form, ends) .. ' ' .. table.concat(parts, ',')\n"
    "    call('SET', key, text, 'PX', format(form, ends - now + 1000))\n"
    "  end\n"

    "  local function add(sum, key, value)\n"
    "    local keys, values = sum.keys, sum.values\n"
    "    local full, at = #keys == 256, #keys + 1\n"
    "    if value <= 0 then return end\n"
    "    while at > 1 and keys[at - 1] >= key do at = at - 1 end\n"
    "    if at > 256 then at = 256 end\n"
    "    if full or keys[at] == key then\n"
    "      values[at] = plus(values[at], value)\n"
    "      if keys[at] < key then keys[at] = key end\n"
    "    else\n"
    "      table.insert(keys, at, key)\n"
    "      table.insert(values, at, value)\n"
    "    end\n"
    "  end\n"

    "  local function remove(sum, at)\n"
    "    table.remove(sum.keys, at)\n"
    "    table.remove(sum.values, at)\n"
    "  end\n"

    "  function take_from_sum(sum, key, value)\n"
    "    for i = 1, #sum.keys do\n"
    "      if sum.keys[i] == key then\n"
    "        if sum.values[i] > value then sum.values[i] = sum.values[i] - value else remove(sum, i) end\n"
    "        return\n"
    "      end\n"
    "    end\n"
    "  end\n",

    "  local function drop_below(sum, key)\n"
    "    while sum.keys[1] and sum.keys[1] < key do remove(sum, 1) end\n"
    "  end\n"

    "  local function tidy(sum, below, above, key)\n"
    "    local pulled = 0\n"
    "    drop_below(sum, below)\n"
    "    for i = #sum.keys, 1, -1 do\n"
    "      if sum.keys[i] <= above then break end\n"
    "      pulled = plus(pulled, sum.values[i])\n"
    "      remove(sum, i)\n"
    "    end\n"
    "    add(sum, key, pulled)\n"
    "    return pulled > 0\n"
    "  end\n"

    "  function tidy_slots(sum)\n"
    "    return tidy(sum, now_s + 1, now_s + 172800, now_s + 86400)\n"
    "  end\n"

    /* Whether it is to be stored, the key to add at, and when there is room; found: an item before has tidied it. */
    "  local function look_at_day(sum, found, zone)\n"
    "    local day, keys = now_s + zone, sum.keys\n"
    "    day = (day - day % 86400) / 86400\n"
    "    local pulled = not found and tidy(sum, day, day + 1, day)\n"
    "    if not found and #keys > 1 then drop_below(sum, keys[#keys]) end\n"
    "    day = keys[#keys] or day\n"
    "    return pulled, day, ((day + 1) * 86400 - zone) * 1000\n"
    "  end\n"

    "  local function look_at_24h(sum, found, room)\n"
    "    local half = (now - now % 1800000) / 1800000\n"
    "    local pulled = not found and tidy(sum, half - 48, half + 48, half)\n"
    "    local left, retry = total(sum), now\n"
    "    for i = 1, #sum.keys do\n"
    "      if left <= room then break end\n"
    "      left = left - sum.values[i]\n"
    "      retry = (sum.keys[i] + 1) * 1800000 + 86400000\n"
    "    end\n"
    "    return pulled, half, retry\n"
    "  end\n",

    /* Looks, and adds to the sum if there is room or it is soft, as the next one of this key must see it. What is used
       and left before, when to come back, the key where it was added or nil, what is used then; nothing: damaged. */
    "  function look_at_sum(key, text, kind, at, soft)\n"
    "    local found, limit, value = sums[key], args[at + 1] + 0, 1\n"
    "    local sum = read_sum(key, text, kind == 'slot')\n"
    "    local pulled, place, retry\n"
    "    if not sum then return end\n"
    "    if kind == 'slot' then\n"
    "      local ends, step, first = now + args[at + 2], 1\n"
    "      pulled = not found and tidy_slots(sum)\n"
    "      first, retry = sum.keys[1], now + 1000\n"
    "      if first and first * 1000 < retry then retry = first * 1000 end\n"
    "      while step * 16000 < ends - now do step = step * 2 end\n"
    "      place = (ends - ends % 1000) / 1000 + step\n"
    "      place = place - place % step\n"
    "    else\n"
    "      value = args[at + 2] + 0\n"
    "      if args[at + 3] == '24h' then\n"
    "        pulled, place, retry = look_at_24h(sum, found, limit - value)\n"
    "      else\n"
    "        pulled, place, retry = look_at_day(sum, found, args[at + 3] + 0)\n"
    "      end\n"
    "    end\n",

    "    if pulled then write_sum(key, sum) end\n"
    "    local used = total(sum)\n"
    "    local left = used < limit and limit - used or 0\n"
    "    if used > limit - value and not soft then return used, left, retry end\n"
    "    add(sum, place, value)\n"
    "    return used, left, retry, place, plus(used, value)\n"
    "  end\n"
    "end\n",
};
/* clang-format on */

void kp_redis_script_add_sums(kp_buf *out) {
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        kp_buf_str(out, parts[i]);
}
