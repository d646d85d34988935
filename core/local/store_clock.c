/* store_clock.c: keeps the offset between boot time and wall clock in the store, one for all processes of a boot. */
#include "local/store_clock.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "keyplate_run.h"
#include "local/clock.h"

static int64_t boot_ms(void) {
    return (int64_t)kp_local_mono_ms();
}

/* Boot id and time namespace: a container may have a boot clock of its own under the host's boot id. */
static bool boot_id(char id[KP_BOOT_ID_SIZE]) {
    enum { UUID = 36 };
    char text[UUID];
    int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    ssize_t got = read(fd, text, sizeof text);
    close(fd);
    for (int i = 0; i < UUID; i++)
        if (got != UUID || (kp_hex_value(text[i]) < 0 && text[i] != '-'))
            return false;
    struct stat space;
    kp_buf b;
    kp_buf_init(&b, NULL);
    kp_buf_add(&b, text, sizeof text);
    kp_buf_char(&b, '.');
    kp_buf_i64(&b, stat("/proc/self/ns/time", &space) == 0 ? (int64_t)space.st_ino : 0);
    bool fits = !b.failed && b.len < KP_BOOT_ID_SIZE;
    if (fits)
        memcpy(id, kp_buf_text(&b), b.len + 1);
    kp_buf_free(&b);
    return fits;
}

static const kp_clock_source system_source = {kp_unix_ms, boot_ms, boot_id};
const kp_clock_source *kp_clock_source_used = &system_source;

static const kp_arg row_name = {"store clock", 11}; /* the blank keeps it apart from every name of a caller */
static const int64_t save_every_ms = 60000;
static const int64_t most_ms = 253402300799999; /* the end of the year 9999 */

typedef struct {
    char id[KP_BOOT_ID_SIZE];
    int64_t offset;
    int64_t latest;
} clock_row;

static kp_arg next_word(const char **at) {
    size_t len = strcspn(*at, " ");
    kp_arg word = {*at, len};
    *at += len + ((*at)[len] == ' ');
    return word;
}

static bool parse_row(const char *text, clock_row *row) {
    kp_arg id = next_word(&text), offset = next_word(&text), latest = next_word(&text);
    if (id.len == 0 || id.len >= sizeof row->id || !kp_parse_i64(offset.text, offset.len, &row->offset) ||
        !kp_parse_i64(latest.text, latest.len, &row->latest))
        return false;
    memcpy(row->id, id.text, id.len);
    return row->offset >= -most_ms && row->offset <= most_ms && row->latest >= 0 && row->latest <= most_ms;
}

/* 1; there is none, or it makes no sense (*row is zero then): 0; the map failed: -1. */
static int read_row(const kp_kv *kv, clock_row *row) {
    kp_buf value;
    kp_buf_init(&value, NULL);
    memset(row, 0, sizeof *row);
    int there = kv->get(kv->self, row_name, 0, &value);
    if (value.failed)
        there = -1;
    if (there > 0 && !parse_row(kp_buf_text(&value), row)) {
        memset(row, 0, sizeof *row);
        there = 0;
    }
    kp_buf_free(&value);
    return there;
}

static int write_row(const kp_kv *kv, const char *id, int64_t offset, int64_t now) {
    kp_buf value;
    kp_buf_init(&value, NULL);
    kp_buf_str(&value, id);
    kp_buf_char(&value, ' ');
    kp_buf_i64(&value, offset);
    kp_buf_char(&value, ' ');
    kp_buf_i64(&value, now);
    int failed = value.failed ? -1 : kv->put(kv->self, row_name, (kp_arg){value.data, value.len}, INT64_MAX);
    kp_buf_free(&value);
    return failed;
}

int kp_store_time(kp_store_clock *clock, const kp_kv *kv, int64_t *now_ms) {
    const kp_clock_source *from = kp_clock_source_used;
    int64_t boot = from->boot_ms();
    if (clock->known && boot + clock->offset - clock->saved < save_every_ms) {
        *now_ms = boot + clock->offset;
        return 0;
    }
    char id[KP_BOOT_ID_SIZE] = "?";
    bool named = from->boot_id(id); /* without a name each handle is its own boot: jumps while it is open do no harm */
    clock_row row;
    int there = read_row(kv, &row);
    if (there < 0)
        return -1;
    /* Behind its latest time a row of the same name belongs to another clock after all, such as before a snapshot. */
    bool same = there > 0 && named && strcmp(row.id, id) == 0 && boot + row.offset >= row.latest;
    if (!clock->known && same) {
        clock->offset = row.offset;
    } else if (!clock->known) {
        int64_t wall = from->wall_ms();
        clock->offset = (wall > row.latest ? wall : row.latest) - boot;
    }
    clock->known = true;
    *now_ms = boot + clock->offset;
    clock->saved = row.latest;
    if (same && *now_ms - row.latest < save_every_ms)
        return 0;
    clock->saved = *now_ms;
    return write_row(kv, id, clock->offset, *now_ms);
}
