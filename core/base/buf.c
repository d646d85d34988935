/* buf.c: grows a text buffer and remembers the first failure. */
#include "base/buf.h"

#include <stdio.h>
#include <string.h>

enum { FIRST_ROOM = 64 };

static const size_t most_len = SIZE_MAX / 4;

void kp_buf_init(kp_buf *b, const kp_allocator *from) {
    if (b)
        *b = (kp_buf){.from = from ? from : &kp_heap};
}

void kp_buf_free(kp_buf *b) {
    if (!b)
        return;
    const kp_allocator *from = b->from ? b->from : &kp_heap;
    if (b->data)
        from->release(b->data, b->room);
    kp_buf_init(b, from);
}

void kp_buf_clear(kp_buf *b) {
    if (!b)
        return;
    b->len = 0;
    b->failed = false;
    if (b->data)
        b->data[0] = '\0';
}

bool kp_buf_reserve(kp_buf *b, size_t len) {
    if (!b || b->failed)
        return false;
    if (b->room > b->len && len < b->room - b->len)
        return true;
    if (len > most_len - b->len) {
        b->failed = true;
        return false;
    }
    size_t needed = b->len + len + 1;
    size_t room = b->room ? b->room * 2 : FIRST_ROOM;
    if (room < needed)
        room = needed;
    if (!b->from)
        b->from = &kp_heap;
    char *data = b->from->resize(b->data, b->room, room);
    if (!data) {
        b->failed = true;
        return false;
    }
    data[b->len] = '\0';
    b->data = data;
    b->room = room;
    return true;
}

/* Whether there is room for so many bytes and a NUL as it is. */
static bool has_room(const kp_buf *b, size_t len) {
    return b && !b->failed && b->room > b->len && len < b->room - b->len;
}

void kp_buf_add(kp_buf *b, const void *data, size_t len) {
    if (!data || len == 0 || (!has_room(b, len) && !kp_buf_reserve(b, len)))
        return;
    memcpy(b->data + b->len, data, len);
    b->len += len;
    b->data[b->len] = '\0';
}

void kp_buf_str(kp_buf *b, const char *text) {
    if (text)
        kp_buf_add(b, text, strlen(text));
}

void kp_buf_char(kp_buf *b, char c) {
    if (!has_room(b, 1) && !kp_buf_reserve(b, 1))
        return;
    b->data[b->len++] = c;
    b->data[b->len] = '\0';
}

void kp_buf_i64(kp_buf *b, int64_t number) {
    char digits[20]; /* a sign and the 19 digits of INT64_MIN */
    size_t at = sizeof digits;
    uint64_t left = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;
    do
        digits[--at] = (char)('0' + left % 10);
    while (left /= 10);
    if (number < 0)
        digits[--at] = '-';
    kp_buf_add(b, digits + at, sizeof digits - at);
}

void kp_buf_vfmt(kp_buf *b, const char *format, va_list args) {
    if (!b || !format || b->failed)
        return;
    va_list again;
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, format, args);
    if (len < 0)
        b->failed = true;
    else if (kp_buf_reserve(b, (size_t)len)) {
        vsnprintf(b->data + b->len, (size_t)len + 1, format, again);
        b->len += (size_t)len;
    }
    va_end(again);
}

void kp_buf_fmt(kp_buf *b, const char *format, ...) {
    va_list args;
    va_start(args, format);
    kp_buf_vfmt(b, format, args);
    va_end(args);
}

const char *kp_buf_text(const kp_buf *b) {
    return b && b->data ? b->data : "";
}

char *kp_buf_take(kp_buf *b) {
    if (!b)
        return NULL;
    char *text = NULL;
    if ((!b->from || b->from == &kp_heap) && kp_buf_reserve(b, 0)) {
        text = b->data;
        b->data = NULL;
    }
    kp_buf_free(b);
    return text;
}
