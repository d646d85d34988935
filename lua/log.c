/* log.c: the events of a client: as a list, and handed to its log function. */
#include <stdio.h>

#include "module.h"

/* Pushes all events that wait, oldest first, and nil; or nil and an error. */
static int push_events(lua_State *L, int client) {
    kpl_operation *o = kpl_operation_push(L, client, KP_TELL);
    int operation = lua_gettop(L);
    kp_op_set(o->op, "what", "events", 6);
    kp_local_time(o->op);
    int count = kpl_push_result(L, operation);
    kp_op_free(o->op);
    o->op = NULL;
    if (count == 1) {
        lua_pushnil(L);
        count = 2;
    }
    lua_remove(L, operation);
    return count;
}

int kpl_events(lua_State *L) {
    kpl_client_at(L, 1);
    lua_settop(L, 1);
    push_events(L, 1);
    if (lua_isnil(L, -1))
        lua_pop(L, 1);
    return lua_gettop(L) - 1;
}

static void say(const char *level, const char *text) {
    fprintf(stderr, "keyplate %s: %s\n", level, text);
}

/* What goes wrong in a log function is told where it can be seen, and does no harm to the call. */
static void say_trouble(lua_State *L) {
    size_t len = 0;
    kpl_push_shown(L, lua_gettop(L));
    const char *text = lua_tolstring(L, -1, &len);
    kpl_push_redacted(L, text, len);
    say("log", lua_tostring(L, -1));
    lua_pop(L, 2);
}

static const char *field(lua_State *L, int event, const char *name) {
    lua_getfield(L, event, name);
    const char *text = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : NULL;
    return text ? text : "";
}

/* An interrupt stays on the stack, to be thrown; true then. */
static bool tell_one(lua_State *L, int log, int event) {
    int top = lua_gettop(L);
    const char *level = field(L, event, "level"), *message = field(L, event, "message");
    if (lua_isboolean(L, log)) {
        say(level, message);
        lua_settop(L, top);
        return false;
    }
    lua_pushvalue(L, log);
    lua_insert(L, -3);
    lua_pushvalue(L, event);
    bool interrupted = false;
    if (lua_pcall(L, 3, 0, 0)) {
        interrupted = kpl_is_interrupt(L, -1);
        if (!interrupted)
            say_trouble(L);
    }
    if (!interrupted)
        lua_settop(L, top);
    return interrupted;
}

/* Stack: client, log function. Throws what interrupted, and nothing else but short memory. */
static int tell_all(lua_State *L) {
    push_events(L, 1);
    if (!lua_istable(L, 3)) {
        kpl_push_shown(L, 4);
        say("log", lua_tostring(L, -1));
        return 0;
    }
    lua_settop(L, 3);
    size_t count = kpl_length(L, 3);
    for (size_t i = 1; i <= count; i++) {
        lua_rawgeti(L, 3, (int)i);
        if (tell_one(L, 2, lua_gettop(L)))
            return lua_error(L);
        lua_settop(L, 3);
    }
    return 0;
}

void kpl_tell_log(lua_State *L, int client) {
    kpl_client *c = kpl_test(L, client, KPL_CLIENT, sizeof *c);
    if (!c || !c->client || c->logging || kp_client_events(c->client) == 0)
        return;
    luaL_checkstack(L, 8, NULL);
    int top = lua_gettop(L);
    lua_pushcfunction(L, tell_all);
    lua_pushvalue(L, client);
    kpl_get_slot(L, client, KPL_LOG);
    if (!lua_toboolean(L, -1)) {
        lua_settop(L, top);
        return;
    }
    c->logging++;
    int status = lua_pcall(L, 2, 0, 0);
    c->logging--;
    if (status && kpl_is_interrupt(L, -1))
        lua_error(L);
    if (status)
        say("log", lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : "the events were lost");
    lua_settop(L, top);
}
