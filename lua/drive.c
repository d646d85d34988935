/* drive.c: drives an operation to its end under Lua's protection: whatever is thrown on the way, what was paid is
   settled first. */
#include "module.h"

void kpl_drive(lua_State *L, int operation) {
    kpl_operation *o = kpl_check(L, operation, KPL_OPERATION, sizeof *o);
    luaL_checkstack(L, 8, NULL);
    lua_pushcfunction(L, kpl_driver_steps);
    lua_pushvalue(L, operation);
    kpl_get_slot(L, operation, KPL_OWNER);
    kpl_client *c = kpl_client_at(L, lua_gettop(L));
    c->running++;
    o->driven = true;
    int status = lua_pcall(L, 2, 0, 0);
    kpl_driver_settle(c, o->op);
    o->driven = false;
    c->running--;
    if (status)
        lua_error(L);
}

int kpl_finish(lua_State *L) {
    int operation = lua_gettop(L);
    kpl_operation *o = kpl_check(L, operation, KPL_OPERATION, sizeof *o);
    kpl_drive(L, operation);
    int count = kpl_push_result(L, operation);
    kp_op_free(o->op);
    o->op = NULL;
    kpl_tell_log(L, 1);
    return count;
}
