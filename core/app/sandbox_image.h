/* sandbox_image.h: looks whether bytes are an image that the services would take. */
#ifndef KP_APP_SANDBOX_IMAGE_H
#define KP_APP_SANDBOX_IMAGE_H

#include <stdbool.h>
#include <stddef.h>

typedef enum sandbox_image {
    SANDBOX_IMAGE_FINE = 0,
    SANDBOX_IMAGE_EMPTY,
    SANDBOX_IMAGE_TOO_BIG,    /* more than 1 MiB */
    SANDBOX_IMAGE_UNREADABLE, /* not base64 */
    SANDBOX_IMAGE_UNKNOWN     /* not JPEG, PNG, GIF, WebP or BMP */
} sandbox_image;

sandbox_image sandbox_image_check(const void *data, size_t len);
/* The same for base64 text, with or without "data:image/png;base64," in front. */
sandbox_image sandbox_image_check_base64(const char *text, size_t len);

#endif
