/* store_redis_resp.c: writes commands and reads replies in the protocol of Redis. hiredis has the like, but its reader
 * ends the process when memory is short (0.14), and its writer leaves the password behind on the heap. */
#include "net/store_redis_resp.h"

#include <string.h>

#include "base/text.h"

enum { LINE_MOST = 65536, LIST_MOST = 1024, TEXT_MOST = 16777216, COUNT_ROOM = 24 };

/* Kind, digits, end of line: at the end of room; where it begins. */
static char *write_count(char room[COUNT_ROOM], char kind, size_t count) {
    char *at = room + COUNT_ROOM;
    *--at = '\n';
    *--at = '\r';
    do
        *--at = (char)('0' + count % 10);
    while (count /= 10);
    *--at = kind;
    return at;
}

static void add_count(kp_buf *out, char kind, size_t count) {
    char room[COUNT_ROOM];
    char *at = write_count(room, kind, count);
    kp_buf_add(out, at, (size_t)(room + COUNT_ROOM - at));
}

void kp_resp_head(kp_buf *out, size_t words) {
    add_count(out, '*', words);
}

void kp_resp_word(kp_buf *out, const char *text, size_t len) {
    add_count(out, '$', len);
    kp_buf_add(out, text, len);
    kp_buf_add(out, "\r\n", 2);
}

void kp_resp_number(kp_buf *out, int64_t number) {
    char room[COUNT_ROOM];
    size_t count = number < 0 ? 0 - (size_t)number : (size_t)number;
    char *at = write_count(room, '-', count) + (number >= 0);
    kp_resp_word(out, at, (size_t)(room + COUNT_ROOM - 2 - at));
}

void kp_resp_joined(kp_buf *out, const char *first, const char *second, const char *text, size_t len) {
    size_t first_len = strlen(first), second_len = strlen(second);
    add_count(out, '$', first_len + second_len + len);
    kp_buf_add(out, first, first_len);
    kp_buf_add(out, second, second_len);
    kp_buf_add(out, text, len);
    kp_buf_add(out, "\r\n", 2);
}

/* A string of so many bytes behind a head of that length; -1 is none. */
static int read_string(const char *data, size_t len, size_t head, kp_resp *r, size_t *used) {
    if (r->number == -1) {
        r->kind = KP_RESP_NOTHING;
        return 1;
    }
    if (r->number < 0 || r->number > TEXT_MOST)
        return -1;
    r->kind = KP_RESP_TEXT;
    r->text = data + head;
    r->len = (size_t)r->number;
    if (len - head < r->len + 2)
        return 0;
    *used = head + r->len + 2;
    return r->text[r->len] == '\r' && r->text[r->len + 1] == '\n' ? 1 : -1;
}

int kp_resp_read(const char *data, size_t len, kp_resp *r, size_t *used) {
    if (!data || !r || !used || len == 0)
        return 0;
    if (!strchr("+-:$*", data[0]) || data[0] == '\0')
        return -1;
    const char *end = memmem(data, len < LINE_MOST ? len : LINE_MOST, "\r\n", 2);
    if (!end)
        return len < LINE_MOST ? 0 : -1;
    *r = (kp_resp){.kind = KP_RESP_TEXT, .text = data + 1, .len = (size_t)(end - data) - 1};
    *used = r->len + 3;
    if (data[0] == '+')
        return 1;
    if (data[0] == '-') {
        r->kind = KP_RESP_ERROR;
        return 1;
    }
    if (!kp_parse_i64(r->text, r->len, &r->number))
        return -1;
    if (data[0] == '$')
        return read_string(data, len, *used, r, used);
    r->kind = data[0] == ':' ? KP_RESP_NUMBER : r->number == -1 ? KP_RESP_NOTHING : KP_RESP_LIST;
    return data[0] == ':' || (r->number >= -1 && r->number <= LIST_MOST) ? 1 : -1;
}
