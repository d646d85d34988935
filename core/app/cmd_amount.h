/* cmd_amount.h: an amount of money that stands in JSON. */
#ifndef KP_APP_CMD_AMOUNT_H
#define KP_APP_CMD_AMOUNT_H

#include <stdint.h>

#include "wire/json.h"

/* Micro-dollars of dollars as text or number; -1: it is none, or negative, or has more than six digits behind the
   point. */
int64_t cmd_amount(kp_json);

#endif
