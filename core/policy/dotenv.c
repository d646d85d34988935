/* dotenv.c: reads one variable of a .env file where all dialects agree, and stops where they do not.
 *
 * The dialects differ most in what a quoted value of another variable swallows. So each such value is given the first
 * and the last line on which some dialect ends it; a line in between that names our variable is unclear.
 */
#include "policy/dotenv.h"

#include <stdbool.h>
#include <string.h>

#include "base/text.h"

typedef struct scan {
    const char *end;         /* of the text */
    const char *doubt_until; /* lines that begin before it are lines for some dialects only */
    size_t line;
} scan;

typedef struct assignment {
    const char *name;
    size_t name_len;
    bool name_quoted;  /* 'NAME'=value */
    char separator;    /* '=', ':' or 0: something else */
    const char *value; /* behind the separator and blanks */
} assignment;

static bool is_blank(char c) {
    return c == ' ' || c == '\t';
}

static bool is_name_char(char c) {
    return kp_is_alpha(c) || kp_is_digit(c) || c == '_' || c == '.' || c == '-';
}

static const char *skip_blanks(const char *at, const char *end) {
    while (at < end && is_blank(*at))
        at++;
    return at;
}

static const char *line_end(const char *at, const char *end) {
    while (at < end && *at != '\n' && *at != '\r')
        at++;
    return at;
}

/* Past one line end: LF, CR LF, or CR alone, as the dialects have it. */
static const char *next_line(const char *at, const char *end) {
    if (at + 1 < end && at[0] == '\r' && at[1] == '\n')
        return at + 2;
    return at < end ? at + 1 : end;
}

/* Moves to the line behind the one that ends at `stop`, counting the lines that are passed. */
static const char *advance(scan *s, const char *at, const char *stop) {
    do {
        at = next_line(line_end(at, s->end), s->end);
        s->line++;
    } while (at < stop);
    return at;
}

static const char *skip_export(const char *at, const char *end) {
    if (end - at > 6 && memcmp(at, "export", 6) == 0 && is_blank(at[6]))
        return skip_blanks(at + 6, end);
    return at;
}

/* false: an empty line or a comment. */
static bool read_assignment(const char *at, const char *end, assignment *out) {
    at = skip_blanks(at, end);
    if (at == end || *at == '#')
        return false;
    at = skip_export(at, end);
    char quote = at < end && (*at == '\'' || *at == '"') ? *at : 0;
    if (quote)
        at++;
    out->name = at;
    while (at < end && is_name_char(*at))
        at++;
    out->name_len = (size_t)(at - out->name);
    out->name_quoted = quote && at < end && *at == quote;
    if (out->name_quoted)
        at++;
    at = skip_blanks(at, end);
    out->separator = at < end && (*at == '=' || *at == ':') ? *at : 0;
    out->value = out->separator ? skip_blanks(at + 1, end) : at;
    return true;
}

/* The closing quote, NULL if there is none. aware: a backslash takes the meaning off the next character. */
static const char *closing_quote(const char *at, const char *end, char quote, bool aware) {
    for (; at < end; at++) {
        if (aware && *at == '\\' && at + 1 < end)
            at++;
        else if (*at == quote)
            return at;
    }
    return NULL;
}

/* Nothing, or a comment set off by a blank. */
static bool ends_cleanly(const char *at, const char *end) {
    const char *rest = skip_blanks(at, end);
    return rest == end || (rest > at && *rest == '#');
}

/* A value of another variable: where does the next line begin? Lines that only some dialects see become doubtful. */
static const char *skip_value(scan *s, const char *start, const assignment *a) {
    const char *eol = line_end(start, s->end);
    char quote = a->separator && a->value < eol ? *a->value : 0;
    if (quote != '"' && quote != '\'' && quote != '`')
        return advance(s, start, start);
    const char *near = closing_quote(a->value + 1, s->end, quote, false);
    const char *far = closing_quote(a->value + 1, s->end, quote, true);
    if (near && far && near < eol && far < eol)
        return advance(s, start, start);
    const char *last = far ? line_end(far, s->end) : s->end;
    bool agreed = quote == '"' && a->separator == '=' && near && near == far && ends_cleanly(near + 1, last) &&
                  start >= s->doubt_until;
    if (agreed)
        return advance(s, start, last);
    if (last > s->doubt_until)
        s->doubt_until = last;
    return advance(s, start, start);
}

static const char *quoted_value(const char *value, const char *eol, const char **out, size_t *out_len) {
    const char *close = closing_quote(value + 1, eol, *value, false);
    if (!close)
        return "a quote that does not close on this line";
    for (const char *at = value + 1; at < close; at++) {
        if (*at == '$' || *at == '`')
            return "a '$' or backtick in the value";
        if (*at == '\\')
            return "a backslash in the value";
    }
    if (!ends_cleanly(close + 1, eol))
        return "text behind the closing quote";
    *out = value + 1;
    *out_len = (size_t)(close - *out);
    return NULL;
}

static const char *plain_value(const char *value, const char *eol, const char **out, size_t *out_len) {
    const char *stop = value;
    for (; stop < eol && !is_blank(*stop); stop++) {
        if (*stop == '#')
            return "a '#' in a value without quotes";
        if (*stop == '$' || *stop == '`')
            return "a '$' or backtick in the value";
        if (*stop == '\\')
            return "a backslash in the value";
        if (*stop == '"' || *stop == '\'')
            return "a quote within the value";
    }
    if (!ends_cleanly(stop, eol))
        return "a blank in a value without quotes";
    *out = value;
    *out_len = (size_t)(stop - value);
    return NULL;
}

/* NULL and the value, or how the dialects disagree. */
static const char *our_value(const scan *s, const char *start, const assignment *a, const char **out, size_t *out_len) {
    const char *eol = line_end(start, s->end);
    if (start < s->doubt_until)
        return "a quote above it that does not close for certain";
    if (a->name_quoted)
        return "quotes around the name";
    if (a->separator == ':')
        return "a ':' in place of '='";
    if (a->separator != '=')
        return "no '=' behind the name";
    if (a->value < eol && (*a->value == '"' || *a->value == '\''))
        return quoted_value(a->value, eol, out, out_len);
    return plain_value(a->value, eol, out, out_len);
}

kp_dotenv kp_dotenv_find(char *text, size_t len, const char *name, char **value, size_t *value_len, size_t *line,
                         const char **why) {
    if (!text || !name || !value || !value_len || !line || !why)
        return KP_DOTENV_ABSENT;
    kp_dotenv state = KP_DOTENV_ABSENT;
    scan s = {.end = text + len, .doubt_until = text, .line = 1};
    bool bom = len >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0;
    const char *at = bom ? text + 3 : text;
    while (at < s.end) {
        assignment a;
        const char *eol = line_end(at, s.end);
        if (!read_assignment(at, eol, &a)) {
            at = advance(&s, at, at);
            continue;
        }
        if (!kp_same_n(a.name, a.name_len, name)) {
            at = skip_value(&s, at, &a);
            continue;
        }
        const char *found = NULL;
        *line = s.line;
        *why = bom && s.line == 1 ? "a byte order mark in front of the name" : our_value(&s, at, &a, &found, value_len);
        if (*why)
            return KP_DOTENV_UNCLEAR;
        *value = text + (found - text);
        state = KP_DOTENV_FOUND;
        at = advance(&s, at, at);
    }
    return state;
}
