"""test_systemd.py: keyplate-example.service, with what systemd makes of it: a folder of credentials, the lines of ExecStart."""

import shlex
import shutil
import subprocess

import pytest

from conftest import EXAMPLES, PATIENCE, PROGRAM, settings

UNIT = EXAMPLES / "keyplate-example.service"
INSTALLED = "/usr/local/bin/keyplate"


class Service:
    def __init__(self, machine):
        self.machine, self.settings = machine, settings(UNIT)
        self.states, self.credentials = machine.folder / "states", machine.folder / "credentials"
        self.credentials.mkdir()
        for name in self.settings["StateDirectory"]:
            (self.states / name).mkdir(parents=True, mode=0o700)
        self.env = {"HOME": "/", "CREDENTIALS_DIRECTORY": str(self.credentials)}
        for line in self.settings["Environment"]:
            for word in shlex.split(line.replace("%S", str(self.states))):
                assert "%" not in word, word
                name, _, self.env[name] = word.partition("=")

    def load(self, key):
        """A copy that nobody can write; the folder neither."""
        self.credentials.chmod(0o700)
        for line in self.settings["LoadCredential"]:
            name, _, source = line.partition(":")
            assert source.startswith("/")
            (self.credentials / name).unlink(missing_ok=True)
            (self.credentials / name).write_text(key + "\n")
            (self.credentials / name).chmod(0o400)
        self.credentials.chmod(0o500)

    def start(self):
        """A oneshot service: its lines until one fails."""
        assert self.settings["Type"] == ["oneshot"]
        results = []
        for line in self.settings["ExecStart"]:
            words = shlex.split(line)
            assert words[0] == INSTALLED and not any(mark in line for mark in "%$")
            results.append(self.machine.run([PROGRAM, *words[1:]], self.env, cwd="/"))
            if results[-1].status != 0:
                break
        return results


@pytest.fixture
def service(machine):
    return Service(machine)


def test_it_proves_the_key_and_solves(machine, service):
    service.load(machine.key)
    results = service.start()
    assert [(result.status, result.err) for result in results] == [(0, ""), (0, "")], results
    assert "cred:captchaai_key" in results[0].out and results[1].out.startswith("sandbox-answer-")
    assert (service.states / "keyplate-example" / "state.db").is_file()
    assert len(machine.box.ledger()) == 1


def test_a_new_credential_is_used_by_the_next_start(machine, service):
    service.load(machine.key)
    assert service.start()[-1].status == 0
    fresh = machine.new_key()
    machine.service_knows(fresh)
    service.load(fresh)
    results = service.start()
    assert results[-1].status == 0 and f"***{fresh[-4:]}" in results[0].out, results


def test_a_credential_that_is_not_there(machine, service):
    results = service.start()
    assert [result.status for result in results] == [3], results
    assert "cred:captchaai_key" in results[0].err and machine.box.record() == []


def test_systemd_knows_every_line(machine):
    if not shutil.which("systemd-analyze"):
        pytest.skip("there is no systemd-analyze: the unit of the example")
    text = UNIT.read_text()
    assert text.count(INSTALLED) == 2
    copy = machine.folder / UNIT.name
    copy.write_text(text.replace(INSTALLED, PROGRAM))
    done = subprocess.run(["systemd-analyze", "verify", "--man=no", str(copy)], capture_output=True, text=True, timeout=PATIENCE)
    ours = [line for line in (done.stdout + done.stderr).splitlines() if UNIT.name in line]
    assert (done.returncode, ours) == (0, []), done
