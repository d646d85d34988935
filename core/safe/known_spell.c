/* known_spell.c: reads one character of a text, however it is spelt. */
#include "safe/known_spell.h"

#include <string.h>

#include "base/text.h"

enum { MOST_PERCENTS = 3, MOST_BACKSLASHES = 4, MOST_ZEROS = 4 };

typedef enum { NO = 0, YES, CUT } verdict;

/* One spelling as it is read: the next place, and how far it agrees. */
typedef struct reading {
    kp_window *w;
    kp_units units;
    size_t at;
    verdict so_far;
} reading;

size_t kp_units_width(kp_units units) {
    return units == KP_BYTES ? 1 : 2;
}

int kp_unit(kp_window *w, kp_units units, size_t at) {
    if (units == KP_BYTES)
        return kp_peek(w, at);
    int first = kp_peek(w, at);
    if (units == KP_UTF16_BE)
        return first == 0 ? kp_peek(w, at + 1) : KP_NO_CHAR;
    /* What the end cuts off is only a NUL byte. */
    return first == KP_NO_CHAR || kp_peek(w, at + 1) > 0 ? KP_NO_CHAR : first;
}

bool kp_spell_begins(char c) {
    return c == '%' || c == '\\' || c == '&';
}

/* Whether the text has no more bytes for a character at this place. */
static bool is_end(const kp_window *w, kp_units units, size_t at) {
    return at >= w->len || (units == KP_UTF16_BE && at + 1 == w->len && w->text[at] == '\0');
}

static void expect(reading *r, char wanted) {
    if (r->so_far != YES)
        return;
    if (is_end(r->w, r->units, r->at)) {
        kp_unit(r->w, r->units, r->at); /* more is wanted, if there is more */
        r->so_far = CUT;
        return;
    }
    int c = kp_unit(r->w, r->units, r->at);
    if (c == KP_NO_CHAR || kp_lower((char)c) != wanted)
        r->so_far = NO;
    r->at += kp_units_width(r->units);
}

static void expect_text(reading *r, const char *wanted) {
    for (; *wanted; wanted++)
        expect(r, *wanted);
}

static void expect_hex(reading *r, unsigned value, int digits) {
    while (digits-- > 0)
        expect(r, "0123456789abcdef"[value >> (4 * digits) & 15]);
}

static void expect_times(reading *r, char wanted, int times) {
    while (times-- > 0)
        expect(r, wanted);
}

/* If there are too many, the first and the last survive: nothing escaped, and everything. */
static void add_place(kp_places *p, size_t at) {
    for (size_t i = 0; i < p->n; i++)
        if (p->at[i] == at)
            return;
    if (p->n == KP_PLACES)
        p->n--;
    p->at[p->n++] = at;
}

static bool settle(const reading *r, kp_places *next) {
    if (r->so_far == YES)
        add_place(next, r->at);
    return r->so_far == CUT;
}

static bool read_percent(reading start, unsigned value, kp_places *next) {
    bool cut = false;
    for (int times = 0; times < MOST_PERCENTS; times++) {
        reading r = start;
        expect(&r, '%');
        for (int i = 0; i < times; i++)
            expect_text(&r, "25");
        expect_hex(&r, value, 2);
        cut |= settle(&r, next);
    }
    return cut;
}

/* The letter that stands behind a backslash for this character, 0 if there is none. */
static char short_escape(char c) {
    static const char pairs[] = "\"\"''\\\\//\bb\ff\nn\rr\tt";
    for (const char *p = pairs; *p; p += 2)
        if (p[0] == c)
            return p[1];
    return 0;
}

static bool read_backslashes(reading start, char c, kp_places *next) {
    bool cut = false;
    unsigned value = (unsigned char)c;
    char letter = short_escape(c);
    for (int times = 1; times <= MOST_BACKSLASHES; times++) {
        expect(&start, '\\');
        if (start.so_far == NO)
            break;
        reading r = start;
        expect_text(&r, "u00");
        expect_hex(&r, value, 2);
        cut |= settle(&r, next);
        r = start;
        expect(&r, 'x');
        expect_hex(&r, value, 2);
        cut |= settle(&r, next);
        r = start;
        expect(&r, letter);
        cut |= letter && settle(&r, next);
    }
    return cut;
}

static void expect_decimal(reading *r, unsigned value) {
    if (value >= 100)
        expect(r, (char)('0' + value / 100));
    if (value >= 10)
        expect(r, (char)('0' + value / 10 % 10));
    expect(r, (char)('0' + value % 10));
}

static const char *html_name(char c) {
    switch (c) {
    case '&': return "amp;";
    case '<': return "lt;";
    case '>': return "gt;";
    case '"': return "quot;";
    case '\'': return "apos;";
    default: return NULL;
    }
}

static bool read_html(reading start, char c, kp_places *next) {
    bool cut = false;
    unsigned value = (unsigned char)c;
    expect(&start, '&');
    for (int zeros = 0; zeros <= MOST_ZEROS; zeros++) {
        reading r = start;
        expect(&r, '#');
        expect_times(&r, '0', zeros);
        expect_decimal(&r, value);
        expect(&r, ';');
        cut |= settle(&r, next);
        r = start;
        expect_text(&r, "#x");
        expect_times(&r, '0', zeros);
        expect_hex(&r, value, value < 16 ? 1 : 2);
        expect(&r, ';');
        cut |= settle(&r, next);
    }
    const char *name = html_name(c);
    if (name) {
        expect_text(&start, name);
        cut |= settle(&start, next);
    }
    return cut;
}

bool kp_spell_read(kp_window *w, kp_units units, size_t at, char c, kp_places *next) {
    if (is_end(w, units, at)) {
        kp_unit(w, units, at);
        return true;
    }
    int there = kp_unit(w, units, at);
    if (there == KP_NO_CHAR)
        return false;
    if ((char)there == c)
        add_place(next, at + kp_units_width(units));
    reading start = {w, units, at, YES};
    switch (there) {
    case '%': return read_percent(start, (unsigned char)c, next);
    case '\\': return read_backslashes(start, c, next);
    case '&': return read_html(start, c, next);
    default: return false;
    }
}

/* ---- What is spelt here ---- */

/* As many digits as there are, at most so many, as a number. */
static unsigned read_number(kp_window *w, kp_units units, size_t at, unsigned base, int most) {
    unsigned number = 0;
    for (int i = 0; i < most; i++, at += kp_units_width(units)) {
        int c = kp_unit(w, units, at), digit = c == KP_NO_CHAR ? -1 : kp_hex_value((char)c);
        if (digit < 0 || (unsigned)digit >= base)
            break;
        number = number * base + (unsigned)digit;
    }
    return number;
}

static void mean(kp_chars *chars, unsigned c) {
    chars->at[chars->n++] = (unsigned char)c;
}

static void read_percent_chars(kp_window *w, kp_units units, size_t at, kp_chars *chars) {
    size_t width = kp_units_width(units);
    unsigned c = '%';
    for (int i = 0; i < MOST_PERCENTS && c == '%'; i++, at += 2 * width) {
        c = read_number(w, units, at + width, 16, 2);
        mean(chars, c);
    }
}

static void read_backslash_chars(kp_window *w, kp_units units, size_t at, kp_chars *chars) {
    static const char pairs[] = "b\bf\fn\nr\rt\t";
    size_t width = kp_units_width(units);
    int c = '\\';
    for (int i = 0; i < MOST_BACKSLASHES && c == '\\'; i++) {
        at += width;
        c = kp_unit(w, units, at);
    }
    mean(chars, '\\');
    if (c == 'u' || c == 'U')
        mean(chars, read_number(w, units, at + width, 16, 4));
    if (c == 'x' || c == 'X')
        mean(chars, read_number(w, units, at + width, 16, 2));
    for (const char *p = pairs; *p; p += 2)
        if (c != KP_NO_CHAR && p[0] == kp_lower((char)c))
            mean(chars, (unsigned char)p[1]);
    if (c != KP_NO_CHAR)
        mean(chars, (unsigned char)c);
}

static void read_html_chars(kp_window *w, kp_units units, size_t at, kp_chars *chars) {
    size_t width = kp_units_width(units);
    int c = kp_unit(w, units, at + width), x = c == '#' ? kp_unit(w, units, at + 2 * width) : KP_NO_CHAR;
    if (x == 'x' || x == 'X')
        mean(chars, read_number(w, units, at + 3 * width, 16, 2 + MOST_ZEROS));
    else if (c == '#')
        mean(chars, read_number(w, units, at + 2 * width, 10, 3 + MOST_ZEROS));
    else
        for (const char *p = "&<>\"'"; *p; p++)
            mean(chars, (unsigned char)*p);
}

kp_chars kp_spell_chars(kp_window *w, kp_units units, size_t at) {
    kp_chars chars = {.n = 0};
    int c = kp_unit(w, units, at);
    if (c != KP_NO_CHAR)
        mean(&chars, (unsigned char)c);
    switch (c) {
    case '%': read_percent_chars(w, units, at, &chars); break;
    case '\\': read_backslash_chars(w, units, at, &chars); break;
    case '&': read_html_chars(w, units, at, &chars); break;
    default: break;
    }
    return chars;
}
