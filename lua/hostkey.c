/* hostkey.c: keys that a Lua function gives when they are needed. */
#include <string.h>

#include "module.h"

/* Pushes the function that gives the key that the operation reads now, or nil. */
static void push_function(lua_State *L, int client, const char *name) {
    kpl_get_slot(L, client, KPL_FUNCTIONS);
    if (lua_istable(L, -1)) {
        lua_pushstring(L, name);
        lua_rawget(L, -2);
        lua_replace(L, -2);
    }
}

/* Keeps the text at the top of the stack, without what could be a key, as the reason of the error to come. */
static void keep_reason(lua_State *L, int operation) {
    size_t len = 0;
    const char *text = lua_tolstring(L, -1, &len);
    kpl_get_table(L, operation);
    if (lua_istable(L, -1)) {
        kpl_push_redacted(L, text, len);
        lua_rawseti(L, -2, KPL_WHY);
    }
    lua_pop(L, 1);
}

static void fail(lua_State *L, int operation, kp_op *op) {
    kp_local_time(op);
    kp_on_read(op, KP_FAILED, KP_WHY_IO, 0);
    keep_reason(L, operation);
}

/* Takes the two values at the top: the key, or nil and a message. */
static void take_values(lua_State *L, int operation, kp_op *op) {
    size_t len = 0;
    if (lua_type(L, -2) == LUA_TSTRING) {
        const char *value = lua_tolstring(L, -2, &len);
        kp_local_time(op);
        kp_read_give(op, value, len);
    } else if (!lua_isnil(L, -2)) {
        lua_pushfstring(L, "it returned a %s, not a string", luaL_typename(L, -2));
        fail(L, operation, op);
    } else if (lua_isnil(L, -1)) {
        kp_local_time(op);
        kp_read_give(op, NULL, 0);
    } else {
        kpl_push_shown(L, lua_gettop(L));
        fail(L, operation, op);
    }
}

bool kpl_answer_read(lua_State *L, int operation) {
    kpl_operation *o = kpl_check(L, operation, KPL_OPERATION, sizeof *o);
    char name[64] = ""; /* what the core lends ends with the operation, which a finalizer can close */
    const char *lent = kp_read_name(o->op);
    if (lent && strlen(lent) < sizeof name)
        memcpy(name, lent, strlen(lent) + 1);
    int top = lua_gettop(L);
    luaL_checkstack(L, 12, NULL);
    kpl_get_slot(L, operation, KPL_OWNER);
    int owner = lua_gettop(L);
    kpl_client *client = kpl_test(L, owner, KPL_CLIENT, sizeof *client);
    if (!client || strncmp(name, "host:", 5) != 0) {
        lua_settop(L, top);
        return false;
    }
    push_function(L, owner, name + 5);
    if (!lua_isfunction(L, -1)) {
        lua_settop(L, top);
        return false;
    }
    client->asking++;
    o->held++;
    int status = lua_pcall(L, 0, 2, 0);
    client->asking--;
    o->held--;
    if (status == 0)
        take_values(L, operation, o->op);
    else if (kpl_is_interrupt(L, -1))
        lua_error(L);
    else {
        kpl_push_shown(L, lua_gettop(L));
        fail(L, operation, o->op);
    }
    lua_settop(L, top);
    return true;
}
