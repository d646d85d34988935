/* module.h: what the files of the Lua modules share: their objects, and who makes, checks and ends them.
 *
 * Lua's errors jump past C frames: whatever is not Lua's lives in a userdata that ends it, and a userdata exists,
 * empty, before it acquires anything. Functions that push say so; all others leave the stack as it was. Every function
 * that is given a lua_State may throw, unless it says otherwise.
 */
#ifndef KPL_MODULE_H
#define KPL_MODULE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "compat.h"
#include "keyplate_run.h"

#define KPL_CLIENT "keyplate.client"
#define KPL_OPERATION "keyplate.operation"
#define KPL_SECRET "keyplate.secret"
#define KPL_REDACTOR "keyplate.redactor"
#define KPL_ERROR "keyplate.error"
#define KPL_SOLUTION "keyplate.solution"
#define KPL_ARRAY "keyplate.array"

/* ---- object.c ---- */

/* A zeroed userdata of a kind, pushed. NULL kinds have no metatable. */
void *kpl_new(lua_State *, const char *kind, size_t size);
/* The userdata at an index if it is of that kind and was made by kpl_new with that size, else NULL. */
void *kpl_test(lua_State *, int index, const char *kind, size_t size);
/* The same, or throws. */
void *kpl_check(lua_State *, int index, const char *kind, size_t size);
/* Makes the metatable of a kind: methods (may be NULL) are found through it, meta are its own functions; locked. */
void kpl_kind(lua_State *, const char *kind, const luaL_Reg *methods, const luaL_Reg *meta);
/* Gives a kind more methods. */
void kpl_kind_add(lua_State *, const char *kind, const luaL_Reg *methods);
/* A buffer in safe memory, pushed as a userdata that ends it. */
kp_buf *kpl_text(lua_State *);
/* Throws if the buffer failed, else pushes its text, and empties it. */
void kpl_push_text(lua_State *, kp_buf *);
/* Pushes the value at an index as text for people; runs the __tostring of keyplate's own tables only. */
void kpl_push_shown(lua_State *, int index);
/* True if a name can be repeated in a message: a short word, and so no key that somebody put in a wrong place. */
bool kpl_is_word(const char *name);
int kpl_no_memory(lua_State *);
/* Pushes what the table of the object at an index has at n; nil if somebody took the table away. */
void kpl_get_slot(lua_State *, int index, int n);
/* Calls a function with all that is on the stack, which stays; pushes what it gives, and returns how many values that
   is. What is held is not used or ended meanwhile: finalizers, anybody's code, run wherever Lua takes memory. */
int kpl_hold(lua_State *, int *held, lua_CFunction call);
/* Lua does not see what an object holds outside of its own memory: makes it collect as if it did. */
void kpl_count_memory(lua_State *, int kilobytes);
void kpl_open_objects(lua_State *);

/* ---- value.c: Lua to JSON ---- */

typedef struct kpl_writer kpl_writer;
/* Writes what only the caller knows (functions, userdata) and says true; false: it cannot be written. */
typedef bool kpl_special(kpl_writer *, int index);
struct kpl_writer {
    lua_State *L;
    kp_buf *out;
    const char *what; /* "parameter", "option": for messages */
    const char *name; /* of the member that is being written, NULL if it cannot be repeated */
    kpl_special *special;
    void *with;
};
void kpl_write(kpl_writer *, int index, int depth);
void kpl_write_list(kpl_writer *, int index, int depth);
/* The members of an object without its braces, but those that are skipped; true if there was one. Depth 0 is the
   outermost: its names are those of messages. */
bool kpl_write_members(kpl_writer *, int index, int depth, bool (*skips)(const char *name));
/* Strings with every byte as it is: whether they are UTF-8 is for the core to say. */
void kpl_write_string(kp_buf *, const char *text, size_t len);
/* True if members of the table at an index are seen through its metatable only: they would be left out unnoticed. */
bool kpl_inherits(lua_State *, int index);
int kpl_array(lua_State *); /* keyplate.array */
void kpl_push_null(lua_State *);

/* ---- json.c: JSON of the core to Lua ---- */

/* Pushes the value that a JSON text has; nil if it is none. */
void kpl_push_json(lua_State *, const char *json, size_t len);

/* ---- client.c, options.c ---- */

typedef struct kpl_client {
    kp_client *client; /* NULL: closed */
    kp_runner *runner; /* keyplate.so */
    kp_local *local;   /* the runner's, or keyplate.core's own */
    int running;       /* calls under way: nothing is closed meanwhile */
    int asking;        /* its key function runs: it cannot be used meanwhile */
    int logging;       /* its log function runs: it is not called meanwhile */
} kpl_client;
/* What the table of a client holds: the functions that give keys, by name; the log function, or true. */
enum { KPL_FUNCTIONS = 1, KPL_LOG };

kpl_client *kpl_client_at(lua_State *, int index);
/* One on which an operation can begin; else throws. */
kpl_client *kpl_client_free_at(lua_State *, int index);
void kpl_open_client(lua_State *);
int kpl_client_make(lua_State *); /* keyplate.new */
int kpl_hygiene(lua_State *);     /* keyplate.hygiene */

/* An empty configuration, pushed. */
kp_config *kpl_config(lua_State *);
/* A configuration, pushed: the local one, and the options of the table at an index (0: none). functions: index of the
   table that gets the functions that give keys. The option log is the caller's. */
kp_config *kpl_configure(lua_State *, int options, int functions);
void kpl_open_options(lua_State *);

/* ---- secret.c ---- */

int kpl_secret_make(lua_State *); /* keyplate.key_from_value */
kp_secret *kpl_secret_test(lua_State *, int index);
void kpl_open_secret(lua_State *);

/* ---- operation.c ---- */

typedef struct kpl_operation {
    kp_op *op; /* NULL: closed */
    int kind;
    bool text;   /* its answer is text, not JSON */
    int held;    /* the function that gives its key runs, or its texts go to Lua: nobody else uses it meanwhile */
    bool driven; /* a call that blocks drives it */
    bool logged; /* its events were told */
} kpl_operation;
/* What the table of an operation holds: its client; what went wrong in the function that gives the key, as text. */
enum { KPL_OWNER = 1, KPL_WHY };

/* A new operation of the client at an index, pushed. kind: KP_... */
kpl_operation *kpl_operation_push(lua_State *, int client, int kind);
/* The same by the name of the call (known, or NULL), with the options of the table at an index (nil: none). */
kpl_operation *kpl_operation_named(lua_State *, int client, const char *call, int options);
/* Sets what the table at an index says (nil: nothing), of the names in the list (ended by NULL). */
void kpl_operation_options(lua_State *, int options, kp_op *, const char *const *names);
void kpl_operation_method(lua_State *, int index, kp_op *);
void kpl_operation_params(lua_State *, int index, kp_op *);
void kpl_operation_task(lua_State *, int index, kp_op *);
void kpl_operation_good(lua_State *, int index, kp_op *);
/* The name of a member of the ring; nil: none. */
void kpl_operation_name(lua_State *, int index, kp_op *);
/* Why paid calls are paused; nil: nothing is said. */
void kpl_operation_reason(lua_State *, int index, kp_op *);
void kpl_open_operation(lua_State *);
int kpl_operation_make(lua_State *); /* client:operation */

/* ---- hostkey.c ---- */

/* Answers the READ step of the operation at an index if a function of its client gives that key: calls it, and true. A
   function that fails ends the search for the key; the reason is kept for the error. An interrupt is thrown on. */
bool kpl_answer_read(lua_State *, int operation);

/* ---- result.c, error.c ---- */

/* Pushes what the face's method returns for an operation that is over; how many values. */
int kpl_push_result(lua_State *, int operation);
void kpl_open_result(lua_State *);
/* Pushes micro-dollars as dollars, exact, as text. */
void kpl_push_dollars(lua_State *, int64_t micro);
/* Pushes the error of an operation that is over. */
void kpl_push_error(lua_State *, int operation);
void kpl_open_error(lua_State *);
int kpl_errors(lua_State *); /* keyplate.errors */

/* ---- log.c ---- */

int kpl_events(lua_State *); /* client:events */
/* Hands the events that wait to the log function of the client at an index. What goes wrong there is told on stderr;
   only an interrupt is thrown. */
void kpl_tell_log(lua_State *, int client);

/* ---- redactor.c ---- */

int kpl_redact(lua_State *);        /* keyplate.redact */
int kpl_redactor_make(lua_State *); /* keyplate.redactor */
/* Pushes a text with all that could be a key taken out. */
void kpl_push_redacted(lua_State *, const char *text, size_t len);
void kpl_open_redactor(lua_State *);

/* ---- drive.c ---- */

/* Drives the operation at an index to its end, then lets go on what was thrown meanwhile (an interrupt). */
void kpl_drive(lua_State *, int operation);
/* Drives the operation at the top and ends it; its results stay there, and how many there are is returned. The events
   go to the log of the client at 1. */
int kpl_finish(lua_State *);

/* ---- drive_net.c (keyplate.so) or drive_local.c (keyplate/core.so) ---- */

/* Gives the client what it drives operations with; false when memory is short. Neither throws. */
bool kpl_driver_open(kpl_client *);
void kpl_driver_close(kpl_client *);
/* A Lua function of operation and client: drives to the end. */
int kpl_driver_steps(lua_State *);
/* Drives to the end what is not there yet, without Lua: cancelled. */
void kpl_driver_settle(kpl_client *, kp_op *);
void kpl_cancel(kp_op *);

/* ---- interrupt.c ---- */

/* True for the error that the interpreters throw at Ctrl-C. */
bool kpl_is_interrupt(lua_State *, int index);

/* ---- call.c (keyplate.so): the methods that block ---- */

void kpl_open_calls(lua_State *);

/* ---- library.c ---- */

/* Where the registry has the library of each module: there is one in a Lua state, however often it is required. */
#define KPL_LIBRARY "keyplate.library"
#define KPL_CORE_LIBRARY "keyplate.core.library"

/* Pushes the library that this Lua state has at that place already, or nothing: false. */
bool kpl_find_library(lua_State *, const char *place);
/* Makes all kinds of objects, and the library, which is kept at that place and pushed. */
void kpl_push_library(lua_State *, const char *place);

#endif
