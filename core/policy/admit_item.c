/* admit_item.c: reads the items of ADMIT and LOOK, looks at them and takes them. */
#include "policy/admit_item.h"

#include <string.h>

static const struct {
    const char *word;
    size_t words; /* of the item, its kind included */
} kinds[] = {{"gate", 2}, {"rate", 5}, {"budget", 6}, {"slot", 5}};

const char *kp_item_word(kp_item_kind kind) {
    return kinds[kind].word;
}

static const char *read_values(const kp_arg *at, kp_item *it) {
    switch (it->kind) {
    case KP_ITEM_RATE: return kp_rate_parse(at[2], at[3], &it->rate);
    case KP_ITEM_BUDGET: return kp_budget_parse(at + 2, &it->budget);
    case KP_ITEM_SLOT: return kp_slot_parse(at + 2, &it->slot);
    case KP_ITEM_GATE: break;
    }
    return NULL;
}

static const char *read_item(const kp_arg *at, size_t left, kp_item *it, size_t *words) {
    size_t kind = 0;
    while (kind < sizeof kinds / sizeof kinds[0] && !kp_arg_is(at[0], kinds[kind].word))
        kind++;
    if (kind == sizeof kinds / sizeof kinds[0])
        return "there is no such kind of item";
    *words = kinds[kind].words;
    if (left < *words)
        return "an item is incomplete";
    if (!kp_arg_name(at[1]))
        return "a name is empty, too long or has a blank in it";
    it->kind = (kp_item_kind)kind;
    it->name = at[1];
    const char *wrong = read_values(at, it);
    if (wrong || it->kind == KP_ITEM_GATE)
        return wrong;
    it->soft = kp_arg_is(at[*words - 1], "1");
    return it->soft || kp_arg_is(at[*words - 1], "0") ? NULL : "soft is neither 0 nor 1";
}

const char *kp_items_read(const kp_verb *v, size_t first, kp_item *items, size_t *count) {
    size_t words = 0;
    *count = 0;
    for (size_t i = first; i < v->count; i += words) {
        const char *wrong = read_item(v->args + i, v->count - i, &items[*count], &words);
        if (wrong)
            return wrong;
        ++*count;
    }
    return NULL;
}

/* The item before i that is the same one: it has taken its part already. */
static const kp_item *same_item(const kp_item *items, size_t i) {
    const kp_item *it = &items[i];
    while (i-- > 0)
        if (items[i].kind == it->kind && items[i].name.len == it->name.len &&
            memcmp(items[i].name.text, it->name.text, it->name.len) == 0)
            return &items[i];
    return NULL;
}

static int look_at_gate(kp_verb *v, kp_item *it, const char **wrong) {
    int there = kp_map_get(v, it->name);
    if (there > 0 && !kp_arg_number(kp_arg_of(&v->value), 0, INT64_MAX, &it->start))
        *wrong = "a gate's value is no time";
    it->refuses = it->start > v->now_ms;
    it->used = it->refuses;
    return there < 0 ? -1 : 0;
}

static int64_t ceil_div(int64_t a, int64_t b) {
    return a / b + (a % b > 0);
}

/* A soft rate without room takes nothing, like a hard one that refuses, so that it can be made hard at any time. */
static int look_at_rate(kp_verb *v, kp_item *it, const kp_item *same, int64_t wait_ms, const char **wrong) {
    int there = same ? 1 : kp_rate_read(v, it->name, &it->time_us);
    if (there == -2)
        *wrong = "a stored rate is damaged";
    if (same)
        it->time_us = same->time_us;
    int64_t ahead_us = it->time_us - v->now_ms * 1000;
    it->used = ahead_us > 0 ? ceil_div(ahead_us, it->rate.period_us) : 0;
    it->left = it->used < it->rate.burst ? it->rate.burst - it->used : 0;
    it->start = kp_rate_start(it->rate, it->time_us, v->now_ms);
    it->takes = it->start <= v->now_ms + wait_ms;
    it->refuses = !it->takes && !it->soft;
    if (it->takes)
        it->time_us = kp_rate_take(it->rate, it->time_us, v->now_ms);
    return there == -1 ? -1 : 0;
}

/* Budgets and slots that are soft count all the same, for their sums are what people look at. */
static int look_at_sum(kp_verb *v, kp_item *it, const kp_item *same, const char **wrong) {
    bool is_slot = it->kind == KP_ITEM_SLOT;
    it->sum = kp_zalloc(1, sizeof *it->sum);
    if (!it->sum)
        return -1;
    int there = 1;
    if (same)
        *it->sum = *same->sum;
    else
        there = is_slot ? kp_slot_read(v, it->name, it->sum) : kp_budget_read(v, it->name, it->budget, it->sum);
    if (there == -2)
        *wrong = is_slot ? "stored slots are damaged" : "a stored budget is damaged";
    int64_t limit = is_slot ? it->slot.limit : it->budget.limit;
    bool fits = is_slot ? kp_slot_fits(it->slot, it->sum) : kp_budget_fits(it->budget, it->sum);
    it->used = kp_sum_total(it->sum);
    it->left = it->used < limit ? limit - it->used : 0;
    it->takes = fits || it->soft;
    it->refuses = !it->takes;
    it->start = is_slot ? kp_slot_retry(it->sum, v->now_ms) : kp_budget_retry(it->budget, it->sum, v->now_ms);
    if (it->takes)
        it->key = is_slot ? kp_slot_take(it->slot, it->sum, v->now_ms) : kp_budget_take(it->budget, it->sum, v->now_ms);
    return there == -1 ? -1 : 0;
}

int kp_item_look(kp_verb *v, kp_item *items, size_t i, int64_t wait_ms, const char **wrong) {
    kp_item *it = &items[i];
    switch (it->kind) {
    case KP_ITEM_GATE: return look_at_gate(v, it, wrong);
    case KP_ITEM_RATE: return look_at_rate(v, it, same_item(items, i), wait_ms, wrong);
    case KP_ITEM_BUDGET:
    case KP_ITEM_SLOT: break;
    }
    return look_at_sum(v, it, same_item(items, i), wrong);
}

static void add_record(kp_buf *record, const kp_item *it, int64_t number) {
    kp_buf_char(record, ' ');
    kp_buf_str(record, kinds[it->kind].word);
    kp_buf_char(record, ' ');
    kp_buf_add(record, it->name.text, it->name.len);
    kp_buf_char(record, ' ');
    kp_buf_i64(record, number);
}

int kp_item_take(kp_verb *v, const kp_item *it, kp_buf *record) {
    if (!it->takes)
        return 0;
    switch (it->kind) {
    case KP_ITEM_GATE: return 0;
    case KP_ITEM_RATE: add_record(record, it, it->rate.period_us); return kp_rate_write(v, it->name, it->time_us);
    case KP_ITEM_BUDGET:
        add_record(record, it, it->budget.add);
        kp_buf_char(record, ' ');
        kp_buf_i64(record, it->key);
        return kp_budget_write(v, it->name, it->sum);
    case KP_ITEM_SLOT: add_record(record, it, it->key); return kp_slot_write(v, it->name, it->sum);
    }
    return 0;
}

void kp_items_free(kp_item *items, size_t count) {
    for (size_t i = 0; items && i < count; i++)
        kp_free(items[i].sum);
    kp_free(items);
}
