"""test_command_exec.py: keys that a program writes: exec:PROGRAM ARGUMENT..."""

import json
import os
import signal

import pytest

from conftest import ignore_nothing, until


def script(command, lines):
    """A program in the test's folder."""
    return command.write("program", "#!/bin/sh\n" + lines + "\n", mode=0o700)


def test_key_of_a_program(run, box):
    run.forget_keys()
    path = script(run, f'test "$1" = "a b" && cat {run.work}/box_key')
    assert run("balance", "--key", f"exec:{path} 'a b'").out == "10\n"
    assert run("verify", "--set", f'keys=["exec:{path} \'a b\'"]').status == 0
    found = run("balance", "--key", "exec:program 'a b'", PATH=f"{run.work}:{run.env['PATH']}")
    assert found.out == "10\n" and found.err == ""


def test_keys_explain_shows_the_program_as_written(run, box):
    members = json.dumps([f"exec:{script(run, f'cat {run.work}/box_key')} show  'captcha ai'"])
    lines = run("keys", "explain", "--set", f"keys={members}").out.splitlines()
    assert lines[2].startswith(f"primary: ***{box.key[-4:]}, fingerprint ")
    assert lines[3] == f"  * exec:{run.work}/program show  'captcha ai': used"


def test_k7_a_program_without_a_home(run):
    path = script(run, f'test -z "$HOME" && cat {run.work}/box_key')
    run.forget_keys()
    assert run("balance", "--key", f"exec:{path}", HOME=None).out == "10\n"
    refused = run("balance", "--key", "exec:~/program", HOME="/proc/none")
    assert refused.status == 3 and "no such program" in refused.err


@pytest.mark.parametrize("lines, code, reason", [
    ("echo s3cret; exit 1", "bad_key_file", "the program failed"),
    ("head -c 70000 /dev/zero", "bad_key_file", "larger than 64 KiB"),
    ("head -c 7 /dev/zero", "bad_key_file", "NUL"),
    (":", "placeholder_key", "empty"),
    ("echo two words", "bad_key", "blank"),
])
def test_programs_that_give_no_key(bare, lines, code, reason):
    result = bare("balance", "--key", f"exec:{script(bare, lines)}")
    assert result.status == 3 and f"keyplate: {code}: " in result.err and reason in result.err
    assert "s3cret" not in result.err


def test_what_a_program_says_is_seen(bare):
    result = bare("balance", "--key", f"exec:{script(bare, 'echo locked >&2; exit 1')}")
    assert result.status == 3 and "locked\n" in result.err


def test_no_such_program_is_no_missing_key(run):
    """The next place is not taken in its stead: it could be another account's."""
    for command in ("no-such-program-anywhere", "/nowhere/program", f"{run.work}/box_key"):
        members = json.dumps([{"from": [f"exec:{command}", f"file:{run.work}/box_key"]}])
        result = run("balance", "--set", f"keys={members}")
        assert result.status == 3 and "there is no such program" in result.err


def test_key_in_the_arguments_is_refused(bare):
    key = bare.new_key()
    result = bare("balance", "--key", f"exec:echo {key}")
    assert result.status == 2 and "looks like a key" in result.err


def test_a_program_sees_no_key_of_ours(run, box):
    path = script(run, f'env | grep -q -e API_KEY -e KEYPLATE_ -e OTHER_KEY && exit 1; cat {run.work}/box_key')
    members = json.dumps([f"exec:{path}", "env:OTHER_KEY"])
    result = run("balance", "--set", f"keys={members}", OTHER_KEY=run.new_key(), KEYPLATE_PROXY="")
    assert result.out == "10\n"


def test_a_program_that_hangs(bare):
    path = script(bare, f"echo $$ >{bare.work}/pid; sleep 600")
    result = bare("balance", "--timeout", "1s", "--key", f"exec:{path}", "--json")
    assert result.error["code"] == "timeout", result
    number = (bare.work / "pid").read_text().strip()
    assert not os.path.exists(f"/proc/{number}")
    process = bare.start("balance", "--json", "--key", f"exec:{script(bare, f': >{bare.work}/there; sleep 600')}",
                         preexec_fn=ignore_nothing)
    until((bare.work / "there").exists, "the program")
    process.send_signal(signal.SIGINT)
    result = bare.finish(process)
    assert result.status == 130 and result.error["code"] == "cancelled"
