"""conftest.py: what the scenarios share: the trap, certificates, a sandbox that knows many keys."""

import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "core" / "command"))

import shapes  # noqa: E402
from hostile import Authority  # noqa: E402
from search import Secret, find  # noqa: E402


@pytest.fixture(scope="session")
def trap():
    from box import Trap
    trap = Trap()
    yield trap
    trap.server.close()


@pytest.fixture(scope="session")
def authority(tmp_path_factory):
    authority = Authority(tmp_path_factory.mktemp("authority"))
    authority.server = authority.context("good")
    return authority


class KnownKeys:
    """A sandbox with an account for each of many keys; what it prints and writes is looked at in the end."""

    def __init__(self, folder):
        from sandbox_box import Sandbox
        self.keys = [shapes.make(shape) for shape in shapes.SHAPES for _ in range(4)]
        words = []
        for number, key in enumerate(self.keys):
            path = folder / f"known{number}"
            path.write_text(key + "\n")
            words += ["--key-file", str(path)]
        self.box = Sandbox(folder, *words)
        self.lines = [self.box.process.stdout.readline() for _ in self.keys]
        self.url, self.port, self.taken = self.box.url, self.box.port, 0

    def take_key(self):
        self.taken += 1
        return self.keys[self.taken % len(self.keys)]

    def stop(self):
        status, out, err = self.box.stop()
        said = "\n".join([*self.box.lines, *self.lines, out, err]).encode()
        said += self.box.ledger_path.read_bytes() + self.box.record_path.read_bytes()
        return status, find([Secret(f"key {number}", key) for number, key in enumerate(self.keys)], said)


@pytest.fixture(scope="session")
def known_keys(tmp_path_factory):
    if not os.environ.get("KEYPLATE"):
        pytest.skip("there is no command")
    sandbox = KnownKeys(tmp_path_factory.mktemp("sandbox"))
    yield sandbox
    assert sandbox.stop() == (0, [])
