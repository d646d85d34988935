/* sandbox_ledger.c: appends JSON lines, each with one write. */
#include "app/sandbox_ledger.h"

#include <fcntl.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/decimal.h"
#include "base/text.h"
#include "base/when.h"

bool sandbox_lines_open(sandbox_lines *lines, const char *path) {
    lines->fd = path ? open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600) : -1;
    return !path || lines->fd >= 0;
}

void sandbox_lines_close(sandbox_lines *lines) {
    if (lines->fd < 0)
        return;
    fdatasync(lines->fd);
    close(lines->fd);
    lines->fd = -1;
}

static void begin(kp_buf *b) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    kp_buf_init(b, NULL);
    kp_buf_str(b, "{\"time\":\"");
    kp_add_rfc3339(b, (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000);
    kp_buf_char(b, '"');
}

static void add_text(kp_buf *b, const char *name, const char *text, size_t len) {
    kp_buf_fmt(b, ",\"%s\":", name);
    kp_add_json(b, text, len);
}

static void add_string(kp_buf *b, const char *name, const char *text) {
    kp_buf_fmt(b, ",\"%s\":\"%s\"", name, text);
}

/* One write: with O_APPEND lines of several writers do not mix. */
static bool end(kp_buf *b, const sandbox_lines *lines) {
    kp_buf_str(b, "}\n");
    bool fine = !b->failed && write(lines->fd, b->data, b->len) == (ssize_t)b->len;
    kp_buf_free(b);
    return fine;
}

bool sandbox_ledger_add(const sandbox_lines *lines, int provider, const char *method, size_t method_len,
                        const char *task, const sandbox_key *key, int64_t cost_micro) {
    if (lines->fd < 0)
        return true;
    kp_buf b;
    begin(&b);
    add_string(&b, "provider", sandbox_provider_name(provider));
    add_text(&b, "method", method, method_len);
    add_string(&b, "task", task);
    const char *mask = sandbox_key_mask(key);
    add_text(&b, "key", mask, strlen(mask));
    add_string(&b, "fingerprint", sandbox_key_fingerprint(key, provider));
    kp_buf_str(&b, ",\"cost_usd\":\"");
    kp_add_micro(&b, cost_micro);
    kp_buf_char(&b, '"');
    return end(&b, lines);
}

bool sandbox_record_add(const sandbox_lines *lines, const sandbox_record *record) {
    if (lines->fd < 0)
        return true;
    kp_buf b;
    begin(&b);
    kp_buf_fmt(&b, ",\"connection\":%lld,\"client\":\"", (long long)record->connection);
    sandbox_address_add(&b, record->client);
    kp_buf_char(&b, '"');
    add_string(&b, "method", record->http_method);
    add_string(&b, "path", record->path);
    add_string(&b, "call", record->call);
    if (record->fingerprint)
        add_string(&b, "fingerprint", record->fingerprint);
    if (record->wrong_key)
        add_string(&b, "wrong_key", record->wrong_key);
    kp_buf_fmt(&b, ",\"status\":%d", record->status);
    return end(&b, lines);
}
