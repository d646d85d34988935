/* keyplate.c: require "keyplate": the steps, and calls that block over libcurl. */
#include "module.h"

__attribute__((visibility("default"))) int luaopen_keyplate(lua_State *L);

/* Both modules have the core in them, each with its own set of known keys: a redactor of one would let keys of the
   other through. So there is only one in a Lua state: this module is keyplate.core as well. */
int luaopen_keyplate(lua_State *L) {
    if (kpl_find_library(L, KPL_LIBRARY))
        return 1;
    if (kpl_find_library(L, KPL_CORE_LIBRARY))
        return luaL_error(L, "keyplate.core is loaded already, and its redactors would not know the keys of keyplate: "
                             "require 'keyplate' first, which has keyplate.core in it");
    kpl_push_library(L, KPL_LIBRARY);
    kpl_open_calls(L);
    lua_getfield(L, LUA_REGISTRYINDEX, "_LOADED");
    lua_pushvalue(L, -2);
    lua_setfield(L, -2, "keyplate.core");
    lua_pop(L, 1);
    return 1;
}
