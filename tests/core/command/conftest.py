"""conftest.py: the command as a user runs it: a clean environment, a state folder and a home of its own for each test."""

import ctypes
import functools
import json
import os
import pty
import resource
import secrets
import select
import signal
import subprocess

import pytest

import waiting
from sandbox_box import PROGRAM, Sandbox

PATIENCE = 30  # seconds after which a test gives up; nothing waits for a time
NOWHERE = "http://127.0.0.1:1"
KEPT = ("PATH", "ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS", "TSAN_OPTIONS", "TMPDIR")
until = functools.partial(waiting.until, patience=PATIENCE)

# Sanitizers pretend to lock memory, and switch core dumps off.
with open(PROGRAM, "rb") as program:
    BYTES = program.read()
SANITIZED = b"__asan_init" in BYTES or b"__tsan_init" in BYTES
del BYTES


class Result:
    def __init__(self, status, out, err):
        self.status, self.out, self.err = status, out, err

    @property
    def json(self):
        assert self.out.endswith("\n") and self.out.count("\n") == 1, self.out
        return json.loads(self.out)

    @property
    def error(self):
        return self.json["error"]

    def __repr__(self):
        return f"status {self.status}\n--- stdout\n{self.out}\n--- stderr\n{self.err}"


class Terminal:
    """The command with a terminal on its standard streams, or on stderr alone."""

    def __init__(self, words, env, folder, stdout=None, echo=True):
        self.master, slave = pty.openpty()
        self.pid_out = None
        self.slave = os.dup(slave)

        def lead():
            os.setsid()
            import fcntl
            import termios
            fcntl.ioctl(slave, termios.TIOCSCTTY, 0)

        self.process = subprocess.Popen(words, stdin=slave, stdout=stdout or slave, stderr=slave, env=env, cwd=folder,
                                        preexec_fn=lead, pass_fds=(slave,))
        os.close(slave)
        self.shown = ""

    def read(self):
        ready, _, _ = select.select([self.master], [], [], 0.01)
        if ready:
            try:
                self.shown += os.read(self.master, 65536).decode("utf-8", "replace")
            except OSError:
                pass
        return self.shown

    def expect(self, text):
        until(lambda: text in self.read(), f"{text!r} on the terminal; there is {self.shown!r}")

    def type(self, text):
        os.write(self.master, text.encode())

    def wait(self):
        until(lambda: (self.read(), self.process.poll() is not None)[1], "the end of the command")
        while select.select([self.master], [], [], 0)[0] and self.read() is None:
            pass
        return self.process.returncode

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self.slave)
        os.close(self.master)


class Command:
    """Runs the command; no output of any run may have a key that the test knows."""

    def __init__(self, folder):
        self.folder, self.home = folder, folder / "home"
        self.home.mkdir(mode=0o700)
        self.work = folder / "work"
        self.work.mkdir()
        self.env = {name: os.environ[name] for name in KEPT if name in os.environ}
        self.env.update(HOME=str(self.home), KEYPLATE_STATE_DIR=str(folder / "state"), LC_ALL="C.UTF-8")
        self.env.update(CAPTCHAAI_URL=NOWHERE, NOCAPTCHAAI_URL=NOWHERE)  # no test may ever reach the services
        self.secrets = set()
        self.terminals = []

    def use(self, box):
        """The command talks to this sandbox with its first key."""
        self.env.update(CAPTCHAAI_URL=box.url, NOCAPTCHAAI_URL=box.url, KEYPLATE_POLL_FIRST="0", KEYPLATE_POLL_EVERY="50ms")
        path = self.write("box_key", box.key + "\n")
        self.env.update(CAPTCHAAI_API_KEY_FILE=path, NOCAPTCHAAI_API_KEY_FILE=path)
        self.secrets.update(box.keys)

    def forget_keys(self):
        for name in [name for name in self.env if "API_KEY" in name]:
            del self.env[name]

    def new_key(self):
        key = secrets.token_hex(16)
        self.secrets.add(key)
        return key

    def write(self, name, text, mode=0o600):
        path = self.work / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        path.chmod(mode)
        return str(path)

    def words(self, arguments):
        return [PROGRAM, *map(os.fspath, arguments)]

    def environment(self, changes):
        env = {**self.env, **changes}
        return {name: value for name, value in env.items() if value is not None}

    def __call__(self, *arguments, stdin="", **env):
        return self.run(arguments, stdin, self.environment(env))

    def run(self, arguments, stdin, env, **more):
        done = subprocess.run(self.words(arguments), input=stdin.encode(), capture_output=True, env=env, cwd=self.work,
                              timeout=PATIENCE * 4, **more)
        return self.judge(done.returncode, done.stdout, done.stderr)

    def judge(self, status, out, err):
        result = Result(status, out.decode("utf-8", "surrogateescape"), err.decode("utf-8", "surrogateescape"))
        for key in self.secrets:
            assert key not in result.out + result.err
            assert key[:-4] not in result.out + result.err
        assert "Sanitizer" not in result.err, result.err
        return result

    def start(self, *arguments, **more):
        """Started and not waited for."""
        env = self.environment(more.pop("env", {}))
        return subprocess.Popen(self.words(arguments), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, env=env, cwd=self.work, **more)

    def finish(self, process):
        out, err = process.communicate(timeout=PATIENCE * 4)
        return self.judge(process.returncode, out, err)

    def terminal(self, *arguments, stdout=None, **env):
        env = {"TERM": "xterm", **env}
        self.terminals.append(Terminal(self.words(arguments), self.environment(env), self.work, stdout))
        return self.terminals[-1]

    def end(self):
        for terminal in self.terminals:
            terminal.close()
            for key in self.secrets:
                assert key not in terminal.shown


@pytest.fixture
def bare(tmp_path):
    """The command on a machine without any key."""
    command = Command(tmp_path)
    yield command
    command.end()


@pytest.fixture
def boxes(tmp_path):
    """Starts sandboxes."""
    running = []

    def start(*options, **more):
        folder = tmp_path / f"box{len(running)}"
        folder.mkdir()
        running.append(Sandbox(folder, *options, **more))
        return running[-1]

    yield start
    for box in running:
        assert box.stop() == (0, "", "")


@pytest.fixture
def box(boxes):
    return boxes("--solve-ms", "100")


@pytest.fixture
def run(bare, box):
    """The command with a key of the sandbox."""
    bare.use(box)
    return bare


def no_locked_memory():
    """For a child: memory cannot be locked, not even as root (which is allowed to by a capability, not by the limit)."""
    pr_capbset_drop, cap_ipc_lock = 24, 14
    ctypes.CDLL(None).prctl(pr_capbset_drop, cap_ipc_lock, 0, 0, 0)
    resource.setrlimit(resource.RLIMIT_MEMLOCK, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def no_core_dumps():
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))


def core_dumps():
    _, hard = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))


def ignore_nothing():
    """A shell's background job would start with SIGINT ignored."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
