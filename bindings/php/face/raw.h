/* raw.h: how PHP holds the handles (../../handle.h) of the functions that SWIG makes: an object of Keyplate\Raw\Handle.
 */
#ifndef KPP_RAW_H
#define KPP_RAW_H

#include "face.h"

#include "handle.h"

/* The handle in a value, entered (any: also while another call uses it). Throws, and gives NULL. */
kph *kpp_raw_enter(const zval *, const kph_type *, bool any);
/* Closes the handle in a value. Throws, and gives false. */
bool kpp_raw_close(const zval *, const kph_type *);
/* A new object with the handle, which it takes over; null if there is none. Throws if memory is short. */
void kpp_raw_return(zval *out, kph *);
void kpp_raw_refuse(const char *text);

/* The text in a value; without NUL in it unless len is asked for. Throws, and gives NULL. */
const char *kpp_raw_text(const zval *, size_t *len);
/* The whole number in a value, from low to high. Throws, and gives false. */
bool kpp_raw_number(const zval *, zend_long low, zend_ulong high, zend_long *out);
/* A further result: the first makes an array of the result. */
void kpp_raw_append(zval *result, const char *text);

#endif
