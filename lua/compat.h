/* compat.h: one source for Lua 5.4 and LuaJIT 2.1: what the two name differently. */
#ifndef KPL_COMPAT_H
#define KPL_COMPAT_H

#include <lauxlib.h>
#include <lua.h>

#if LUA_VERSION_NUM >= 504

#define KPL_HAS_INTEGERS 1
#define kpl_userdata(L, size) lua_newuserdatauv(L, size, 1)
#define kpl_set_table(L, index) lua_setiuservalue(L, index, 1)
#define kpl_get_table(L, index) lua_getiuservalue(L, index, 1)
#define kpl_length(L, index) lua_rawlen(L, index)

#elif LUA_VERSION_NUM == 501

#include <luajit.h> /* plain Lua 5.1 has none, and lacks functions that are needed */

#define KPL_HAS_INTEGERS 0
#define kpl_userdata(L, size) lua_newuserdata(L, size)
#define kpl_set_table(L, index) lua_setfenv(L, index)
#define kpl_get_table(L, index) lua_getfenv(L, index)
#define kpl_length(L, index) lua_objlen(L, index)
#define luaL_checkversion(L) ((void)(L))

#else
#error "keyplate is for Lua 5.4 and LuaJIT 2.1"
#endif

#endif
