/* admit_sum.c: reads, changes and stores sums by key. */
#include "policy/admit_sum.h"

#include <string.h>

#include "base/text.h"

static const int64_t key_most = 1000000000000; /* days, half hours and seconds until the year 9999 are below */

/* One "KEY:SUM"; the keys have to rise. */
static bool read_part(const char *text, size_t len, kp_sum *sum) {
    const char *colon = memchr(text, ':', len);
    int64_t key = 0, value = 0;
    if (!colon || sum->count == KP_SUM_PARTS)
        return false;
    kp_arg digits = {colon + 1, len - (size_t)(colon - text) - 1};
    if (!kp_arg_number((kp_arg){text, (size_t)(colon - text)}, -1, key_most, &key) ||
        !kp_arg_number(digits, 1, KP_SUM_MOST, &value) || (sum->count && key <= sum->part[sum->count - 1].key))
        return false;
    sum->part[sum->count].key = key;
    sum->part[sum->count++].value = value;
    return true;
}

int kp_sum_read(kp_verb *v, const char *kind, kp_arg name, kp_sum *sum) {
    sum->count = 0;
    int there = kp_map_get(v, kp_map_name(v, kind, name));
    if (there <= 0)
        return there == 0 ? 1 : -1;
    const char *text = kp_buf_text(&v->value), *end = text + v->value.len;
    while (text < end) {
        const char *comma = memchr(text, ',', (size_t)(end - text));
        size_t len = comma ? (size_t)(comma - text) : (size_t)(end - text);
        if (!read_part(text, len, sum) || (comma && comma + 1 == end))
            return -2;
        text += len + (comma != NULL);
    }
    return 1;
}

int kp_sum_write(kp_verb *v, const char *kind, kp_arg name, const kp_sum *sum, int64_t expires_ms) {
    kp_arg stored = kp_map_name(v, kind, name);
    if (sum->count == 0)
        return kp_map_drop(v, stored);
    kp_buf_clear(&v->value);
    for (size_t i = 0; i < sum->count; i++) {
        if (i > 0)
            kp_buf_char(&v->value, ',');
        kp_buf_i64(&v->value, sum->part[i].key);
        kp_buf_char(&v->value, ':');
        kp_buf_i64(&v->value, sum->part[i].value);
    }
    return kp_map_put(v, stored, expires_ms);
}

static int64_t plus(int64_t a, int64_t b) {
    return b > KP_SUM_MOST - a ? KP_SUM_MOST : a + b;
}

int64_t kp_sum_total(const kp_sum *sum) {
    int64_t total = 0;
    for (size_t i = 0; i < sum->count; i++)
        total = plus(total, sum->part[i].value);
    return total;
}

void kp_sum_add(kp_sum *sum, int64_t key, int64_t value) {
    size_t at = sum->count;
    while (at > 0 && sum->part[at - 1].key >= key)
        at--;
    if (value <= 0)
        return;
    bool full = sum->count == KP_SUM_PARTS;
    if (full && at == sum->count)
        at--;
    if (at < sum->count && (full || sum->part[at].key == key)) {
        sum->part[at].value = plus(sum->part[at].value, value);
        if (sum->part[at].key < key)
            sum->part[at].key = key;
        return;
    }
    memmove(sum->part + at + 1, sum->part + at, (sum->count - at) * sizeof sum->part[0]);
    sum->part[at].key = key;
    sum->part[at].value = value < KP_SUM_MOST ? value : KP_SUM_MOST;
    sum->count++;
}

static void remove_parts(kp_sum *sum, size_t at, size_t count) {
    memmove(sum->part + at, sum->part + at + count, (sum->count - at - count) * sizeof sum->part[0]);
    sum->count -= count;
}

void kp_sum_take(kp_sum *sum, int64_t key, int64_t value) {
    for (size_t i = 0; i < sum->count; i++) {
        if (sum->part[i].key != key)
            continue;
        if (sum->part[i].value > value)
            sum->part[i].value -= value;
        else
            remove_parts(sum, i, 1);
        return;
    }
}

void kp_sum_drop_below(kp_sum *sum, int64_t key) {
    size_t gone = 0;
    while (gone < sum->count && sum->part[gone].key < key)
        gone++;
    remove_parts(sum, 0, gone);
}

bool kp_sum_pull_above(kp_sum *sum, int64_t above, int64_t key) {
    int64_t pulled = 0;
    while (sum->count > 0 && sum->part[sum->count - 1].key > above)
        pulled = plus(pulled, sum->part[--sum->count].value);
    kp_sum_add(sum, key, pulled);
    return pulled > 0;
}
