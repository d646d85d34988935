"""test_command_held_up.py: what others hold (a pipe, a record, the shared state) holds up neither timeout nor interrupt."""

import fcntl
import os
import signal
import sqlite3

import pytest

from conftest import ignore_nothing, until
from sandbox_box import PAGE

SUBMIT = ("submit", "turnstile", "sitekey=a", f"pageurl={PAGE}")
NOTE = "keyplate: note: "
NOT_SHARED = NOTE + "lockouts are not shared with other processes: "


def reads_the_pipe(process):
    """true once it waits in poll."""
    with open(f"/proc/{process.pid}/syscall") as shown:
        return shown.read().split()[0] in ("7", "271", "0", "73")


@pytest.fixture
def pipe():
    ends = os.pipe()
    yield ends
    for end in ends:
        os.close(end)


def test_a_pipe_that_stays_open_ends_with_the_timeout(run, pipe):
    process = run.start("balance", "--timeout", "1s", "--json", "--key", f"fd:{pipe[0]}", pass_fds=(pipe[0],))
    result = run.finish(process)
    assert (result.status, result.error["code"]) == (5, "timeout")


def test_a_pipe_that_stays_open_ends_with_an_interrupt(run, pipe):
    process = run.start("balance", "--timeout", "1h", "--json", "--key", f"fd:{pipe[0]}", pass_fds=(pipe[0],),
                        preexec_fn=ignore_nothing)
    until(lambda: reads_the_pipe(process), "the read of the pipe")
    process.send_signal(signal.SIGINT)
    result = run.finish(process)
    assert (result.status, result.error["code"]) == (130, "cancelled")


def test_a1_a_record_that_others_lock_is_not_waited_for(run, box):
    record = run.write("audit.jsonl", "")
    assert run("balance").status == 0
    with open(record + ".tail", "a") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        result = run(*SUBMIT, "--timeout", "2s", "--json", "--set", f"audit.file={record}")
    assert result.status == 5 and result.error["code"] in ("record_failed", "timeout")
    assert not box.ledger_path.exists() or not box.ledger()


def test_g4_a_locked_store_is_told_and_quiet_is_quiet(run):
    assert run("balance").status == 0
    other = sqlite3.connect(os.path.join(run.env["KEYPLATE_STATE_DIR"], "state.db"), isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    told, quiet = run("balance", "--timeout", "1s"), run("balance", "--timeout", "1s", "--quiet")
    other.close()
    assert NOT_SHARED in told.err and "other processes keep it locked" in told.err
    assert NOTE not in quiet.err
    assert NOTE not in run("balance").err


def test_g4_a_damaged_state_is_moved_aside_and_told(run):
    state = run.folder / "state"
    state.mkdir(mode=0o700)
    (state / "state.db").write_bytes(os.urandom(4096))
    result = run("balance")
    [aside] = state.glob("state.db.damaged-*[0-9]")
    assert result.status == 0 and NOTE + "the state file was damaged" in result.err and aside.name in result.err
    assert run("balance").err == ""


def test_g4_a_damaged_configured_state_stays(run):
    path = run.write("mine.db", os.urandom(4096))
    result = run("balance", "--set", f"store=sqlite:{path}")
    assert result.status == 0 and NOT_SHARED in result.err and "it is damaged" in result.err
    assert [name for name in os.listdir(run.work) if "damaged" in name] == []


def test_g4_a_fifo_as_store_is_told(run):
    os.mkfifo(run.work / "fifo")
    result = run("balance", "--set", f"store=sqlite:{run.work}/fifo")
    assert result.status == 0 and NOT_SHARED in result.err and "it is no regular file" in result.err
