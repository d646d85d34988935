/* buf.h: a growing text buffer whose failure sticks, so that a sequence of appends needs one check at its end. */
#ifndef KP_BASE_BUF_H
#define KP_BASE_BUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/mem.h"

typedef struct kp_buf {
    char *data; /* always ended by a NUL once anything was added; NULL before */
    size_t len; /* without that NUL */
    size_t room;
    bool failed; /* memory ran out, or the length would have passed SIZE_MAX / 4; what follows is dropped */
    const kp_allocator *from;
} kp_buf;

/* An empty buffer. from NULL: the heap. */
void kp_buf_init(kp_buf *, const kp_allocator *from);
/* Gives the memory back; the buffer is empty and can be used again. */
void kp_buf_free(kp_buf *);
/* Empty, memory kept, the failure forgotten. */
void kp_buf_clear(kp_buf *);
/* Makes room for len more bytes. false (and failed) when memory is short. */
bool kp_buf_reserve(kp_buf *, size_t len);
void kp_buf_add(kp_buf *, const void *data, size_t len);
void kp_buf_str(kp_buf *, const char *text); /* NULL adds nothing */
void kp_buf_char(kp_buf *, char);
void kp_buf_i64(kp_buf *, int64_t);
/* printf into the buffer, for texts without secrets. Formats with %s %d %zu %lld and the like; no floats (locale). */
void kp_buf_fmt(kp_buf *, const char *format, ...) __attribute__((format(printf, 2, 3)));
void kp_buf_vfmt(kp_buf *, const char *format, va_list) __attribute__((format(printf, 2, 0)));
/* The text, "" for an empty buffer. Lent until the next change. */
const char *kp_buf_text(const kp_buf *);
/* The text as memory of the caller (kp_free), the buffer is empty afterwards; NULL if it failed. Heap buffers only. */
char *kp_buf_take(kp_buf *);

#endif
