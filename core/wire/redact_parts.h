/* redact_parts.h: the rules of redact.h one by one, each at one place of a window. Besides the window's end they look
 * at most KP_REDACT_BEHIND bytes back. */
#ifndef KP_WIRE_REDACT_PARTS_H
#define KP_WIRE_REDACT_PARTS_H

#include <stdbool.h>
#include <stddef.h>

#include "safe/known_window.h"
#include "wire/redact.h"

/* How a value ends, a bit each. */
enum {
    KP_ENDS_BARE = 1 << 0,
    KP_ENDS_LINE = 1 << 1,
    KP_ENDS_PERCENT_22 = 1 << 2,
    KP_ENDS_PERCENT_27 = 1 << 3,
    KP_ENDS_HTML_DOUBLE = 1 << 4,
    KP_ENDS_HTML_SINGLE = 1 << 5,
    KP_LOGIN = 1 << 6,         /* no value, but a login by rule 4 */
    KP_LOGIN_PERCENT = 1 << 7, /* the same, behind %3A%2F%2F */
    KP_LOGIN_BARE = 1 << 8,    /* the same, not quoted */
    KP_ENDS_DOUBLE = 1 << 9,   /* shifted left by the backslashes in front of the quote, at most 7 */
    KP_ENDS_SINGLE = 1 << 17,
    KP_LOGINS = KP_LOGIN | KP_LOGIN_PERCENT | KP_LOGIN_BARE
};
enum { KP_QUOTE_LEVELS = 8 };

/* Where a value may begin, and how it ends. */
typedef struct kp_value {
    size_t at;
    unsigned ends; /* 0: there is none */
} kp_value;

/* ---- redact_chars.c: what stands at a place ---- */

bool kp_is_blank_at(kp_window *, size_t at);
/* The byte so many places in front, KP_NO_CHAR before the beginning. */
int kp_back(const kp_window *, size_t at, size_t by);
bool kp_is_word_char(int c); /* of names: letters, digits, _ and - */
bool kp_is_alnum(int c);
/* Whether these characters (in lower case) stand there, in either case. */
bool kp_text_at(kp_window *, size_t at, const char *lower);
/* Whether they stand in front of the place. */
bool kp_text_before(const kp_window *, size_t at, const char *lower);
/* The length of %XX (XX in lower case) here, also encoded again once or twice; 0 if it is not there. */
size_t kp_percent_at(kp_window *, size_t at, const char *xx);
/* The length of the quote &quot;, &#34;, &apos;, &#39; here, and which one it is; 0 if there is none. */
size_t kp_html_quote_at(kp_window *, size_t at, char *quote);
/* Whether an escape such as %3D or \n ends in front of this place. */
bool kp_escape_ends(const kp_window *, size_t at);

/* ---- redact_name.c: rule 3 up to the value, and the name "proxy" of rule 4 ---- */

/* The value that the name in front of this place has; ends is 0 if no such name ends here. */
kp_value kp_redact_named(kp_window *, size_t at);

/* ---- redact_value.c: values and logins ---- */

/* Whether a value of this kind ends at this place; so many backslashes are directly in front. */
bool kp_redact_value_ends(kp_window *, size_t at, unsigned ends, size_t backslashes);
/* Whether the value that begins here is one of keyplate's own masks. */
bool kp_redact_is_own_mask(kp_window *, size_t at, unsigned ends);
/* Where a login may begin because of the "://" at this place. */
kp_value kp_redact_url(kp_window *, size_t at);
/* The length of the login at this place, 0 if there is none. */
size_t kp_redact_login(kp_window *, size_t at, unsigned kind);

/* ---- redact_skip.c: speed ---- */

/* The first place from here on where a rule could find something to begin, so that all before it can be passed; the end
   of the window if there is none. first: of kp_known_first. */
size_t kp_redact_skip(const kp_window *, size_t at, const bool *first);

/* ---- redact_bare.c: rule 5 ---- */

/* The length of the run of hex digits that begins here and has to go, 0 if there is none. */
size_t kp_redact_bare(kp_window *, size_t at, kp_bare_hex);

#endif
