rockspec_format = "3.0"
package = "keyplate"
version = "0.1.0-1"
source = {
   url = "file://keyplate-0.1.0.tar.gz"
}
description = {
   summary = "Holds the API keys of CAPTCHA-solving services and makes the authenticated calls",
   detailed = "One audited C core: a key is never shown, a paid submit is sent at most once, a refused key rests before it brings a ban.",
   license = "MIT"
}
dependencies = {
   "lua >= 5.1, < 5.5"
}
build = {
   type = "command",
   build_command = "cmake -S . -B build-rock -DCMAKE_BUILD_TYPE=Release -DKEYPLATE_COMMAND=OFF -DKEYPLATE_SHARED=OFF " ..
                   "-DKEYPLATE_TESTS=OFF -DKEYPLATE_LUA_INCDIR=\"$(LUA_INCDIR)\" -DKEYPLATE_LUA_LIBDIR=\"$(LIBDIR)\" " ..
                   "&& cmake --build build-rock --target keyplate_lua --parallel",
   install_command = "cmake --install build-rock --component lua"
}
