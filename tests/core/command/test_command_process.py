"""test_command_process.py: signals, terminals, streams, and what other processes can see of the command."""

import os
import signal
import sqlite3
import subprocess
import termios

import pytest

from conftest import PATIENCE, ignore_nothing, until
from sandbox_box import PAGE, PROGRAM

SOLVE = ("solve", "turnstile", "sitekey=a", f"pageurl={PAGE}")


@pytest.fixture
def slow(boxes, bare):
    """A sandbox whose tasks are never ready, and the command that uses it."""
    box = boxes("--solve-ms", "80000000")
    bare.use(box)
    bare.box = box
    return bare


def charged(box):
    return box.ledger_path.exists() and box.ledger_path.read_text().endswith("\n")


def submitted(run, *words, **more):
    """A solve whose task was accepted, and that waits now."""
    process = run.start(*SOLVE, *words, preexec_fn=ignore_nothing, **more)
    until(lambda: charged(run.box), "the submit")
    until(lambda: '"call":"result"' in run.box.record_path.read_text(), "the first poll")
    return process


# ---- Signals ----


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupt_names_the_task(slow, number):
    process = submitted(slow)
    process.send_signal(number)
    result = slow.finish(process)
    [line] = slow.box.ledger()
    reference = f"captchaai/primary~{line['fingerprint']}/{line['task']}"
    assert result.status == 130 and result.out == ""
    assert result.err.splitlines()[-1] == f"keyplate: the task is {reference}; it goes on: keyplate wait {reference}"
    assert slow("result", reference).status == 6


def test_interrupt_as_json(slow):
    process = submitted(slow, "--json")
    process.send_signal(signal.SIGINT)
    result = slow.finish(process)
    assert result.status == 130 and result.error["class"] == "cancelled" and result.err == ""
    assert result.error["task"].endswith("/" + slow.box.ledger()[0]["task"])


def test_interrupt_during_a_submit(run, boxes):
    """The answer is on its way, so nobody knows whether the task was accepted."""
    box = boxes(rules=[{"match": {"call": "submit"}, "delay_ms": 60000, "charge": False}])
    run.use(box)
    process = run.start(*SOLVE, "--json", preexec_fn=ignore_nothing)
    until(lambda: box.record_path.exists() and '"call":"submit"' in box.record_path.read_text(), "the submit")
    process.send_signal(signal.SIGINT)
    result = run.finish(process)
    assert result.status == 130 and result.error["outcome_unknown"] is True


def mask_of(process, name):
    with open(f"/proc/{process.pid}/status", encoding="ascii") as file:
        return int(next(line.split()[1] for line in file if line.startswith(name + ":")), 16)


def interrupted_twice(run):
    process = run.start("balance", preexec_fn=ignore_nothing)
    bit = 1 << (signal.SIGINT - 1)
    until(lambda: mask_of(process, "SigCgt") & bit, "the handler")
    process.send_signal(signal.SIGINT)
    until(lambda: not mask_of(process, "ShdPnd") & bit, "the first signal")
    process.send_signal(signal.SIGINT)
    result = run.finish(process)
    return result.status, result.out, result.err


def test_second_interrupt_ends_at_once(run):
    """The shared state is locked by somebody else, so the first Ctrl-C has to wait for it; the second does not. On a
    slow machine the first wait may be over before the second Ctrl-C comes: then it says so, or has no handler left."""
    assert run("balance").status == 0
    [path] = [run.folder / "state" / name for name in os.listdir(run.folder / "state") if name.endswith(".db")]
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    try:
        ends = []
        while (130, "", "") not in ends and len(ends) < 20:
            ends.append(interrupted_twice(run))
    finally:
        other.execute("ROLLBACK")
        other.close()
    assert ends[-1] == (130, "", "")
    assert run("balance").status == 0


# ---- The terminal ----


def test_progress_line_on_a_terminal(slow):
    terminal = slow.terminal(*SOLVE)
    terminal.expect("solving turnstile... ")
    terminal.expect(f", task {until(lambda: charged(slow.box) and slow.box.ledger(), 'the submit')[0]['task']}")
    assert "[#" in terminal.shown or "[-" in terminal.shown
    terminal.type("\x03")
    assert terminal.wait() == 130
    terminal.expect("it goes on: keyplate wait captchaai/")
    before, after = terminal.shown.rsplit("\x1b[K", 1)
    assert "solving" in before and "solving" not in after


def test_progress_line_is_not_in_the_answer(run, boxes):
    run.use(boxes("--solve-ms", "900"))
    with open(run.work / "answer", "wb") as answer:
        terminal = run.terminal(*SOLVE, "--json", stdout=answer)
        assert terminal.wait() == 0
    assert "solving" in terminal.shown and "sandbox-answer" not in terminal.shown
    assert (run.work / "answer").read_text().startswith('{"answer":"sandbox-answer-')


@pytest.mark.parametrize("words, env", [(["--quiet"], {}), ([], {"TERM": "dumb"})])
def test_no_progress_line_where_none_is_wanted(run, boxes, words, env):
    run.use(boxes("--solve-ms", "900"))
    terminal = run.terminal(*SOLVE, *words, **env)
    assert terminal.wait() == 0
    terminal.expect("sandbox-answer-")
    assert "solving" not in terminal.shown and "\x1b" not in terminal.shown


def test_no_progress_line_in_a_pipe(run, boxes):
    run.use(boxes("--solve-ms", "900"))
    result = run(*SOLVE, TERM="xterm")
    assert result.status == 0 and result.err == ""


def echo(terminal):
    return bool(termios.tcgetattr(terminal.slave)[3] & termios.ECHO)


def test_keys_set_does_not_show_what_is_typed(bare):
    key = bare.new_key()
    terminal = bare.terminal("keys", "set")
    terminal.expect("API key of CaptchaAI (it is not shown): ")
    assert not echo(terminal)
    terminal.type(key + "\n")
    assert terminal.wait() == 0
    terminal.expect("is stored in")
    assert echo(terminal) and key in (bare.home / ".captchaai/config.json").read_text()


@pytest.mark.parametrize("typed, number", [("\x03", 0), ("\x1c", 0), ("", signal.SIGTERM)])
def test_keys_set_interrupted(bare, typed, number):
    terminal = bare.terminal("keys", "set")
    terminal.expect("shown): ")
    assert not echo(terminal)
    if typed:
        terminal.type("abc" + typed)
    else:
        terminal.process.send_signal(number)
    assert terminal.wait() == 130
    assert echo(terminal) and not (bare.home / ".captchaai").exists()


# ---- Streams ----


def with_stdout(run, words, stdout=None, preexec_fn=None):
    done = subprocess.run([PROGRAM, *words], env=run.environment({}), cwd=run.work, stdin=subprocess.DEVNULL,
                          stdout=stdout, stderr=subprocess.PIPE, preexec_fn=preexec_fn, timeout=PATIENCE, text=True)
    return done.returncode, done.stderr


def test_answer_that_cannot_be_written(run, box):
    with open("/dev/full", "wb") as full:
        status, err = with_stdout(run, SOLVE, full)
    [line] = box.ledger()
    assert status == 5 and "could not be written" in err
    assert f"the task is captchaai/primary~{line['fingerprint']}/{line['task']}" in err
    reader, writer = os.pipe()
    os.close(reader)
    status, err = with_stdout(run, ["balance"], writer)
    os.close(writer)
    assert status == 5 and "its reader is gone" in err


@pytest.mark.parametrize("fds", [[1], [0], [2], [0, 1, 2]])
def test_closed_streams_do_no_harm(run, fds):
    """The state database must not become the standard output."""
    def close():
        for fd in fds:
            os.close(fd)
    assert with_stdout(run, ["balance"], subprocess.DEVNULL, close)[0] == (5 if 1 in fds else 0)
    assert run("balance").out == "10\n"
    assert "  current  0  " in run("keys").out


# ---- What others see ----


def seen(process):
    """Environment and command line, as ps shows them."""
    found = b""
    for name in ("environ", "cmdline"):
        with open(f"/proc/{process.pid}/{name}", "rb") as file:
            found += file.read()
    return found.decode("utf-8", "replace")


def test_keys_are_not_in_the_environment_block(slow):
    other = slow.new_key()
    env = {"CAPTCHAAI_API_KEY": slow.box.key, "CAPTCHAAI_API_KEY_FILE": None, "CAPTCHAAI_API_KEY_2": other,
           "NOCAPTCHAAI_API_KEY": other, "NOCAPTCHAAI_API_KEY_FILE": None, "UNRELATED": "stays"}
    process = submitted(slow, env=env)
    shown = seen(process)
    assert slow.box.key not in shown and other not in shown
    assert "CAPTCHAAI_API_KEY=xxx" in shown and "UNRELATED=stays" in shown
    process.send_signal(signal.SIGINT)
    assert slow.finish(process).status == 130


def test_variable_of_a_reference_is_not_in_the_environment_block(slow):
    process = submitted(slow, "--key", "env:MY_KEY", env={"MY_KEY": slow.box.key, "MY_KEY_FILE": None})
    assert slow.box.key not in seen(process)
    process.send_signal(signal.SIGINT)
    assert slow.finish(process).status == 130


def test_configured_variable_is_not_in_the_environment_block(slow):
    process = submitted(slow, "--set", "keys=[\"env:MY_KEY\"]", env={"MY_KEY": slow.box.key})
    assert slow.box.key not in seen(process)
    process.send_signal(signal.SIGINT)
    assert slow.finish(process).status == 130


def test_verbose_tells_what_was_used(run, box):
    lines = run("balance", "--verbose").err.splitlines()
    text = "\n".join(lines)
    assert all(line.startswith("keyplate: ") for line in lines)
    assert f"configuration file: none ({run.home}/.config/keyplate/config.json does not exist)" in text
    assert f"key: primary ***{box.key[-4:]} with fingerprint " in text
    assert f"store: sqlite:{run.folder}/state/" in text and "requests: 1, polls: " in text
