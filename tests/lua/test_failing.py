"""test_failing.py: every allocation of the module fails in turn."""

import os
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))


def test_every_allocation_fails_once(lua):
    lua.env["LUA_CPATH"] = f"{lua.modules}/failing/?.so"
    process = subprocess.Popen([lua.program, f"{HERE}/failing.lua"], env=lua.env, cwd=lua.folder,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    status, out, err = lua.judge(process)
    assert status == 0 and out.count("\n") == 24, out + err
