"""test_specs.py: runs the specs with busted, each in a process of its own."""

import os
import pathlib
import shutil
import subprocess

import pytest

HERE = pathlib.Path(__file__).resolve().parent
SPECS = sorted(path.name for path in HERE.glob("*_spec.lua"))


def run(lua, spec, **env):
    key, path = lua.key_file("local")
    lua.env.update(CAPTCHAAI_API_KEY_FILE="", NOCAPTCHAAI_API_KEY_FILE=str(path), KP_LOCAL_KEY=str(path))
    words = [lua.program, str(HERE / "run_busted.lua"), "--output=plainTerminal", str(HERE / spec)]
    process = subprocess.Popen(words, env={**lua.env, **env}, cwd=lua.folder, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True)
    status, out, err = lua.judge(process, 3600)
    assert status == 0, out + err
    assert " 0 failures / 0 errors" in out, out


def german(folder):
    """A locale with a decimal comma, if this machine can make one; glibc leaks what LOCPATH says."""
    if not shutil.which("localedef") or os.environ.get("LUA_PRELOAD"):
        return {}
    words = ["localedef", "-i", "de_DE", "-f", "UTF-8", str(folder / "de_DE.UTF-8")]
    subprocess.run(words, check=False, capture_output=True)
    return {"LOCPATH": str(folder)}


@pytest.mark.parametrize("spec", SPECS)
def test_spec(lua, services, box, tmp_path, spec):
    run(lua, spec, **german(tmp_path))


def test_steps_of_core(lua, services):
    run(lua, "step_spec.lua", KP_MODULE="keyplate.core")
