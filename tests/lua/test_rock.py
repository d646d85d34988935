"""test_rock.py: what luarocks installs, without a network: built from a copy, used by the quick start of lua/README.md."""

import os
import pathlib
import re
import shutil
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PARTS = ("core", "lua", "CMakeLists.txt", "LICENSE")
ROCK = next(ROOT.glob("keyplate-*.rockspec"), None)


def quick_start():
    page = (ROOT / "lua" / "README.md").read_text(encoding="utf-8")
    return re.search(r"## Quick start.*?```lua\n(.*?)```", page, re.S).group(1)


def run_quick_start(lua, box, paths):
    env = {"CAPTCHAAI_URL": box.url, "NOCAPTCHAAI_URL": box.url, "CAPTCHAAI_API_KEY_FILE": lua.env["KP_BOX_KEY"],
           "KEYPLATE_POLL_FIRST": "0", "KEYPLATE_POLL_EVERY": "50ms", "LUA_CPATH": paths}
    out = lua(quick_start(), **env)
    assert out.startswith("balance\t") and "sandbox-answer-" in out, out
    assert "failed: ERROR_CAPTCHA_UNSOLVABLE: " in out and "in.php?key=[REDACTED]'" in out, out


def test_readme_example(lua, box):
    run_quick_start(lua, box, lua.env["LUA_CPATH"])


@pytest.mark.skipif(not shutil.which("luarocks"), reason="luarocks is not installed")
@pytest.mark.skipif(bool(os.environ.get("LUA_PRELOAD")), reason="a rock is built without sanitizers")
def test_luarocks_make(lua, box, tmp_path):
    copy, tree = tmp_path / "copy", tmp_path / "tree"
    copy.mkdir()
    for part in PARTS:
        if (ROOT / part).is_dir():
            shutil.copytree(ROOT / part, copy / part)
        else:
            shutil.copy(ROOT / part, copy)
    shutil.copy(ROCK, copy)
    version = lua('io.write(_VERSION:match "%d.%d")')
    words = ["luarocks", f"--lua-version={version}", f"--tree={tree}", "make", "--deps-mode=none", ROCK.name,
             f"LUA_INCDIR={os.environ['LUA_INCDIR']}"]
    env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "http_proxy": "http://127.0.0.1:1",
           "https_proxy": "http://127.0.0.1:1"}
    done = subprocess.run(words, cwd=copy, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    folder = tree / "lib" / "lua" / version
    assert {str(path.relative_to(folder)) for path in folder.rglob("*.so")} == {"keyplate.so", "keyplate/core.so"}
    run_quick_start(lua, box, f"{folder}/?.so")
    lua('assert(require("keyplate.core").new {config = false, store = "memory:"}:keys())', LUA_CPATH=f"{folder}/?.so")
