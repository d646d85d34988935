/* meter.h: counts how the operations of a client ended, for its metrics. */
#ifndef KP_ENGINE_METER_H
#define KP_ENGINE_METER_H

#include "keyplate.h"

/* At the end of an operation. */
void kp_meter_end(const kp_op *);

#endif
