/* audit_tail.c: writes and reads the sidecar of an audit file. */
#include "local/audit_tail.h"

#include <string.h>

#include "wire/json.h"

void kp_tail_add(const kp_tail *tail, kp_buf *out) {
    if (!tail || !tail->checkpoint || !out)
        return;
    size_t start = out->len;
    kp_buf_str(out, "{\"checkpoint\":");
    kp_buf_add(out, tail->checkpoint, tail->len);
    kp_buf_str(out, ",\"device\":");
    kp_buf_i64(out, (int64_t)tail->device);
    kp_buf_str(out, ",\"inode\":");
    kp_buf_i64(out, (int64_t)tail->inode);
    kp_buf_str(out, ",\"size\":");
    kp_buf_i64(out, (int64_t)tail->size);
    kp_buf_char(out, '}');
    size_t len = out->len - start;
    if (len >= KP_TAIL_SIZE)
        out->failed = true;
    if (out->failed || !kp_buf_reserve(out, KP_TAIL_SIZE - len))
        return;
    memset(out->data + out->len, ' ', KP_TAIL_SIZE - len);
    out->len = start + KP_TAIL_SIZE;
    out->data[out->len - 1] = '\n';
    out->data[out->len] = '\0';
}

static bool number(kp_json all, const char *name, uint64_t *out) {
    int64_t value = 0;
    if (!kp_json_i64(kp_json_get(all, name), &value))
        return false;
    *out = (uint64_t)value;
    return true;
}

bool kp_tail_read(const char *text, size_t len, kp_tail *out) {
    if (!text || !out || len != KP_TAIL_SIZE)
        return false;
    kp_json all = kp_json_parse(text, len, NULL);
    kp_json checkpoint = kp_json_get(all, "checkpoint");
    kp_tail tail = {.checkpoint = checkpoint.raw, .len = checkpoint.len};
    if (checkpoint.type != KP_JSON_OBJECT || !number(all, "device", &tail.device) ||
        !number(all, "inode", &tail.inode) || !number(all, "size", &tail.size))
        return false;
    *out = tail;
    return true;
}

void kp_tail_path(const char *path, kp_buf *out) {
    kp_buf_str(out, path);
    kp_buf_str(out, ".tail");
}
