/* helper.c: what the tests need of the system and plain Lua does not give: fork, and how much memory it uses. */
#include <lauxlib.h>
#include <lua.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

__attribute__((visibility("default"))) int luaopen_helper(lua_State *L);

static int helper_fork(lua_State *L) {
    lua_pushinteger(L, fork());
    return 1;
}

/* The exit status of a child, or minus the signal that ended it. */
static int helper_wait(lua_State *L) {
    int status = 0;
    if (waitpid((pid_t)luaL_checkinteger(L, 1), &status, 0) < 0)
        return luaL_error(L, "waitpid failed");
    lua_pushinteger(L, WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status));
    return 1;
}

static int helper_exit(lua_State *L) {
    fflush(NULL);
    _exit((int)luaL_checkinteger(L, 1));
}

static int helper_pid(lua_State *L) {
    lua_pushinteger(L, getpid());
    return 1;
}

/* KiB of memory that is the process's own and there. */
static int helper_resident(lua_State *L) {
    FILE *file = fopen("/proc/self/statm", "r");
    long size = 0, resident = 0, shared = 0;
    int count = file ? fscanf(file, "%ld %ld %ld", &size, &resident, &shared) : 0;
    if (file)
        fclose(file);
    if (count != 3)
        return luaL_error(L, "/proc/self/statm cannot be read");
    lua_pushinteger(L, (resident - shared) * (sysconf(_SC_PAGESIZE) / 1024));
    return 1;
}

static const luaL_Reg functions[] = {{"fork", helper_fork}, {"wait", helper_wait},         {"exit", helper_exit},
                                     {"pid", helper_pid},   {"resident", helper_resident}, {NULL, NULL}};

int luaopen_helper(lua_State *L) {
    lua_newtable(L);
    luaL_setfuncs(L, functions, 0);
    return 1;
}
