#!/usr/bin/env python3
"""check_install.py: installs into a folder, moves it elsewhere, and builds and runs a program against it in each way that users do."""
import argparse
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

PROGRAM = """
#include <keyplate.h>
#include <keyplate_run.h>
#include <stdio.h>
int main(void) {
    kp_config *config = kp_config_new();
    kp_client *client = kp_client_new(config);
    %s
    kp_client_free(client);
    kp_config_free(config);
    return kp_abi() == KP_ABI && puts(kp_version()) >= 0 ? 0 : 1;
}
"""
USES_CORE = "kp_local_free(kp_local_new(client));"
USES_NET = "kp_runner_free(kp_runner_new(client));"
LISTS = """
cmake_minimum_required(VERSION 3.25)
project(user C)
find_package(keyplate {version} REQUIRED COMPONENTS static)
foreach(name IN ITEMS core core_static keyplate keyplate_static)
    string(REGEX REPLACE "_static" "" source ${{name}})
    add_executable(use_${{name}} ${{source}}.c)
    target_link_libraries(use_${{name}} PRIVATE keyplate::${{name}})
endforeach()
"""


def run(*words, **more):
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, **more)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, words))}\n{done.stdout}{done.stderr}")
    return done.stdout


def one(folder, pattern):
    found = sorted(folder.rglob(pattern))
    if not found:
        sys.exit(f"{pattern} was not installed")
    return found[0]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", required=True)
    parser.add_argument("--cc", default="cc")
    parser.add_argument("--cmake", default="cmake")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="keyplate-install-") as name:
        top = pathlib.Path(name)
        run(args.cmake, "--install", args.build, "--prefix", top / "first")
        (top / "elsewhere").mkdir()
        prefix = pathlib.Path(shutil.move(top / "first", top / "elsewhere" / "moved"))

        libs = one(prefix, "libkeyplate.so").parent
        env = dict(os.environ, PKG_CONFIG_PATH=str(one(prefix, "keyplate.pc").parent), LD_LIBRARY_PATH=str(libs))
        env.pop("DESTDIR", None)
        version = run("pkg-config", "--modversion", "keyplate", env=env).strip()
        for kind, module, use in (("core", "keyplate-core", USES_CORE), ("keyplate", "keyplate", USES_NET)):
            source = top / f"{kind}.c"
            source.write_text(PROGRAM % use, encoding="utf-8")
            flags = run("pkg-config", "--cflags", "--libs", module, env=env).split()
            if str(top / "first") in " ".join(flags):
                sys.exit(f"{module}.pc still names the folder of the installation")
            run(args.cc, "-Wall", "-Werror", source, "-o", top / f"pc_{kind}", *flags)
            if run(top / f"pc_{kind}", env=env).strip() != version:
                sys.exit(f"the program built by pkg-config {module} does not print {version}")

        (top / "CMakeLists.txt").write_text(LISTS.format(version=version), encoding="utf-8")
        run(args.cmake, "-S", top, "-B", top / "user", f"-DCMAKE_C_COMPILER={args.cc}", f"-DCMAKE_PREFIX_PATH={prefix}")
        run(args.cmake, "--build", top / "user")
        for kind in ("core", "core_static", "keyplate", "keyplate_static"):
            if run(top / "user" / f"use_{kind}", env=env).strip() != version:
                sys.exit(f"the program built by find_package with keyplate::{kind} does not print {version}")

        if version not in run(prefix / "bin" / "keyplate", "version", env=env):
            sys.exit(f"the installed command does not print {version}")
        page = one(prefix, "keyplate.1").read_text(encoding="utf-8")
        completion = one(prefix, "completions/keyplate").read_text(encoding="utf-8")
        if not page.startswith((".TH", ".\\\"", "'\\\"")) or "complete " not in completion:
            sys.exit("the manual or the completion is not one")
    print(f"installed, moved, used: {version}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
