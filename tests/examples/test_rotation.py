"""test_rotation.py: rotation.sh, the walk through a rotation, while others go on with their calls."""

import hashlib
import hmac
import json
import os
import pty
import re
import select
import shutil
import signal
import sqlite3
import subprocess
import threading

import pytest

from conftest import EXAMPLES, PATIENCE, PROGRAM, replace, until

STEPS = ["1/5 New key", "2/5 Update the store", "3/5 Pick up", "4/5 Verify", "5/5 Revoke"]
SOLVE = ["keyplate", "solve", "turnstile", "sitekey=a", "pageurl=https://example.com/"]

pytestmark = pytest.mark.skipif(not shutil.which("jq"), reason="there is no jq: the walk through a rotation")


def fingerprint(key):
    return hmac.new(key.encode(), b"keyplate/fp/1/captchaai", hashlib.sha256).hexdigest()[:8]


class Calls(threading.Thread):
    """A host that makes one call after the other."""

    def __init__(self, walk, node):
        super().__init__()
        self.walk, self.node, self.done, self.failed, self.ends = walk, node, 0, [], threading.Event()

    def run(self):
        while not self.ends.is_set() and not self.failed:
            result = self.walk.call(SOLVE, KEYPLATE_NODE=self.node)
            if result.returncode != 0 or not result.stdout.startswith("sandbox-answer-"):
                self.failed.append(result)
            self.done += 1


class Walk:
    def __init__(self, machine):
        self.machine, self.hosts = machine, []
        self.old, self.new = machine.key, machine.new_key()
        machine.service_knows(self.old, self.new)
        self.folder = machine.folder / "store"
        self.folder.mkdir()
        self.file = self.folder / "captchaai_key"
        replace(self.file, self.old + "\n", 0o640)
        self.inode = self.file.stat().st_ino
        self.env = {"CAPTCHAAI_API_KEY_FILE": str(self.file), "KEYPLATE_STATE_DIR": str(machine.state)}

    def call(self, words, **env):
        """Beside the machine's own processes, from any thread."""
        return subprocess.run(words, env={**self.machine.env, **self.env, **env}, capture_output=True, text=True, timeout=PATIENCE,
                              cwd=self.machine.home)

    def words(self, *options):
        return [str(EXAMPLES / "rotation.sh"), *options, str(self.file)]

    def run(self, *options, text=None, **env):
        return self.machine.run(self.words(*options), {**self.env, **env}, text=self.new + "\n" if text is None else text)

    def start(self):
        """With its output in a file; the key comes through stdin."""
        self.out = self.machine.folder / "out"
        with open(self.out, "wb") as out:
            process = self.machine.start(self.words(), self.env, stdin=subprocess.PIPE, stdout=out, stderr=out)
        process.stdin.write(self.new.encode() + b"\n")
        process.stdin.close()
        return process

    def shown(self):
        text = self.out.read_text()
        assert not [key for key in self.machine.keys if key in text]
        return text

    def values(self):
        return {value["fingerprint"]: value for value in json.loads(self.call(["keyplate", "keys", "--json"]).stdout)}

    def state(self, key):
        return self.values().get(fingerprint(key), {}).get("state")

    def begin_calls(self):
        self.hosts = [Calls(self, node) for node in ("alpha", "beta")]
        for host in self.hosts:
            host.start()
        self.more_calls()

    def more_calls(self):
        """Three more of each host; none has failed."""
        before = [host.done for host in self.hosts]
        until(lambda: any(host.failed for host in self.hosts) or all(host.done >= n + 3 for host, n in zip(self.hosts, before)), "calls")
        assert not [host.failed for host in self.hosts if host.failed]

    def end_calls(self):
        for host in self.hosts:
            host.ends.set()
            host.join()

    def assert_key_is(self, key):
        assert self.file.read_text() == key + "\n" and self.file.stat().st_mode & 0o777 == 0o640
        assert [path.name for path in self.folder.iterdir()] == [self.file.name]
        assert key == self.old or self.file.stat().st_ino != self.inode, "a reader could find half of a key"


@pytest.fixture
def walk(machine):
    made = Walk(machine)
    yield made
    made.end_calls()


def test_five_steps_while_calls_go_on(machine, walk):
    walk.begin_calls()
    result = walk.run("--force")
    assert result.status == 0 and result.err == "", result
    assert [step for line in result.out.splitlines() for step in STEPS if line.startswith(step)] == STEPS
    assert f"***{walk.old[-4:]} is revoked" in result.out and result.out.endswith("Now delete the old key at the service.\n")
    walk.assert_key_is(walk.new)
    assert walk.state(walk.new) == "current" and walk.state(walk.old) == "revoked"
    walk.more_calls()
    # Deleted at the service.
    machine.service_knows(walk.new)
    walk.more_calls()
    walk.end_calls()
    assert not any(host.failed for host in walk.hosts) and machine.tries_of_unknown_keys() == []
    charged = [line["fingerprint"] for line in machine.box.ledger()]
    assert len(charged) == sum(host.done for host in walk.hosts) and set(charged) == {fingerprint(walk.old), fingerprint(walk.new)}
    # Nobody uses the old key by mistake.
    place = machine.folder / "old"
    place.write_text(walk.old)
    result = machine.run(["keyplate", "verify", "--key", f"file:{place}"], walk.env)
    assert result.status == 3 and "key_revoked" in result.err


def test_it_waits_until_the_old_key_has_rested_for_a_day(walk):
    walk.begin_calls()
    process = walk.start()
    until(lambda: " h " in walk.shown() or process.poll() is not None or any(host.failed for host in walk.hosts), "the time to wait")
    assert re.search(r"at least 2[34] h \d+ min to wait", walk.shown()), walk.shown()
    assert process.poll() is None and walk.state(walk.old) == "previous" and walk.state(walk.new) == "current"
    walk.end_calls()
    # A day later: what the state says of the old key's last use is a day ago.
    with sqlite3.connect(walk.machine.state / "state.db", timeout=PATIENCE) as state:
        ((name, value),) = state.execute("SELECT name, value FROM kv WHERE name LIKE ?", (f"used/%/{fingerprint(walk.old)}",))
        earlier = re.sub(rb"=(\d+)", lambda match: b"=%d" % (int(match.group(1)) - 87_000_000), value)
        state.execute("UPDATE kv SET value = ? WHERE name = ?", (earlier, name))
    state.close()
    assert process.wait(timeout=PATIENCE) == 0, walk.shown()
    assert f"***{walk.old[-4:]} is revoked" in walk.shown() and walk.state(walk.old) == "revoked"


def test_a_host_that_is_not_seen_and_ctrl_c(walk):
    """It is named, and step 5 waits for it; whoever does not is told what is left to do."""
    assert walk.call(SOLVE, KEYPLATE_NODE="gamma").returncode == 0
    walk.env["PATIENCE"] = "0"
    process = walk.start()
    until(lambda: " h " in walk.shown() or process.poll() is not None, "the time to wait")
    assert "not seen with the new key: gamma. " in walk.shown()
    os.killpg(process.pid, signal.SIGINT)
    assert process.wait(timeout=PATIENCE) == 130
    assert f"keyplate keys revoke {fingerprint(walk.old)}" in walk.shown().splitlines()[-1]
    walk.assert_key_is(walk.new)
    assert walk.state(walk.new) == "current" and walk.state(walk.old) == "previous"


def test_by_force_no_key_is_revoked_that_a_host_may_still_use(walk):
    """The host is the one on which the walk is made: its own calls there do not count."""
    assert walk.call(SOLVE).returncode == 0
    (host,) = walk.values()[fingerprint(walk.old)]["hosts"]
    result = walk.run("--force", PATIENCE="0")
    assert f"not seen with the new key: {host['host']}. " in result.out
    assert result.status == 1 and "the old one is not revoked" in result.err and fingerprint(walk.old) in result.err, result
    walk.assert_key_is(walk.new)
    assert walk.state(walk.new) == "current" and walk.state(walk.old) == "previous"


def test_a_key_that_nobody_has_used_is_revoked_at_once(walk):
    result = walk.run()
    assert result.status == 0 and "to wait" not in result.out, result
    walk.assert_key_is(walk.new)
    assert walk.call(SOLVE).returncode == 0


def assert_stopped(walk, result, reason):
    assert result.status == 1 and reason in result.err, result
    walk.assert_key_is(walk.old)


def test_a_new_key_that_the_service_does_not_know(machine, walk):
    walk.begin_calls()
    machine.service_knows(walk.old)
    assert_stopped(walk, walk.run("--force"), "the new key cannot be used; nothing was changed")
    assert len(machine.tries_of_unknown_keys()) == 1
    walk.more_calls()


@pytest.mark.parametrize("text, reason", [("", "nothing was changed"), ("\n", "nothing was changed"), ("your-api-key\n", "nothing was changed")])
def test_what_is_no_key(machine, walk, text, reason):
    assert_stopped(walk, walk.run("--force", text=text), reason)
    assert machine.box.record() == []


def test_the_key_that_is_there_already(walk):
    assert_stopped(walk, walk.run("--force", text=walk.old + "\n"), "already; nothing was changed")


def test_a_new_key_that_dies_after_it_was_put_in_place(machine, walk):
    """The old key comes back."""
    machine.program("keyplate", f'''case "$*" in "keys rotate"*)
    printf '%s\\n' "$OLD" >{machine.folder}/box/key0.fresh && mv {machine.folder}/box/key0.fresh {machine.folder}/box/key0 ;;
esac
exec {PROGRAM} "$@"''')
    result = walk.run("--force", OLD=walk.old)
    assert_stopped(walk, result, "the old key is in")
    assert "5/5" not in result.out
    assert walk.call(SOLVE).returncode == 0 and walk.state(walk.old) == "current"


def test_a_file_that_keyplate_does_not_use(machine, walk):
    place = machine.folder / "other"
    place.write_text(machine.new_key())
    result = machine.run([str(EXAMPLES / "rotation.sh"), str(place)], walk.env, text=walk.new)
    assert_stopped(walk, result, f"keyplate does not use {place} here")


def test_wrong_use(machine, walk):
    for words in ([], ["--force"], ["a", "b"]):
        assert machine.run([str(EXAMPLES / "rotation.sh"), *words], walk.env).status == 2
    assert_stopped(walk, machine.run([str(EXAMPLES / "rotation.sh"), "nowhere"], walk.env), "there is no file nowhere")


def test_at_a_terminal_the_key_is_not_shown(machine, walk):
    master, slave = pty.openpty()
    process = machine.start(walk.words("--force"), walk.env, stdin=slave, stdout=slave, stderr=slave)
    os.close(slave)
    shown = b""

    def read():
        nonlocal shown
        if select.select([master], [], [], 0.01)[0]:
            try:
                shown += os.read(master, 65536)
            except OSError:  # the other side is gone
                return True
        return process.poll() is not None

    until(lambda: read() or b"new key (it is not shown): " in shown, "the question")
    os.write(master, walk.new.encode() + b"\n")
    until(read, "the end")
    while not process.poll() and select.select([master], [], [], 0)[0]:
        try:
            shown += os.read(master, 65536)
        except OSError:
            break
    assert process.wait(timeout=PATIENCE) == 0, shown
    os.close(master)
    assert b"is revoked" in shown and walk.new.encode() not in shown
    walk.assert_key_is(walk.new)
