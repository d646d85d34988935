/* answer_parts.h: the pieces that both answer grammars are made of; for answer*.c only. */
#ifndef KP_WIRE_ANSWER_PARTS_H
#define KP_WIRE_ANSWER_PARTS_H

#include "wire/answer.h"
#include "wire/json.h"

/* The two grammars. They read the body alone, whatever the HTTP status, and return 0, KP_E_PENDING, a code of the
   service, KP_E_UNKNOWN_CODE (an error that the list lacks), KP_E_ANSWER (not in the grammar), KP_E_MEMORY or
   KP_E_MISUSE (the service has no such call). */
int kp_answer_read_ok_pipe(kp_answer *, const kp_provider *, kp_call_kind, const char *body, size_t len);
int kp_answer_read_task(kp_answer *, const kp_provider *, kp_call_kind, const char *body, size_t len);

/* Each takes one fact over into the answer and returns 0, KP_E_ANSWER if the value cannot be that fact, or
   KP_E_MEMORY. */
int kp_answer_take_id(kp_answer *, kp_json);
int kp_answer_take_plain_id(kp_answer *, const char *text, size_t len);
/* A string decoded, anything else but null and the booleans as its JSON text. Empty strings are no solution. */
int kp_answer_take_text(kp_answer *, kp_json);
int kp_answer_take_balance(kp_answer *, kp_json, const char *unit);
int kp_answer_take_plain_balance(kp_answer *, const char *text, size_t len, const char *unit);

/* Notes the service's code (a number, or a string that is a number or a word) and returns the code of the list or
   KP_E_UNKNOWN_CODE; KP_E_ANSWER if the value is no code; KP_E_MEMORY. */
int kp_answer_take_code(kp_answer *, const kp_provider *, kp_json);
/* Notes the first of the texts that says something, NULL ends the names. Returns the code of the list if that text is
   one of its words, else KP_E_UNKNOWN_CODE; KP_E_MEMORY. */
int kp_answer_take_words(kp_answer *, const kp_provider *, kp_json object, const char *const *names);
/* Adds text that the service wrote for people or logs: cut, without control characters. */
void kp_answer_show(kp_buf *, const char *text, size_t len);
/* true for [A-Z][A-Z0-9_]*, the shape of a code. */
bool kp_answer_is_word(const char *text, size_t len);

#endif
