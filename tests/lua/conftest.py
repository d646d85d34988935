"""conftest.py: a Lua interpreter with the modules, in an environment of its own, and servers for it.

LUA is the interpreter, LUA_MODULES the folder of its modules, KEYPLATE the command (for its sandbox).
"""

import os
import pathlib
import re
import secrets
import subprocess
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "core" / "command"))
from sandbox_box import Sandbox  # noqa: E402
from services import Services  # noqa: E402

NOWHERE = "http://127.0.0.1:1"
KEPT = ("PATH", "TMPDIR", "ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS", "KP_LONG")
PATIENCE = 120  # seconds after which a test gives up; nothing waits for a time


class Lua:
    """Runs scripts; what they print must not have a key."""

    def __init__(self, folder):
        self.folder, self.modules = folder, pathlib.Path(os.environ["LUA_MODULES"]).resolve()
        self.program = os.environ["LUA"]
        (folder / "home").mkdir()
        self.env = {name: os.environ[name] for name in KEPT if name in os.environ}
        self.env.update(HOME=str(folder / "home"), KEYPLATE_STATE_DIR=str(folder / "state"), LC_ALL="C.UTF-8")
        self.env.update(CAPTCHAAI_URL=NOWHERE, NOCAPTCHAAI_URL=NOWHERE)  # no test may ever reach the services
        self.env.update(LUA_PATH=f"{HERE}/?.lua;;", LUA_CPATH=f"{self.modules}/?.so;{self.modules}/tests/?.so;;")
        self.env["KP_TMP"] = str(folder)
        preload = os.environ.get("LUA_PRELOAD")
        if preload:
            self.env["LD_PRELOAD"] = preload
        self.secrets = set()

    def key_file(self, name="key"):
        key = secrets.token_hex(16)
        self.secrets.add(key)
        path = self.folder / name
        path.write_text(key + "\n")
        path.chmod(0o600)
        return key, path

    def words(self, script, *arguments):
        path = self.folder / f"script{len(list(self.folder.glob('script*')))}.lua"
        path.write_text(script)
        return [self.program, str(path), *arguments]

    def start(self, script, *arguments, **more):
        env = {**self.env, **more.pop("env", {})}
        return subprocess.Popen(self.words(script, *arguments), env=env, cwd=self.folder, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True, **more)

    def judge(self, process, patience=PATIENCE):
        out, err = process.communicate(timeout=patience)
        for key in self.secrets:
            assert key not in out + err
        assert "Sanitizer" not in err, err
        return process.returncode, out, err

    def __call__(self, script, *arguments, patience=PATIENCE, **env):
        status, out, err = self.judge(self.start(script, *arguments, env=env), patience)
        assert status == 0, out + err
        return out

    def use(self, services):
        self.env.update(KP_SERVICES=services.url, KP_SEEN=str(services.log), KP_CASES=str(services.cases))


@pytest.fixture
def lua(tmp_path):
    return Lua(tmp_path)


@pytest.fixture
def services(tmp_path, lua):
    running = Services(tmp_path)
    lua.use(running)
    yield running
    running.close()


@pytest.fixture
def box(tmp_path, lua):
    folder = tmp_path / "box"
    folder.mkdir()
    running = Sandbox(folder)
    lua.secrets.update(running.keys)
    lua.env.update(KP_BOX=running.url, KP_BOX_KEY=str(folder / "key0"))
    yield running
    assert running.stop() == (0, "", "")


def exported(path):
    out = subprocess.run(["nm", "-D", "--defined-only", path], check=True, capture_output=True, text=True).stdout
    return {line.split()[-1].split("@")[0] for line in out.splitlines()}


def needed(path):
    out = subprocess.run(["readelf", "-d", path], check=True, capture_output=True, text=True).stdout
    return set(re.findall(r"\(NEEDED\).*\[(.*)\]", out))
