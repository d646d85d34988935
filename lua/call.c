/* call.c: the methods of keyplate.so that block: set an operation up, drive it, give its result. */
#include "module.h"

static const char *const look_names[] = {"timeout", NULL};
static const char *const verify_names[] = {"now", "timeout", NULL};
static const char *const paid_names[] = {"client_id", "sync", "tags", "timeout", NULL};

static int look(lua_State *L, int kind, const char *const *names) {
    kpl_client_free_at(L, 1);
    lua_settop(L, 2);
    const kpl_operation *o = kpl_operation_push(L, 1, kind);
    kpl_operation_options(L, 2, o->op, names);
    return kpl_finish(L);
}

static int call_balance(lua_State *L) {
    return look(L, KP_BALANCE, look_names);
}

static int call_verify(lua_State *L) {
    return look(L, KP_VERIFY, verify_names);
}

static int call_rotate(lua_State *L) {
    kpl_client_free_at(L, 1);
    lua_settop(L, 3);
    const kpl_operation *o = kpl_operation_push(L, 1, KP_REFRESH);
    kpl_operation_name(L, 2, o->op);
    kpl_operation_options(L, 3, o->op, look_names);
    return kpl_finish(L);
}

static int paid(lua_State *L, int kind) {
    kpl_client_free_at(L, 1);
    lua_settop(L, 4);
    const kpl_operation *o = kpl_operation_push(L, 1, kind);
    kpl_operation_method(L, 2, o->op);
    kpl_operation_params(L, 3, o->op);
    kpl_operation_options(L, 4, o->op, paid_names);
    return kpl_finish(L);
}

static int call_submit(lua_State *L) {
    return paid(L, KP_SUBMIT);
}

static int call_solve(lua_State *L) {
    return paid(L, KP_SOLVE);
}

static int about_task(lua_State *L, int kind) {
    kpl_client_free_at(L, 1);
    lua_settop(L, 3);
    const kpl_operation *o = kpl_operation_push(L, 1, kind);
    kpl_operation_task(L, 2, o->op);
    kpl_operation_options(L, 3, o->op, look_names);
    return kpl_finish(L);
}

static int call_result(lua_State *L) {
    return about_task(L, KP_RESULT);
}

static int call_wait(lua_State *L) {
    return about_task(L, KP_WAIT);
}

static int call_report(lua_State *L) {
    kpl_client_free_at(L, 1);
    lua_settop(L, 4);
    const kpl_operation *o = kpl_operation_push(L, 1, KP_REPORT);
    kpl_operation_task(L, 2, o->op);
    kpl_operation_good(L, 3, o->op);
    kpl_operation_options(L, 4, o->op, look_names);
    return kpl_finish(L);
}

static const luaL_Reg calls[] = {{"balance", call_balance}, {"verify", call_verify}, {"submit", call_submit},
                                 {"solve", call_solve},     {"result", call_result}, {"wait", call_wait},
                                 {"report", call_report},   {"rotate", call_rotate}, {NULL, NULL}};

void kpl_open_calls(lua_State *L) {
    kpl_kind_add(L, KPL_CLIENT, calls);
}
