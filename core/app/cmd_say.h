/* cmd_say.h: what the command prints: answers to stdout, the rest to stderr, no key in either; and how it ends. */
#ifndef KP_APP_CMD_SAY_H
#define KP_APP_CMD_SAY_H

#include "app/cmd.h"

enum {
    CMD_DONE = 0,
    CMD_TASK_FAILED = 1,
    CMD_WRONG_USE = 2,
    CMD_NO_KEY = 3,
    CMD_LIMITED = 4,
    CMD_TROUBLE = 5,
    CMD_PENDING = 6,
    CMD_INTERRUPTED = 130
};

/* The exit status that belongs to the class of an error code. */
int cmd_status(int code);
/* Writes text with every known key masked. */
void cmd_mask(kp_buf *out, const char *text, size_t len);
/* One line on stderr, "keyplate: " in front, masked. */
void cmd_note(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Text of several lines on stderr. */
void cmd_explain(const kp_buf *);
/* One line of --verbose. */
void cmd_detail(const cmd_app *, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Writes all of it, however often it is interrupted. false: it cannot be written; errno says why. */
bool cmd_write_all(int fd, const char *data, size_t len);
/* Writes the buffer to stdout as it is. status, or CMD_TROUBLE after a message when it cannot be written. */
int cmd_print(const kp_buf *, int status);
/* The same, masked: for all that is no answer. */
int cmd_print_masked(const kp_buf *, int status);
/* Adds "name":"text" (or null) to a JSON object, with a comma where one is needed. */
void cmd_add_member(kp_buf *, const char *name, const char *text);
/* The same with a fact of an operation. */
void cmd_add_fact(kp_buf *, const char *name, const kp_op *, const char *fact);
/* The same with a fact that is a number; 0 if the operation does not have it. */
void cmd_add_count(kp_buf *, const char *name, const kp_op *, const char *fact);
/* Adds "cost_usd":"0.001", or null if no price is configured. */
void cmd_add_cost(kp_buf *, const kp_op *);
/* Tells an error that no operation has: detail (may be NULL) says more than the error's own text. The exit status. */
int cmd_fail(const cmd_app *, int code, const char *detail);
/* The same with the ms after which it may go better, as text; NULL: waiting does not help. */
int cmd_fail_until(const cmd_app *, int code, const char *detail, const char *retry_ms);
/* Tells wrong use of the command line. The exit status. */
int cmd_misuse(const cmd_app *, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* 0, or the exit status after a message: what is told to a state that ends with this process is told to nobody. */
int cmd_check_shared(const cmd_app *);
/* Tells the error of an operation that is DONE. The exit status. */
int cmd_fail_op(const cmd_app *, const kp_op *);

#endif
