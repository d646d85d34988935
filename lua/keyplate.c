/* keyplate.c: require "keyplate": the steps, and calls that block over libcurl. */
#include "module.h"

__attribute__((visibility("default"))) int luaopen_keyplate(lua_State *L);

/* Both modules have the core in them, each with its own set of known keys: a redactor of one would let keys of the
   other through. So there is only one in a Lua state: this module is keyplate.core as well. */
int luaopen_keyplate(lua_State *L) {
    static const char place = 0;
    void *key = (void *)(uintptr_t)&place;
    lua_pushlightuserdata(L, key);
    lua_rawget(L, LUA_REGISTRYINDEX);
    if (lua_istable(L, -1))
        return 1;
    lua_getfield(L, LUA_REGISTRYINDEX, "_LOADED");
    lua_getfield(L, -1, "keyplate.core");
    if (!lua_isnil(L, -1))
        return luaL_error(L, "keyplate.core is loaded already, and its redactors would not know the keys of keyplate: "
                             "require 'keyplate' first, which has keyplate.core in it");
    lua_pop(L, 1);
    kpl_push_library(L);
    kpl_open_calls(L);
    lua_pushvalue(L, -1);
    lua_setfield(L, -3, "keyplate.core");
    lua_pushlightuserdata(L, key);
    lua_pushvalue(L, -2);
    lua_rawset(L, LUA_REGISTRYINDEX);
    return 1;
}
