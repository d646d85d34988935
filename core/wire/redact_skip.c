/* redact_skip.c: passes the places of a text at which no rule can find anything, by a cheap look at each byte. */
#include "wire/redact_parts.h"

enum {
    WORD = 1 << 0,   /* is part of names */
    ALNUM = 1 << 1,  /* beside a hex digit it makes the run longer */
    HEX = 1 << 2,    /* is a hex digit */
    TAIL = 1 << 3,   /* ends names of rules 3 and 4 */
    NUMBER = 1 << 4, /* can stand behind such a name */
    ESCAPE = 1 << 5  /* begins escapes */
};

#define IN(c, low, high) ((c) >= (low) && (c) <= (high))
#define IS_DIGIT(c) IN(c, '0', '9')
#define IS_ALPHA(c) (IN(c, 'a', 'z') || IN(c, 'A', 'Z'))
#define IS_HEX(c) (IS_DIGIT(c) || IN(c, 'a', 'f') || IN(c, 'A', 'F'))
#define IS_TAIL(c)                                                                                                     \
    ((c) == 'y' || (c) == 'Y' || (c) == 'p' || (c) == 'P' || (c) == 'n' || (c) == 'N' || (c) == 'd' || (c) == 'D' ||   \
     (c) == '_' || (c) == '-')
#define CLASS(c)                                                                                                       \
    ((IS_DIGIT(c) || IS_ALPHA(c) || (c) == '_' || (c) == '-' ? WORD : 0) | (IS_DIGIT(c) || IS_ALPHA(c) ? ALNUM : 0) |  \
     (IS_HEX(c) ? HEX : 0) | (IS_TAIL(c) ? TAIL : 0) | (IN(c, '2', '9') ? NUMBER : 0) |                                \
     ((c) == '%' || (c) == '\\' ? ESCAPE : 0))
#define ROW4(c) CLASS(c), CLASS((c) + 1), CLASS((c) + 2), CLASS((c) + 3)
#define ROW16(c) ROW4(c), ROW4((c) + 4), ROW4((c) + 8), ROW4((c) + 12)
#define ROW64(c) ROW16(c), ROW16((c) + 16), ROW16((c) + 32), ROW16((c) + 48)

static const unsigned char classes[256] = {ROW64(0), ROW64(64), ROW64(128), ROW64(192)};

/* The longest escape that kp_escape_ends knows, and how long a run of bare hex is. */
enum { ESCAPE_MOST = 8, RUN = 32 };

static unsigned class_at(const kp_window *w, size_t at) {
    return at < w->len ? classes[(unsigned char)w->text[at]] : 0;
}

/* Whether 32 hex digits could stand here, as far as a few of them tell. What the window does not have yet could be. */
static bool may_be_run(const kp_window *w, size_t at) {
    static const size_t samples[] = {1, 2, 4, 8, 16, RUN - 1};
    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++)
        if (at + samples[i] < w->len && !(class_at(w, at + samples[i]) & HEX))
            return false;
    return true;
}

/* Whether a name of the rules could end in front of this place. */
static bool may_end_name(const kp_window *w, size_t at) {
    unsigned last = class_at(w, at - 1);
    return (last & TAIL) || ((last & NUMBER) && at > 1 && (class_at(w, at - 2) & TAIL));
}

/* Whether "://" could stand here. */
static bool may_be_url(const kp_window *w, size_t at) {
    return at + 1 >= w->len || w->text[at + 1] == '/' || w->text[at + 1] == '\\';
}

/* The place up to which an escape could end that begins in front of this one. */
static size_t escapes_end(const kp_window *w, size_t at) {
    for (size_t back = 1; back <= ESCAPE_MOST && back <= at; back++)
        if (class_at(w, at - back) & ESCAPE)
            return at - back + ESCAPE_MOST;
    return 0;
}

size_t kp_redact_skip(const kp_window *w, size_t at, const bool *first) {
    size_t escaped = escapes_end(w, at);
    unsigned before = at > 0 ? class_at(w, at - 1) : 0;
    for (; at < w->len; at++) {
        unsigned char c = (unsigned char)w->text[at];
        unsigned here = classes[c];
        if (first[c] || c == '%')
            return at;
        if (!(here & WORD) && (before & WORD) && may_end_name(w, at))
            return at;
        if (c == ':' && may_be_url(w, at))
            return at;
        if (here & ESCAPE)
            escaped = at + ESCAPE_MOST;
        if ((here & HEX) && (!(before & ALNUM) || at <= escaped) && may_be_run(w, at))
            return at;
        before = here;
    }
    return at;
}
