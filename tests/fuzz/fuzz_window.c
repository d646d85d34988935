/* fuzz_window.c: a text of windows, a NUL, and the file of all its zones: when they open next must be when they open.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "policy/window.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool fact) {
    if (!fact)
        abort();
}

static void check_time(const kp_windows *ws, int64_t at) {
    int64_t next = kp_windows_next(ws, at);
    must(next >= at && (next == at) == kp_windows_open(ws, at));
    if (next == INT64_MAX)
        return;
    must(kp_windows_open(ws, next));
    must(next == at || !kp_windows_open(ws, next - 1));
    must(!kp_windows_open(ws, at + (next - at) / 2) || next - at < 2);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    size_t len = size > 0 ? strnlen((const char *)data, size) : 0;
    kp_windows *ws = NULL;
    kp_buf problem;
    kp_buf_init(&problem, NULL);
    int code = kp_windows_parse((const char *)data, len, &ws, &problem);
    must((code == 0) == (ws != NULL) && (code == 0) == (problem.len == 0));
    for (size_t i = 0; kp_windows_zone(ws, i); i++) {
        must(kp_zone_is_name(kp_windows_zone(ws, i), strlen(kp_windows_zone(ws, i))));
        kp_windows_give(ws, i, len < size ? data + len + 1 : NULL, len < size ? size - len - 1 : 0, &problem);
    }
    for (int64_t at = 1700000000999; ws && at < 1900000000000; at += 12345678901)
        check_time(ws, at);
    kp_windows_free(ws);
    kp_buf_free(&problem);
    return 0;
}
