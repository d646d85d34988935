/* cmd_tally.c: counts what the record of calls says. */
#include "app/cmd_tally.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "wire/json.h"

enum { PIECE = 65536, LINE_MOST = 262144 };

static void take_name(kp_json record, const char *name, kp_buf *out) {
    kp_buf_clear(out);
    kp_json_string(kp_json_get(record, name), out);
}

/* Lines that are no outcomes, or torn, say nothing of calls. */
static void take_line(cmd_tally *t, const char *provider) {
    kp_json record = kp_json_parse(kp_buf_text(&t->line), t->line.len, NULL);
    int64_t took_ms = 0;
    if (!kp_json_is(kp_json_get(record, "event"), "outcome") || !kp_json_is(kp_json_get(record, "provider"), provider))
        return;
    kp_buf method, code;
    kp_buf_init(&method, NULL);
    kp_buf_init(&code, NULL);
    take_name(record, "method", &method);
    take_name(record, "code", &code);
    if (!kp_json_i64(kp_json_get(record, "duration_ms"), &took_ms) || took_ms < 0)
        took_ms = 0;
    kp_tally_call(&t->tally, method.len ? kp_buf_text(&method) : "unknown", kp_buf_text(&code), (uint64_t)took_ms);
    take_name(record, "limit", &method);
    if (method.len)
        kp_tally_refused(&t->tally, kp_buf_text(&method));
    kp_buf_free(&method);
    kp_buf_free(&code);
}

static void take_piece(cmd_tally *t, const char *data, size_t len, const char *provider) {
    while (len > 0) {
        const char *end = memchr(data, '\n', len);
        size_t part = end ? (size_t)(end - data) : len;
        t->skips = t->skips || t->line.len + part > LINE_MOST;
        if (!t->skips)
            kp_buf_add(&t->line, data, part);
        if (end && !t->skips && !t->line.failed)
            take_line(t, provider);
        if (end || t->skips)
            kp_buf_clear(&t->line);
        if (end)
            t->skips = false;
        part += end ? 1 : 0;
        data += part;
        len -= part;
    }
}

static bool read_on(cmd_tally *t, int fd, char *piece, const char *provider) {
    for (;;) {
        ssize_t n = pread(fd, piece, PIECE, t->done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n == 0;
        t->done += n;
        take_piece(t, piece, (size_t)n, provider);
    }
}

bool cmd_tally_read(cmd_tally *t, const char *path, const char *provider) {
    struct stat info;
    char *piece = kp_alloc(PIECE);
    int fd = piece ? open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY) : -1;
    bool fine = fd >= 0 && fstat(fd, &info) == 0 && S_ISREG(info.st_mode);
    if (fine && (info.st_dev != t->device || info.st_ino != t->file || info.st_size < t->done)) {
        t->device = info.st_dev;
        t->file = info.st_ino;
        t->done = 0;
        t->skips = false;
        kp_buf_clear(&t->line);
    }
    fine = fine && read_on(t, fd, piece, provider);
    if (fd >= 0)
        close(fd);
    kp_free(piece);
    return fine;
}

void cmd_tally_free(cmd_tally *t) {
    kp_tally_clear(&t->tally);
    kp_buf_free(&t->line);
}
