/* sandbox_image.c: checks size and first bytes of images. */
#include "app/sandbox_image.h"

#include <string.h>

#include "base/buf.h"
#include "base/text.h"

#define IMAGE_MAX ((size_t)1 << 20)

sandbox_image sandbox_image_check(const void *data, size_t len) {
    static const struct {
        size_t at, len;
        const char *bytes;
    } starts[] = {{0, 3, "\xff\xd8\xff"}, {0, 8, "\x89PNG\r\n\x1a\n"},
                  {0, 6, "GIF87a"},       {0, 6, "GIF89a"},
                  {8, 4, "WEBP"},         {0, 2, "BM"}};
    const char *bytes = data;
    if (!len)
        return SANDBOX_IMAGE_EMPTY;
    if (len > IMAGE_MAX)
        return SANDBOX_IMAGE_TOO_BIG;
    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++) {
        bool same =
            len >= starts[i].at + starts[i].len && !memcmp(bytes + starts[i].at, starts[i].bytes, starts[i].len);
        if (same && (!starts[i].at || !memcmp(bytes, "RIFF", 4)))
            return SANDBOX_IMAGE_FINE;
    }
    return SANDBOX_IMAGE_UNKNOWN;
}

sandbox_image sandbox_image_check_base64(const char *text, size_t len) {
    static const char mark[] = ";base64,";
    if (len > 5 && !memcmp(text, "data:", 5)) {
        const char *end = memmem(text, len < 128 ? len : 128, mark, sizeof mark - 1);
        if (!end)
            return SANDBOX_IMAGE_UNREADABLE;
        len -= (size_t)(end + sizeof mark - 1 - text);
        text = end + sizeof mark - 1;
    }
    if (!len)
        return SANDBOX_IMAGE_EMPTY;
    if (len / 4 * 3 > IMAGE_MAX + 3)
        return SANDBOX_IMAGE_TOO_BIG;
    kp_buf bytes;
    kp_buf_init(&bytes, NULL);
    sandbox_image result = SANDBOX_IMAGE_UNREADABLE;
    if (kp_decode_base64(&bytes, text, len) && !bytes.failed)
        result = sandbox_image_check(kp_buf_text(&bytes), bytes.len);
    kp_buf_free(&bytes);
    return result;
}
