/* client.c: clients: made of options, closed, shown without a key; what does not need the network. */
#include <string.h>

#include "engine/client.h"
#include "module.h"

/* What a client holds outside of Lua, about. */
enum { CLIENT_KILOBYTES = 32 };

kpl_client *kpl_client_at(lua_State *L, int index) {
    kpl_client *c = kpl_check(L, index, KPL_CLIENT, sizeof *c);
    if (!c->client)
        luaL_error(L, "keyplate: the client is closed");
    return c;
}

kpl_client *kpl_client_free_at(lua_State *L, int index) {
    kpl_client *c = kpl_client_at(L, index);
    if (c->asking)
        luaL_error(L, "keyplate: the client waits for the function that gives its key, which cannot use it");
    return c;
}

/* ---- Made and closed ---- */

static void take_log(lua_State *L, int options) {
    lua_getfield(L, options, "log");
    if (!lua_isnil(L, -1) && !lua_isboolean(L, -1) && !lua_isfunction(L, -1))
        luaL_error(L, "keyplate: option 'log': a function, true or false is expected, got a %s", luaL_typename(L, -1));
}

int kpl_client_make(lua_State *L) {
    lua_settop(L, 1);
    if (lua_isnil(L, 1)) {
        lua_newtable(L);
        lua_replace(L, 1);
    }
    luaL_checktype(L, 1, LUA_TTABLE);
    kpl_client *c = kpl_new(L, KPL_CLIENT, sizeof *c);
    lua_newtable(L);
    lua_newtable(L);
    const kp_config *config = kpl_configure(L, 1, 4);
    c->client = kp_client_new(config);
    if (!c->client)
        return kpl_no_memory(L);
    if (c->client->error) {
        /* The sentence goes with the client; Lua's copy of it is made first. */
        const char *why = c->client->problem.len ? kp_buf_text(&c->client->problem) : kp_error_text(c->client->error);
        lua_pushstring(L, why);
        kp_client_free(c->client);
        c->client = NULL;
        luaL_error(L, "keyplate: %s", lua_tostring(L, -1));
    }
    if (!kpl_driver_open(c)) {
        kp_client_free(c->client);
        c->client = NULL;
        kpl_no_memory(L);
    }
    lua_pushvalue(L, 4);
    lua_rawseti(L, 3, KPL_FUNCTIONS);
    take_log(L, 1);
    lua_rawseti(L, 3, KPL_LOG);
    lua_pushvalue(L, 3);
    kpl_set_table(L, 2);
    lua_settop(L, 2);
    kpl_count_memory(L, CLIENT_KILOBYTES);
    return 1;
}

static void end(kpl_client *c) {
    kpl_driver_close(c);
    kp_client_free(c->client);
    c->client = NULL;
}

static int client_close(lua_State *L) {
    kpl_client *c = kpl_check(L, 1, KPL_CLIENT, sizeof *c);
    if (c->running)
        luaL_error(L, "keyplate: the client is in the midst of a call, which cannot close it");
    end(c);
    return 0;
}

/* Lua calls it when nobody has the client; somebody who has got hold of it by other ways cannot end a call with it. */
static int client_gc(lua_State *L) {
    kpl_client *c = kpl_test(L, 1, KPL_CLIENT, sizeof *c);
    if (c && !c->running)
        end(c);
    return 0;
}

static int client_tostring(lua_State *L) {
    kpl_client *c = kpl_check(L, 1, KPL_CLIENT, sizeof *c);
    lua_pushfstring(L, "%s (%s)", KPL_CLIENT, c->client ? c->client->provider->name : "closed");
    return 1;
}

/* ---- What it tells ---- */

static int tell(lua_State *L, const char *call) {
    kpl_client_free_at(L, 1);
    lua_settop(L, 2);
    kpl_operation_named(L, 1, call, 2);
    return kpl_finish(L);
}

static int client_keys(lua_State *L) {
    return tell(L, "keys");
}

static int client_limits(lua_State *L) {
    return tell(L, "limits");
}

static int client_metrics(lua_State *L) {
    return tell(L, "metrics");
}

static int client_pause(lua_State *L) {
    kpl_client_free_at(L, 1);
    lua_settop(L, 3);
    const kpl_operation *o = kpl_operation_named(L, 1, "pause", 3);
    kpl_operation_reason(L, 2, o->op);
    return kpl_finish(L);
}

static int client_resume(lua_State *L) {
    return tell(L, "resume");
}

/* A finalizer that runs meanwhile can close the client, not collect it: its object is on the stack. */
static void push_hygiene(lua_State *L, const kpl_client *c) {
    const char *text = "", *advice = "", *name;
    lua_newtable(L);
    for (size_t i = 0; (name = kp_hygiene(c->client, i, &text, &advice)); i++) {
        lua_createtable(L, 0, 3);
        lua_pushstring(L, name);
        lua_setfield(L, -2, "name");
        lua_pushstring(L, text);
        lua_setfield(L, -2, "text");
        lua_pushstring(L, advice);
        lua_setfield(L, -2, "advice");
        lua_rawseti(L, -2, (int)i + 1);
    }
}

static int client_hygiene(lua_State *L) {
    push_hygiene(L, kpl_client_at(L, 1));
    return 1;
}

/* Without a client there is still a host language. */
int kpl_hygiene(lua_State *L) {
    lua_settop(L, 0);
    lua_newtable(L);
    lua_pushboolean(L, 0);
    lua_setfield(L, 1, "config");
    lua_pushcfunction(L, kpl_client_make);
    lua_insert(L, 1);
    lua_call(L, 1, 1);
    return client_hygiene(L);
}

static const luaL_Reg client_methods[] = {{"close", client_close},           {"keys", client_keys},
                                          {"limits", client_limits},         {"metrics", client_metrics},
                                          {"pause", client_pause},           {"resume", client_resume},
                                          {"hygiene", client_hygiene},       {"events", kpl_events},
                                          {"operation", kpl_operation_make}, {NULL, NULL}};

static const luaL_Reg client_meta[] = {
    {"__close", client_close}, {"__gc", client_gc}, {"__tostring", client_tostring}, {NULL, NULL}};

void kpl_open_client(lua_State *L) {
    kpl_kind(L, KPL_CLIENT, client_methods, client_meta);
}
