/* known_window.h: a part of a text under a rule's eye. A rule that looks past what is there is asked again when more
 * has come: so no result depends on where a text was split. */
#ifndef KP_SAFE_KNOWN_WINDOW_H
#define KP_SAFE_KNOWN_WINDOW_H

#include <stdbool.h>
#include <stddef.h>

enum { KP_NO_CHAR = -1 };

typedef struct kp_window {
    const char *text;
    size_t len;
    bool ended;   /* the text ends here; else more may come */
    bool wanting; /* set by a rule that would have to see more than there is */
} kp_window;

/* The byte at a place (0 to 255). Past the end: KP_NO_CHAR, and the window is wanting if the text goes on. */
static inline int kp_peek(kp_window *w, size_t at) {
    if (at < w->len)
        return (unsigned char)w->text[at];
    w->wanting = w->wanting || !w->ended;
    return KP_NO_CHAR;
}

#endif
