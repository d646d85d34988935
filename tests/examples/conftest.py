"""conftest.py: a machine on which an example runs: a sandbox in place of the service, folders mounted where the platform
mounts them, and nothing of the user's own."""

import ctypes
import functools
import os
import pathlib
import secrets
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "core" / "command"))
import waiting  # noqa: E402
from placing import replace  # noqa: E402
from sandbox_box import PROGRAM, Sandbox  # noqa: E402

EXAMPLES = ROOT / "core" / "examples"
PATIENCE = 120  # seconds after which a test gives up; nothing waits for a time
until = functools.partial(waiting.until, patience=PATIENCE)
KEPT = ("TMPDIR", "ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS", "TSAN_OPTIONS")
NAMESPACE, RECURSIVE, PRIVATE, BIND, READ_ONLY, REMOUNT = 0x00020000, 0x4000, 0x40000, 0x1000, 0x1, 0x20
LIBC = ctypes.CDLL(None, use_errno=True)


def must(result):
    if result != 0:
        raise OSError(ctypes.get_errno(), "a mount failed")


def enter(mounts):
    """In the child: goes on where each target has its source: (source, read only). /run and /var/lib are empty but for them."""
    must(LIBC.unshare(NAMESPACE))
    must(LIBC.mount(b"none", b"/", None, RECURSIVE | PRIVATE, None))
    for top in ("/run", "/var/lib"):
        must(LIBC.mount(b"tmpfs", top.encode(), b"tmpfs", 0, None))
    for target, (source, read_only) in mounts.items():
        assert target.startswith(("/run/", "/var/lib/")), target
        os.makedirs(target if source.is_dir() else os.path.dirname(target), exist_ok=True)
        if not source.is_dir():
            open(target, "w").close()
        must(LIBC.mount(os.fsencode(source), target.encode(), None, BIND, None))
        if read_only:
            must(LIBC.mount(None, target.encode(), None, BIND | REMOUNT | READ_ONLY, None))


def may_mount():
    child = os.fork()
    if child == 0:
        try:
            enter({})
            os._exit(0)
        finally:
            os._exit(1)
    return os.waitpid(child, 0)[1] == 0


class Result:
    def __init__(self, status, out, err):
        self.status, self.out, self.err = status, out, err

    def __repr__(self):
        return f"status {self.status}\n--- stdout\n{self.out}\n--- stderr\n{self.err}"


class Machine:
    """Its sandbox knows one key, `key`. No output may have a key."""

    def __init__(self, folder, **more):
        self.folder, self.running = folder, []
        (folder / "box").mkdir()
        self.box = Sandbox(folder / "box", **more)
        self.key, self.keys = self.box.key, {self.box.key}
        self.bin, self.home = folder / "bin", folder / "home"
        self.bin.mkdir()
        self.home.mkdir(mode=0o700)
        (self.bin / "keyplate").symlink_to(PROGRAM)
        # What is waited for comes soon.
        self.program("sleep", "exec /bin/sleep 0.05")
        self.env = {name: os.environ[name] for name in KEPT if name in os.environ}
        self.env.update(PATH=f"{self.bin}:{os.environ['PATH']}", HOME=str(self.home), LC_ALL="C.UTF-8")
        self.env.update(CAPTCHAAI_URL=self.box.url, KEYPLATE_POLL_FIRST="0", KEYPLATE_POLL_EVERY="50ms")
        self.state = folder / "state"

    def program(self, name, text):
        path = self.bin / name
        path.unlink(missing_ok=True)
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)

    def fresh_home(self):
        """As in a container that was made anew: nothing is left of the one before but what is mounted."""
        home = self.folder / f"home{len(self.running)}"
        home.mkdir(mode=0o700)
        return str(home)

    def new_key(self):
        """People can tell it apart from the others by what is shown of it."""
        key = secrets.token_hex(16)
        while key[-4:] in {other[-4:] for other in self.keys}:
            key = secrets.token_hex(16)
        self.keys.add(key)
        return key

    def service_knows(self, *keys):
        replace(self.folder / "box" / "key0", "".join(key + "\n" for key in keys))

    def tries_of_unknown_keys(self):
        return [line for line in self.box.record() if "wrong_key" in line]

    def fingerprints(self, call):
        """What the service saw such calls with, in this order."""
        return [line.get("fingerprint") for line in self.box.record() if line["call"] == call]

    def start(self, words, env=None, mounts=None, **more):
        more = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "cwd": self.home, **more}
        if mounts is not None:
            more["preexec_fn"] = lambda: enter(mounts)
        self.running.append(subprocess.Popen(words, env={**self.env, **(env or {})}, start_new_session=True, **more))
        return self.running[-1]

    def run(self, words, env=None, mounts=None, text="", **more):
        return self.finish(self.start(words, env, mounts, stdin=subprocess.PIPE, **more), text)

    def finish(self, process, text=""):
        out, err = process.communicate(text.encode(), timeout=PATIENCE)
        return self.judge(Result(process.returncode, out.decode(), err.decode()))

    def judge(self, result):
        for key in self.keys:
            assert key not in result.out + result.err and key[:-4] not in result.out + result.err
        assert "Sanitizer" not in result.err, result.err
        return result

    def end(self):
        for process in self.running:
            if process.poll() is None:
                os.killpg(process.pid, 9)
                process.communicate()
        status, out, err = self.box.stop()
        assert (status, out, err) == (0, "", "")


def settings(unit):
    """Of the section [Service] of a unit file: name and values."""
    found, section = {}, None
    for line in unit.read_text().splitlines():
        if line.startswith("["):
            section = line
        elif line and line[0] not in "#;" and section == "[Service]":
            name, _, value = line.partition("=")
            found.setdefault(name, []).append(value)
    return found


@pytest.fixture
def machines(tmp_path):
    made = []

    def make(**more):
        folder = tmp_path / f"machine{len(made)}"
        folder.mkdir()
        made.append(Machine(folder, **more))
        return made[-1]

    yield make
    for one in made:
        one.end()


@pytest.fixture
def machine(machines):
    return machines()


@pytest.fixture
def mounting():
    if not may_mount():
        pytest.skip("this user may not mount: examples of Compose and Kubernetes")
