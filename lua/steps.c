/* steps.c: the methods of an operation, for drivers in Lua that move the bytes themselves. */
#include <string.h>

#include "module.h"

static kpl_operation *operation_at(lua_State *L) {
    kpl_operation *o = kpl_check(L, 1, KPL_OPERATION, sizeof *o);
    if (!o->op)
        luaL_error(L, "keyplate: the operation is closed");
    if (o->held || o->driven)
        luaL_error(L, "keyplate: the operation is in the midst of a step");
    return o;
}

/* What puts texts of the operation on the stack runs inside of kpl_hold, and asks for it so. */
static const kpl_operation *held_at(lua_State *L) {
    const kpl_operation *o = kpl_check(L, 1, KPL_OPERATION, sizeof *o);
    if (!o->op)
        luaL_error(L, "keyplate: the operation is closed");
    return o;
}

/* ---- What now? ---- */

static int op_step(lua_State *L) {
    static const char *const names[] = {"done", "time", "http", "read", "store", "append"};
    lua_pushstring(L, names[kp_op_step(operation_at(L)->op)]);
    return 1;
}

static int op_deadline(lua_State *L) {
    lua_pushnumber(L, (lua_Number)kp_op_until(operation_at(L)->op));
    return 1;
}

static int push_read(lua_State *L) {
    lua_pushstring(L, kp_read_name(held_at(L)->op));
    return 1;
}

static int op_read(lua_State *L) {
    return kpl_hold(L, &operation_at(L)->held, push_read);
}

static int push_fact(lua_State *L) {
    size_t len = 0;
    const char *name = luaL_checkstring(L, 2);
    const char *fact = kp_op_get(held_at(L)->op, name, &len);
    if (fact)
        lua_pushlstring(L, fact, len);
    else
        lua_pushnil(L);
    return 1;
}

static int op_get(lua_State *L) {
    return kpl_hold(L, &operation_at(L)->held, push_fact);
}

/* ---- The outcome of a step ---- */

static int op_time(lua_State *L) {
    kp_local_time(operation_at(L)->op);
    return 0;
}

static int op_do_local(lua_State *L) {
    kpl_operation *o = operation_at(L);
    lua_settop(L, 1);
    kpl_get_slot(L, 1, KPL_OWNER);
    kpl_client *c = kpl_client_at(L, 2);
    lua_settop(L, 1);
    lua_pushboolean(L, kp_local_step(c->local, o->op) || kpl_answer_read(L, 1));
    return 1;
}

static int op_give(lua_State *L) {
    kpl_operation *o = operation_at(L);
    size_t len = 0;
    const char *value = NULL;
    if (!lua_isnoneornil(L, 2)) {
        luaL_checktype(L, 2, LUA_TSTRING);
        value = lua_tolstring(L, 2, &len);
    }
    const char *name = kp_read_name(o->op);
    bool reads = name && strncmp(name, "host:", 5) == 0;
    if (reads) {
        kp_local_time(o->op);
        kp_read_give(o->op, value, len);
    }
    lua_pushboolean(L, reads);
    return 1;
}

static int op_on_status(lua_State *L) {
    kpl_operation *o = operation_at(L);
    lua_Integer status = luaL_checkinteger(L, 2);
    luaL_argcheck(L, status >= 100 && status <= 999, 2, "an HTTP status has three digits");
    kp_on_status(o->op, (int)status);
    return 0;
}

static int op_on_header(lua_State *L) {
    kpl_operation *o = operation_at(L);
    size_t name_len = 0, value_len = 0;
    const char *name = luaL_checklstring(L, 2, &name_len), *value = luaL_checklstring(L, 3, &value_len);
    kp_on_header(o->op, name, name_len, value, value_len);
    return 0;
}

static int op_on_body(lua_State *L) {
    kpl_operation *o = operation_at(L);
    size_t len = 0;
    const char *data = luaL_checklstring(L, 2, &len);
    lua_pushboolean(L, kp_on_body(o->op, data, len));
    return 1;
}

static int op_on_end(lua_State *L) {
    static const char *const names[] = {"ok", "resolve", "connect", "tls", "proxy", "reset", "late", "stopped"};
    const int count = sizeof names / sizeof names[0];
    const kpl_operation *o = operation_at(L);
    const char *name = luaL_checkstring(L, 2);
    int net = 0;
    while (net < count && strcmp(names[net], name) != 0)
        net++;
    luaL_argcheck(L, net < count, 2, "ok, resolve, connect, tls, proxy, reset, late or stopped expected");
    luaL_checktype(L, 3, LUA_TBOOLEAN);
    kp_local_time(o->op);
    kp_on_end(o->op, net, lua_toboolean(L, 3) ? KP_MAYBE_SENT : KP_UNSENT);
    return 0;
}

static int op_cancel(lua_State *L) {
    const kpl_operation *o = kpl_check(L, 1, KPL_OPERATION, sizeof *o);
    kpl_cancel(o->op);
    return 0;
}

/* ---- The request ---- */

static void set_string(lua_State *L, const char *field, const char *value) {
    if (value) {
        lua_pushstring(L, value);
        lua_setfield(L, -2, field);
    }
}

static void set_headers(lua_State *L, const kp_op *op) {
    const char *name, *value = "";
    lua_newtable(L);
    for (size_t i = 0; (name = kp_http_header(op, i, &value)); i++) {
        lua_createtable(L, 2, 0);
        lua_pushstring(L, name);
        lua_rawseti(L, -2, 1);
        lua_pushstring(L, value);
        lua_rawseti(L, -2, 2);
        lua_rawseti(L, -2, (int)i + 1);
    }
    lua_setfield(L, -2, "headers");
}

static int push_request(lua_State *L) {
    const kp_op *op = held_at(L)->op;
    if (kp_op_step(op) != KP_HTTP || !kp_http_url(op)) {
        lua_pushnil(L);
        return 1;
    }
    size_t len = 0;
    const char *body = kp_http_body(op, &len);
    lua_createtable(L, 0, 12);
    set_string(L, "method", kp_http_method(op));
    set_string(L, "url", kp_http_url(op));
    set_string(L, "shown_url", kp_http_shown_url(op));
    set_string(L, "proxy", kp_http_proxy(op));
    set_string(L, "source", kp_http_source(op));
    set_string(L, "ca_file", kp_http_ca_file(op));
    set_headers(L, op);
    if (body) {
        lua_pushlstring(L, body, len);
        lua_setfield(L, -2, "body");
    }
    lua_pushboolean(L, kp_http_flags(op) & KP_ONCE);
    lua_setfield(L, -2, "once");
    lua_pushinteger(L, (lua_Integer)kp_op_limit(op));
    lua_setfield(L, -2, "limit");
    lua_pushinteger(L, (lua_Integer)kp_http_connect_ms(op));
    lua_setfield(L, -2, "connect_ms");
    return 1;
}

static int op_request(lua_State *L) {
    return kpl_hold(L, &operation_at(L)->held, push_request);
}

/* ---- The end ---- */

static int push_result(lua_State *L) {
    held_at(L);
    return kpl_push_result(L, 1);
}

static int op_result(lua_State *L) {
    kpl_operation *o = operation_at(L);
    if (kp_op_step(o->op) != KP_DONE)
        return luaL_error(L, "keyplate: the operation is not done");
    lua_settop(L, 1);
    int count = kpl_hold(L, &o->held, push_result);
    if (!o->logged) {
        o->logged = true;
        kpl_get_slot(L, 1, KPL_OWNER);
        kpl_tell_log(L, lua_gettop(L));
        lua_pop(L, 1);
    }
    return count;
}

static int op_close(lua_State *L) {
    kpl_operation *o = kpl_check(L, 1, KPL_OPERATION, sizeof *o);
    if (o->held || o->driven)
        luaL_error(L, "keyplate: the operation is in the midst of a step");
    kp_op_free(o->op);
    o->op = NULL;
    return 0;
}

static int op_gc(lua_State *L) {
    kpl_operation *o = kpl_test(L, 1, KPL_OPERATION, sizeof *o);
    if (o && !o->held && !o->driven) {
        kp_op_free(o->op);
        o->op = NULL;
    }
    return 0;
}

static int op_tostring(lua_State *L) {
    const kpl_operation *o = kpl_check(L, 1, KPL_OPERATION, sizeof *o);
    const char *state = kp_op_get(o->op, "state", NULL);
    lua_pushfstring(L, "%s (%s)", KPL_OPERATION, state ? state : "closed");
    return 1;
}

static const luaL_Reg op_methods[] = {
    {"step", op_step},           {"deadline", op_deadline},   {"read", op_read},       {"get", op_get},
    {"time", op_time},           {"do_local", op_do_local},   {"give", op_give},       {"request", op_request},
    {"on_status", op_on_status}, {"on_header", op_on_header}, {"on_body", op_on_body}, {"on_end", op_on_end},
    {"cancel", op_cancel},       {"result", op_result},       {"close", op_close},     {NULL, NULL}};

static const luaL_Reg op_meta[] = {{"__close", op_close}, {"__gc", op_gc}, {"__tostring", op_tostring}, {NULL, NULL}};

void kpl_open_operation(lua_State *L) {
    kpl_kind(L, KPL_OPERATION, op_methods, op_meta);
}
