/* admit_mark.c: reads a mark, and puts it behind the marks that a name holds. */
#include "policy/admit_mark.h"

#include <string.h>

#include "base/text.h"

enum { PART_MOST = 64 };

static bool is_part(kp_arg part) {
    if (!part.text || part.len == 0 || part.len > PART_MOST)
        return false;
    for (size_t i = 0; i < part.len; i++)
        if (part.text[i] == '\0' ||
            (!kp_is_alpha(part.text[i]) && !kp_is_digit(part.text[i]) && !strchr("._-:/~", part.text[i])))
            return false;
    return true;
}

const char *kp_mark_parse(const kp_arg *args, kp_mark *mark) {
    if (!args || !mark)
        return "a mark is missing";
    if (!is_part(args[0]))
        return "a field is not 1 to 64 letters, digits or . _ - : / ~";
    mark->ahead_ms = -1;
    bool is_time = args[1].text && args[1].len > 1 && args[1].text[0] == '+';
    if (is_time ? !kp_arg_number((kp_arg){args[1].text + 1, args[1].len - 1}, 0, KP_SPAN_MOST_MS, &mark->ahead_ms)
                : !is_part(args[1]))
        return "the value of a mark is not 1 to 64 letters, digits or . _ - : / ~, and no + with ms up to 100 years";
    if (!kp_arg_number(args[2], 1, KP_SPAN_MOST_MS, &mark->ttl_ms))
        return "the ttl of a mark is no number of ms from 1 to 100 years";
    mark->field = args[0];
    mark->value = args[1];
    return NULL;
}

bool kp_mark_next(kp_arg text, size_t *at, kp_mark *mark) {
    if (!text.text || !at || !mark || *at >= text.len)
        return false;
    const char *from = text.text + *at;
    size_t left = text.len - *at;
    const char *comma = memchr(from, ',', left);
    size_t len = comma ? (size_t)(comma - from) : left;
    const char *equals = memchr(from, '=', len);
    if (!equals || (comma && len + 1 == left))
        return false;
    size_t name_len = (size_t)(equals - from);
    mark->field = (kp_arg){from, name_len};
    mark->value = (kp_arg){equals + 1, len - name_len - 1};
    *at += len + (comma != NULL);
    return is_part(mark->field) && is_part(mark->value);
}

size_t kp_mark_last(kp_arg text, kp_mark out[KP_MARKS_MOST], bool *whole) {
    kp_mark ring[KP_MARKS_MOST], mark;
    size_t at = 0, from = 0, count = 0;
    for (; kp_mark_next(text, &at, &mark); from = at)
        ring[count++ % KP_MARKS_MOST] = mark;
    if (whole)
        *whole = text.text && from >= text.len;
    size_t kept = count < KP_MARKS_MOST ? count : KP_MARKS_MOST;
    for (size_t i = 0; out && i < kept; i++)
        out[i] = ring[(count - kept + i) % KP_MARKS_MOST];
    return kept;
}

static bool same(kp_arg a, kp_arg b) {
    return a.len == b.len && memcmp(a.text, b.text, a.len) == 0;
}

/* How many marks of other fields the text holds; 0 if it is something else. */
static size_t count_others(kp_arg text, kp_arg field) {
    size_t count = 0;
    kp_mark mark = {.ttl_ms = 0};
    for (size_t at = 0; at < text.len;) {
        if (!kp_mark_next(text, &at, &mark))
            return 0;
        count += !same(mark.field, field);
    }
    return count;
}

static void add_mark(kp_buf *out, kp_mark mark) {
    if (out->len > 0)
        kp_buf_char(out, ',');
    kp_buf_add(out, mark.field.text, mark.field.len);
    kp_buf_char(out, '=');
    kp_buf_add(out, mark.value.text, mark.value.len);
}

static void add_new_mark(kp_verb *v, kp_mark mark) {
    kp_buf time;
    kp_buf_init(&time, NULL);
    if (mark.ahead_ms >= 0) {
        kp_buf_i64(&time, v->now_ms + mark.ahead_ms);
        mark.value = kp_arg_of(&time);
    }
    add_mark(&v->value, mark);
    v->value.failed = v->value.failed || time.failed;
    kp_buf_free(&time);
}

int kp_mark_write(kp_verb *v, kp_arg name, kp_mark mark) {
    if (!v || kp_map_get(v, name) < 0)
        return -1;
    kp_buf held = v->value;
    kp_buf_init(&v->value, held.from);
    kp_arg text = kp_arg_of(&held);
    kp_mark other = {.ahead_ms = -1};
    size_t at = 0;
    size_t others = count_others(text, mark.field);
    while (others > 0 && kp_mark_next(text, &at, &other))
        if (!same(other.field, mark.field) && others-- < KP_MARKS_MOST)
            add_mark(&v->value, other);
    add_new_mark(v, mark);
    kp_buf_free(&held);
    return kp_map_put(v, name, v->now_ms + mark.ttl_ms);
}
