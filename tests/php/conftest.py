"""conftest.py: a PHP interpreter with the extension, in an environment of its own, and servers for it.

PHP is the interpreter, PHP_EXTENSION the extension, PHP_RUN_TESTS run-tests.php, KEYPLATE the command (for its sandbox).
"""

import json
import os
import pathlib
import re
import secrets
import shutil
import subprocess
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "core" / "command"), str(HERE.parent / "lua")]
import hostile  # noqa: E402
import services as shared  # noqa: E402
from sandbox_box import Sandbox  # noqa: E402

NOWHERE = "http://127.0.0.1:1"
KEPT = ("PATH", "TMPDIR", "ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS", "KP_LONG")
LONG = bool(os.environ.get("KP_LONG"))
PATIENCE = 14400 if LONG else 600  # seconds after which a test gives up; nothing waits for a time


class Php:
    """Runs PHP; what it prints must not have a key."""

    def __init__(self, folder):
        self.folder, self.program = folder, os.environ["PHP"]
        self.extension, self.secrets = str(pathlib.Path(os.environ["PHP_EXTENSION"]).resolve()), set()
        (folder / "home").mkdir()
        self.env = {name: os.environ[name] for name in KEPT if name in os.environ}
        self.env.update(HOME=str(folder / "home"), KEYPLATE_STATE_DIR=str(folder / "state"), LC_ALL="C.UTF-8", KP_TMP=str(folder))
        self.env.update(CAPTCHAAI_URL=NOWHERE, NOCAPTCHAAI_URL=NOWHERE)  # no test may ever reach the services
        self.env["KP_STUBS"] = str(HERE.parents[1] / "bindings" / "php")
        self.env["KP_EXTENSION"] = self.extension
        # Opened without a linker's namespace of its own, which sanitizers refuse; they go in front.
        self.preload = os.environ.get("PHP_PRELOAD", "")
        if self.preload:
            self.env.update(USE_ZEND_ALLOC="0", ZEND_DONT_UNLOAD_MODULES="1", LD_PRELOAD=self.preload)
            self.env["ASAN_OPTIONS"] = f"{self.env.get('ASAN_OPTIONS', '')}:verify_asan_link_order=0"

    def key_file(self, name):
        key = secrets.token_hex(16)
        self.secrets.add(key)
        path = self.folder / name
        path.write_text(key + "\n")
        path.chmod(0o600)
        return path

    def words(self, *arguments, shared=()):
        words = [self.program, "-n", "-d", f"extension={self.extension}"]
        for name in shared:
            words += ["-d", f"extension={name}"]
        return [*words, *arguments]

    def judge(self, text):
        for key in self.secrets:
            assert key not in text
        assert "Sanitizer" not in text, text

    def __call__(self, script, *arguments, shared=(), **env):
        path = self.folder / f"script{len(list(self.folder.glob('script*')))}.php"
        path.write_text(script)
        done = subprocess.run(self.words(str(path), *arguments, shared=shared), env={**self.env, **env}, cwd=self.folder,
                              capture_output=True, text=True, timeout=PATIENCE)
        self.judge(done.stdout + done.stderr)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def phpt(self, name):
        """Runs one .phpt with PHP's own runner, in a copy: it writes beside what it runs."""
        folder = self.folder / "phpt"
        folder.mkdir()
        for path in (HERE / name, HERE / "support.inc"):
            shutil.copy(path, folder)
        words = [self.program, "-n", os.environ["PHP_RUN_TESTS"], "-q", "-n", "-d", f"extension={self.extension}", "--set-timeout",
                 str(PATIENCE), "--show-diff", str(folder / name)]
        env = {**self.env, "TEST_PHP_EXECUTABLE": self.program, "NO_INTERACTION": "1"}
        done = subprocess.run(words, env=env, cwd=folder, capture_output=True, text=True, timeout=2 * PATIENCE)
        text = done.stdout + done.stderr + "".join(path.read_text(errors="replace") for path in folder.glob("*.out"))
        self.judge(text)
        assert done.returncode == 0 and re.search(r"Tests passed *: *1 \(", done.stdout), text


@pytest.fixture
def php(tmp_path):
    return Php(tmp_path)


@pytest.fixture
def services(tmp_path, php):
    shared.TESTED = ("",)  # every case
    running = shared.Services(tmp_path)
    listed = [{**{name: case[name] for name in ("name", "provider", "call", "expect")}, "service": f"case{number}"}
              for number, case in enumerate(shared.load_cases())]
    for case in listed:
        if case["call"] == "sync":  # a task that is asked for after all
            running.services[case["service"]]["result"] = hostile.reply('{"errorId":0,"status":"ready","solution":{"text":"a"}}')
    cases = tmp_path / "cases.json"
    cases.write_text(json.dumps(listed))
    php.env.update(KP_SERVICES=running.url, KP_SEEN=str(running.log), KP_CASES=str(cases))
    yield running
    running.close()


@pytest.fixture
def box(tmp_path, php):
    folder = tmp_path / "box"
    folder.mkdir()
    running = Sandbox(folder)
    (folder / "key0").chmod(0o600)
    php.secrets.update(running.keys)
    php.env.update(KP_BOX=running.url, KP_BOX_KEY=str(folder / "key0"))
    yield running
    assert running.stop() == (0, "", "")


@pytest.fixture
def locales(tmp_path, php):
    """A locale with a decimal comma, if it can be made."""
    folder = tmp_path / "locale"
    folder.mkdir()
    if shutil.which("localedef") and not php.preload:  # libc never gives back what it keeps of LOCPATH
        subprocess.run(["localedef", "-i", "de_DE", "-f", "UTF-8", str(folder / "de_DE.UTF-8")], capture_output=True)
        if (folder / "de_DE.UTF-8" / "LC_NUMERIC").exists():
            php.env["LOCPATH"] = str(folder)
