/* fuzz_redact.c: however a text is split, the redactor makes the same of it, and no known key comes out. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "safe/known.h"
#include "wire/redact.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool fact) {
    if (!fact)
        abort();
}

/* No key, but of the shape of one; the fuzzer finds its bytes by comparing. */
static const char secret[] = "fuzz-Secret/+&<0>";

static void feed(kp_redact *r, const char *text, size_t len, int final, kp_buf *out) {
    const char *shown = NULL;
    size_t shown_len = 0;
    int result = kp_redact_feed(r, text, len, final, &shown, &shown_len);
    must(result >= 0);
    must(result > 0 || (shown_len == len && (len == 0 || shown == text)));
    kp_buf_add(out, shown, shown_len);
}

/* The first byte says how, the second how long the parts are. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 2 || !kp_known_add(secret, sizeof secret - 1))
        return 0;
    kp_bare_hex bare = (kp_bare_hex)(data[0] % 3);
    const char *text = (const char *)data + 2;
    size_t len = size - 2, part = (size_t)data[1] + 1;
    kp_buf whole, split;
    kp_buf_init(&whole, NULL);
    kp_buf_init(&split, NULL);
    kp_redact_text(&whole, bare, text, len);
    kp_redact *r = kp_redact_new(bare);
    must(r && !whole.failed);
    size_t at = 0;
    for (; len - at > part; at += part)
        feed(r, text + at, part, 0, &split);
    feed(r, text + at, len - at, 1, &split);
    must(split.len == whole.len && (whole.len == 0 || memcmp(split.data, whole.data, whole.len) == 0));
    must(!whole.len || !memmem(whole.data, whole.len, secret, sizeof secret - 1));
    kp_redact_free(r);
    kp_buf_free(&whole);
    kp_buf_free(&split);
    return 0;
}
