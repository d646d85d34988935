/* cmd_amount.c: reads an amount of money from JSON. */
#include "app/cmd_amount.h"

#include "base/decimal.h"

int64_t cmd_amount(kp_json value) {
    int64_t micro = -1;
    kp_buf text;
    kp_buf_init(&text, NULL);
    if (value.type == KP_JSON_NUMBER)
        kp_buf_add(&text, value.raw, value.len);
    else if (!kp_json_string(value, &text))
        kp_buf_clear(&text);
    if (text.failed || !kp_parse_dollars(kp_buf_text(&text), text.len, &micro))
        micro = -1;
    kp_buf_free(&text);
    return micro;
}
