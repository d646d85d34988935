/* decimal.c: reads and writes amounts of money digit by digit. */
#include "base/decimal.h"

#include "base/text.h"

enum {
    SCALE = 6,       /* digits of a micro-unit behind the point */
    DIGITS_MAX = 40, /* more digits than any service computes with: damage, not money */
    EXPONENT_MAX = 40
};

typedef struct amount {
    bool minus;
    char digits[DIGITS_MAX];
    size_t count;
    int whole; /* how many of the digits stand before the point */
} amount;

/* Takes a run of digits, returns where it ends; false if it is empty or the amount gets too long. */
static bool take_digits(amount *a, const char *text, size_t len, size_t *at) {
    size_t first = *at;
    for (; *at < len && kp_is_digit(text[*at]); ++*at) {
        if (a->count == DIGITS_MAX)
            return false;
        a->digits[a->count++] = text[*at];
    }
    return *at > first;
}

/* Sign, digits, point and digits; *at is then behind them. */
static bool take_plain(amount *a, const char *text, size_t len, size_t *at) {
    if (*at < len && text[*at] == '-') {
        a->minus = true;
        ++*at;
    }
    if (!take_digits(a, text, len, at))
        return false;
    a->whole = (int)a->count;
    if (*at == len || text[*at] != '.')
        return true;
    ++*at;
    return take_digits(a, text, len, at);
}

static bool take_exponent(amount *a, const char *text, size_t len, size_t *at) {
    if (*at == len || (text[*at] != 'e' && text[*at] != 'E'))
        return true;
    ++*at;
    bool down = *at < len && text[*at] == '-';
    if (down || (*at < len && text[*at] == '+'))
        ++*at;
    if (*at == len)
        return false;
    int exponent = 0;
    for (; *at < len && kp_is_digit(text[*at]); ++*at) {
        exponent = exponent * 10 + (text[*at] - '0');
        if (exponent > EXPONENT_MAX)
            return false;
    }
    a->whole += down ? -exponent : exponent;
    return true;
}

static bool is_zero(const amount *a) {
    for (size_t i = 0; i < a->count; i++)
        if (a->digits[i] != '0')
            return false;
    return true;
}

static bool to_micro(const amount *a, int64_t *out) {
    bool zero = is_zero(a);
    if (a->minus && zero)
        return false;
    int64_t value = 0;
    for (int i = 0; i < a->whole + SCALE; i++) {
        value = value * 10 + ((size_t)i < a->count ? a->digits[i] - '0' : 0);
        if (value > KP_MICRO_MAX)
            return false;
    }
    /* Too little to count is still not nothing: 0 would say that an account is empty. */
    if (value == 0 && !zero)
        value = 1;
    *out = a->minus ? -value : value;
    return true;
}

bool kp_parse_micro(const char *text, size_t len, int64_t *out) {
    amount a = {0};
    size_t at = 0;
    return text && out && take_plain(&a, text, len, &at) && at == len && to_micro(&a, out);
}

bool kp_parse_dollars(const char *text, size_t len, int64_t *out) {
    amount a = {0};
    size_t at = 0;
    if (!text || !out || !take_plain(&a, text, len, &at) || at != len || a.minus)
        return false;
    return a.count <= (size_t)a.whole + SCALE && to_micro(&a, out);
}

bool kp_parse_micro_json(const char *text, size_t len, int64_t *out) {
    amount a = {0};
    size_t at = 0;
    if (!text || !out || !take_plain(&a, text, len, &at))
        return false;
    bool leading_zero = a.whole > 1 && a.digits[0] == '0';
    return !leading_zero && take_exponent(&a, text, len, &at) && at == len && to_micro(&a, out);
}

void kp_add_micro(kp_buf *b, int64_t micro) {
    uint64_t left = micro < 0 ? 0 - (uint64_t)micro : (uint64_t)micro;
    if (micro < 0)
        kp_buf_char(b, '-');
    kp_buf_i64(b, (int64_t)(left / 1000000));
    left %= 1000000;
    if (left == 0)
        return;
    char digits[SCALE];
    size_t len = SCALE;
    for (size_t i = SCALE; i-- > 0; left /= 10)
        digits[i] = (char)('0' + left % 10);
    while (digits[len - 1] == '0')
        len--;
    kp_buf_char(b, '.');
    kp_buf_add(b, digits, len);
}
