/* core.c: require "keyplate.core": operations in steps, for hosts that bring their own network. No libcurl. */
#include "module.h"

__attribute__((visibility("default"))) int luaopen_keyplate_core(lua_State *L);

int luaopen_keyplate_core(lua_State *L) {
    if (!kpl_find_library(L, KPL_LIBRARY) && !kpl_find_library(L, KPL_CORE_LIBRARY))
        kpl_push_library(L, KPL_CORE_LIBRARY);
    return 1;
}
