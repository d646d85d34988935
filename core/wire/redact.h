/* redact.h: takes secrets out of a text that somebody else wrote, such as a log, as it flows by.
 *
 * The result is a function of the whole text, of the known secrets and of the way with bare hex; where the text was
 * split, and how long it is, changes nothing. Rules give intervals of the text; those that overlap are united (those
 * that only touch are not), and each then becomes [REDACTED]. Every rule looks a bounded way back (KP_REDACT_BEHIND)
 * and ahead, so memory is bounded and time linear. Bytes are bytes: invalid UTF-8 and NUL stay as they are.
 *
 * 1. Known secrets (safe/known.h) of 12 characters or more: at every place the longest match of any form, plain, hex,
 *    base64, however its characters are spelt (safe/known_spell.h).
 * 2. The end of the text: a text that ends within such a match, after 8 characters of it, is redacted from there on.
 * 3. Values in context, of any shape and length. A name; at most 8 closers: " ' ] \ &quot; &#34; &#39; &apos; %22 %27
 *    %5D; at most 4 blanks; a separator: = : => %3D %3A \u003d \u003a; at most 8 blanks; the value. Blanks are space
 * and tab. %XX may be encoded again, twice (%253D), and \u have up to 4 backslashes. Names are words of letters,
 * digits, _ and - (of which the last 64 count), compared without case, _ and -: the word "key"; what ends in apikey,
 * clientkey, accesskey, secretkey, authkey, privatekey, proxylogin or proxypassword; either also with backup or one of
 * 2 to 9 behind. A word also begins behind an escape (%26key, \nkey). A separator can be left out, for 1 to 8 blanks,
 * behind the words apikey and clientkey and behind a name with -- in front; then no = or : may stand there. A value may
 * be opened by a quote: " ' (also with up to 7 backslashes) &quot; &#34; &#39; &apos; %22 %27, in front of which [ or
 * (, and one letter of b, u, r, can stand; it ends at the same quote, where a backslash escapes, or at a line end. Any
 * other ends at a blank, a line end, one of & " ' , ; ) } ] < > | \ or %26, %22. Behind => there may also be a line
 * end, at most 64 blanks, and string(LENGTH) before the quote, as PHP dumps it. Authorization and Proxy-Authorization
 * are names too: their value begins behind a word of letters (at most 32) and 1 to 8 blanks, may have [ in front, and
 * is the rest of the line if it is not quoted and the word is Digest. An empty value is none. [REDACTED] at the
 * beginning of a value is passed over, and a value of *** with at most 4 letters or digits is one of keyplate's masks:
 * it stays.
 * 4. Logins: between SCHEME:// (also :\/\/ and %3A%2F%2F) and the last @ (or %40), if a colon (or %3A) is between
 *    them, and neither / ? # (behind %3A%2F%2F also %2F %3F %23), a blank, a quote, < nor >; within
 *    KP_REDACT_LOGIN_MOST bytes. The same at the value of a name that ends in "proxy", as in rule 3; one that is not
 *    quoted also has no &.
 * 5. Bare hex: exactly 32 hex digits, no letter or digit beside them; the end of an escape (%3D, \n, \t, \r, \u003d,
 *    \x3d) in front is none. Not so: behind a name that has traceid, traceparent, etag or md5 in it, over at most 8 of
 *    quotes, blanks, = : > ( [ \ and of W/ and 00-; in 00-<32>-<16>-<2>; behind MD5 (FILE) =, FILE at most 128 bytes.
 *    KP_BARE_CONTEXT: only if the same line has, within 64 bytes in front, one of the words key, captcha, captchaai,
 *    nocaptchaai, in.php, res.php, with no letter or digit beside it.
 *
 * Redacting a second time can find more where a mask now stands beside what had a letter or digit there before (rule 5,
 * names of rule 3), or where the text now ends otherwise; else it changes nothing.
 */
#ifndef KP_WIRE_REDACT_H
#define KP_WIRE_REDACT_H

#include <stddef.h>

#include "base/buf.h"

enum { KP_REDACT_BEHIND = 512, KP_REDACT_LOGIN_MOST = 512 };

typedef enum kp_bare_hex { KP_BARE_ALWAYS = 0, KP_BARE_CONTEXT, KP_BARE_OFF } kp_bare_hex;

typedef struct kp_redact kp_redact;

/* One text at a time, by one thread. NULL when memory is short. */
kp_redact *kp_redact_new(kp_bare_hex);
void kp_redact_free(kp_redact *);
/* As kp_redactor_feed of keyplate.h. After -1 the text is lost up to the next line end, and stands as [REDACTED] in
   front of what follows: nothing of a secret that began in the lost part can come out. */
int kp_redact_feed(kp_redact *, const char *text, size_t len, int final, const char **out, size_t *out_len);
/* Adds a whole text, redacted. When memory is short, out has failed and nothing of the text was added. */
void kp_redact_text(kp_buf *out, kp_bare_hex, const char *text, size_t len);

#endif
