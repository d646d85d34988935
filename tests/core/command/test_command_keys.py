"""test_command_keys.py: where keys come from, what is refused, and the command keys."""

import json
import os
import stat
import subprocess

import pytest

from conftest import PATIENCE, SANITIZED, core_dumps, no_core_dumps, no_locked_memory
from sandbox_box import PROGRAM

VARIABLE = "CAPTCHAAI_API_KEY"


def refused(command, code, *words, **env):
    """The call ends with status 3 and this code; nothing was sent."""
    result = command("balance", *words, **env)
    assert result.status == 3 and result.out == "" and result.err.startswith(f"keyplate: {code}: "), result
    return result.err


# ---- No key, or none that can be one ----


def test_k1_no_key_anywhere(bare):
    text = refused(bare, "no_key")
    places = [f"env:{VARIABLE}", "cred:captchaai_key", "/run/secrets/captchaai_key", f".env#{VARIABLE}",
              "~/.captchaai/config.json", f"{VARIABLE}_BACKUP"]
    assert [place for place in places if place not in text] == []
    assert "keyplate keys set" in text and text.count("\n") == 1
    assert bare("balance", "--json").error["code"] == "no_key"


@pytest.mark.parametrize("setting, env, cause", [
    ("host=nginx", {}, f"env {VARIABLE};"),
    ("host=php-fpm", {}, "clear_env"),
    ("host=php-fpm", {}, "cached configuration"),
    ("host=command", {"CI": "true"}, "forks"),
    ("host=command", {"PSModulePath": "C:\\Modules"}, f"$env:{VARIABLE}"),
])
def test_k1_names_the_likely_cause(bare, setting, env, cause):
    assert cause in refused(bare, "no_key", "--set", setting, **env)


def test_k1_keys_without_a_key(bare):
    for words in ("keys", "list"), ("keys", "explain"):
        result = bare(*words)
        assert result.status == 3 and "keyplate: no_key: " in result.err
        result = bare(*words, "--json")
        assert result.status == 3 and result.json[0]["masked"] is None and result.err == ""


@pytest.mark.parametrize("form", ["{}\n", "  {}\r\n", "\t{}\n\n", "{}"])
def test_k2_blank_ends_are_trimmed(run, box, form):
    run.env[VARIABLE + "_FILE"] = run.write("key", form.format(box.key))
    assert run("balance").out == "10\n"
    run.env[VARIABLE + "_FILE"] = None
    assert run("balance", **{VARIABLE: form.format(box.key)}).out == "10\n"


@pytest.mark.parametrize("form, reason", [
    ('"{}"', "quotes"), ("'{}'", "quotes"), ("\ufeff{}", "byte order mark"), ("a {}", "blank"), ("a\n{}", "line"),
    ("{}\u00e4", "ASCII"), ("{}\x01", "control"),
])
def test_k2_other_forms_are_refused(bare, form, reason):
    value = form.format(bare.new_key())
    file = bare.write("key", value)
    for env, place in (({VARIABLE + "_FILE": file}, file), ({VARIABLE: value}, f"env:{VARIABLE}")):
        text = refused(bare, "bad_key", **env)
        assert reason in text and place in text


@pytest.mark.parametrize("value", ["YOUR_API_KEY", "YOUR_KEY", "your_key", "your_api_key_here", "abc123def456", "<key>",
                                   "abc123def456ghi789jkl012mno345pq", "${KEY}", "xxxxxxxxxxxx", ""])
def test_k3_placeholders_are_refused(bare, value):
    text = refused(bare, "placeholder_key", **{VARIABLE + "_FILE": bare.write("key", value + "\n")})
    assert value == "" or value not in text
    if value:
        assert f"env:{VARIABLE}" in refused(bare, "placeholder_key", **{VARIABLE: value})
    assert bare("keys", "set", stdin=value + "\n").status == (3 if value else 2)
    assert not (bare.home / ".captchaai").exists()


def test_k4_places_that_are_no_key_file(bare):
    os.mkfifo(bare.work / "fifo")
    os.symlink("loop", bare.work / "loop")
    (bare.work / "folder").mkdir()
    with open(bare.work / "large", "wb") as file:
        file.truncate(1 << 30)
    reasons = {"fifo": "regular", "loop": "circle", "folder": "regular", "large": "larger", "/dev/zero": "regular",
               "nothing": "no"}
    for name, reason in reasons.items():
        path = str(bare.work / name)
        code = "no_key" if name == "nothing" else "bad_key_file"
        assert reason in refused(bare, code, "--key", f"file:{path}")
        result = bare("balance", **{VARIABLE + "_FILE": path})
        assert result.status == 3 and reason in result.err and f"{VARIABLE}_FILE" in result.err


def test_k4b_key_file_that_others_can_read(run):
    path = run.write("open", (run.work / "box_key").read_text(), mode=0o644)
    run.env[VARIABLE + "_FILE"] = path
    assert run("balance").err == ""
    assert "warning: other users can read" in run("balance", "--verbose").err
    assert "warning: other users" in run("keys", "explain").out
    assert run("keys", "--json").json[0]["readable_by_others"] is True
    strict = run.run(["balance", "--set", "strict=true"], "", run.environment({}), preexec_fn=no_core_dumps)
    assert strict.status == 3 and "keyplate: strict: " in strict.err and path in strict.err
    os.chmod(path, 0o600)
    strict = run.run(["balance", "--set", "strict=true"], "", run.environment({}), preexec_fn=no_core_dumps)
    assert strict.status == 0
    assert "warning" not in run("keys", "explain").out


@pytest.mark.parametrize("line", ["{}={}#old", "{}={}$HOME", "{}: {}", "{}='{}", "export {} = {} b", "{}={}\\n"])
def test_k5_unclear_line_of_a_dotenv_file(bare, line):
    bare.write(".env", "OTHER=1\n" + line.format(VARIABLE, bare.new_key()) + "\n")
    text = refused(bare, "bad_key")
    assert ".env" in text and "line 2" in text


def test_k5_clear_line_of_a_dotenv_file(run, box):
    run.forget_keys()
    run.write(".env", f"OTHER='a\\b' # c\n{VARIABLE}={box.key}\n")
    assert run("balance").out == "10\n"
    assert run("keys", "--json").json[0]["source"] == f"dotenv:.env#{VARIABLE}"


def test_k5_dotenv_gives_keys_and_nothing_else(run, box):
    run.write(".env", "CAPTCHAAI_URL=http://127.0.0.1:1\nKEYPLATE_PROVIDER=nocaptchaai\n")
    assert run("balance", "--json").json["provider"] == "captchaai"


def test_k6_variable_and_its_file(run, box):
    text = refused(run, "key_twice", **{VARIABLE: run.new_key()})
    assert VARIABLE + "_FILE" in text


# ---- What the machine lacks ----


@pytest.mark.skipif(SANITIZED, reason="sanitizers pretend to lock memory")
def test_k7_memory_that_cannot_be_locked(run):
    env = run.environment({})
    result = run.run(["balance", "--verbose"], "", env, preexec_fn=no_locked_memory)
    assert result.status == 0 and "could not be locked" in result.err
    strict = run.run(["balance", "--set", "strict=true"], "", env, preexec_fn=no_locked_memory)
    assert strict.status == 3 and "keyplate: strict: " in strict.err and "could not be locked" in strict.err
    locked = run.run(["balance", "--verbose", "--set", "strict=true"], "", env, preexec_fn=no_core_dumps)
    assert locked.status == 0 and "could not be locked" not in locked.err


@pytest.mark.skipif(SANITIZED, reason="sanitizers switch core dumps off")
def test_k7_core_dumps(run):
    import resource
    if resource.getrlimit(resource.RLIMIT_CORE)[1] == 0:
        pytest.skip("core dumps cannot be switched on here")
    env = run.environment({})
    result = run.run(["balance", "--verbose"], "", env, preexec_fn=core_dumps)
    assert result.status == 0 and "core dumps are on" in result.err
    assert run.run(["balance", "--set", "strict=true"], "", env, preexec_fn=core_dumps).status == 3


def test_k7_nowhere_to_write_and_no_home(run):
    if os.path.exists("/var/lib/keyplate"):
        pytest.skip("this machine has a state folder for all users")
    env = run.environment({"HOME": None, "KEYPLATE_STATE_DIR": None, "XDG_STATE_HOME": "/proc/none", "TMPDIR": "/proc/none"})
    result = run.run(["balance", "--verbose"], "", env)
    assert result.status == 0 and result.out == "10\n"
    assert "store: memory: (" in result.err and "/proc/none" in result.err


def test_g6_many_processes_with_a_wrong_key(run, box):
    run.forget_keys()
    run.env[VARIABLE + "_FILE"] = run.write("wrong", run.new_key())
    for _ in range(2):
        workers = [run.start("solve", "turnstile", "sitekey=a", "pageurl=https://example.com/") for _ in range(12)]
        assert {run.finish(worker).status for worker in workers} == {3}
    assert len(box.record()) == 1 and box.ledger() == []
    assert run("balance", "--key", f"file:{run.work}/box_key").status == 0


# ---- keys ----


def test_keys_list(run, box):
    fresh = run("keys")
    heading, row, empty, use = fresh.out.splitlines()
    assert empty == "" and use.startswith(f"primary ***{box.key[-4:]}: ") and "hosts:" not in use
    assert heading.split() == ["NAME", "MASKED", "FINGERPRINT", "SOURCE", "STATE", "DAYS", "LAST", "USED"]
    assert row.startswith(f"primary  ***{box.key[-4:]}") and row.split()[-3:] == ["pending", "-", "-"]
    assert run("keys", "list").out == fresh.out
    assert run("verify").status == 0
    _, row, _, use = run("keys", KEYPLATE_NODE="web-1").out.splitlines()
    assert row.split()[-3:-1] == ["current", "0"] and " by 1 host; " in use and "; hosts: " in use
    [first, second, *_] = run("keys", "--json").json
    assert (first["name"], first["state"], second["name"], second["state"]) == ("primary", "current", "backup", "absent")


def test_keys_list_shows_a_refused_key(run):
    run.env[VARIABLE + "_BACKUP"] = run.new_key()
    assert [line.split()[:1] for line in run("keys").out.splitlines()] == [["NAME"], ["primary"], ["backup"], [], ["primary"], ["backup"]]
    assert run("verify", "--key", f"env:{VARIABLE}_BACKUP").status == 3
    assert [member["state"] for member in run("keys", "--json").json[:2]] == ["pending", "cooling"]


def test_keys_explain(run, box):
    run.write(".env", f"{VARIABLE}={run.new_key()}\n")
    lines = run("keys", "explain").out.splitlines()
    assert lines[2].startswith(f"primary: ***{box.key[-4:]}, fingerprint ")
    assert lines[3].startswith(f"  * env:{VARIABLE}: used, file:")
    assert [line.strip().split(":")[0] for line in lines[3:8]] == ["* env", "cred", "file", "dotenv", "json"]
    assert all("not looked at" in line for line in lines[4:8])
    assert lines[-1] == ("Nothing is set for backup, key2, key3, key4, key5, key6, key7, key8, key9 "
                         f"({VARIABLE}_BACKUP, _2 to _9).")


def test_keys_explain_says_what_is_wrong(bare):
    bare.env[VARIABLE] = "YOUR_API_KEY"
    bare.env[VARIABLE + "_3"] = bare.new_key()
    result = bare("keys", "explain")
    assert f"  ! env:{VARIABLE}: unusable, it is a sample of the documentation\n" in result.out
    assert "\nkey3: ***" in result.out and "key2, key4," in result.out and result.status == 0


def test_keys_of_a_configuration(run, box):
    members = json.dumps([{"name": "team", "from": ["env:TEAM_KEY", f"file:{run.work}/box_key"]}, "env:SPARE_KEY"])
    result = run("keys", "explain", "--set", f"keys={members}", SPARE_KEY=run.new_key())
    assert "\nteam: ***" in result.out and "    env:TEAM_KEY: absent" in result.out and "\nbackup: ***" in result.out
    assert VARIABLE not in result.out
    assert run("verify", "--set", f"keys={members}").out.startswith("key team ***")


def test_reference_that_is_none(bare):
    for value in ("nothing", "env:", "ftp://x", "file", ""):
        assert bare("balance", "--key", value).status in (2, 3)


# ---- keys set ----


def stored(command, home=".captchaai"):
    return command.home / home / "config.json"


def mode(path):
    return stat.S_IMODE(os.stat(path).st_mode)


def test_keys_set(run, box):
    run.forget_keys()
    result = run("keys", "set", stdin=f"  {box.key}\r\n")
    assert result.status == 0 and str(stored(run)) in result.out and result.err == ""
    assert (mode(stored(run)), mode(stored(run).parent)) == (0o600, 0o700)
    assert json.loads(stored(run).read_text()) == {"api_key": box.key}
    assert run("verify").status == 0
    assert os.listdir(stored(run).parent) == ["config.json"]
    other = run("keys", "set", "--provider", "nocaptchaai", "--json", stdin=box.key)
    assert other.json["stored"] == str(stored(run, ".nocaptchaai")) and other.json["key"] == "***" + box.key[-4:]
    assert run("verify", "--provider", "nocaptchaai").status == 0


def test_keys_set_masks_the_key_wherever_it_stands(bare):
    key = bare.new_key()
    (bare.home / key).mkdir()
    for words in ((), ("--json",)):
        result = bare("keys", "set", *words, stdin=key, HOME=str(bare.home / key))
        assert result.status == 0 and f"{bare.home}/[REDACTED]/.captchaai" in result.out
    (bare.home / key / ".captchaai/config.json").write_text("[]")
    assert "[REDACTED]" in bare("keys", "set", stdin=key, HOME=str(bare.home / key)).err


@pytest.mark.parametrize("before, after", [
    ('{\n  "b": [1,  2],\n  "api_key" :"old" , "z":3}', '{\n  "b": [1,  2],\n  "api_key" :"KEY" , "z":3}'),
    ('{\n\t"b": 1e1\n}\n', '{\n\t"api_key": "KEY",\n\t"b": 1e1\n}\n'),
    ('{"b":{"api_key":"other"}}', '{"api_key": "KEY","b":{"api_key":"other"}}'),
    (' {} \n', ' {"api_key": "KEY"} \n'),
    ('{"api_key":null}', '{"api_key":"KEY"}'),
    ("", '{\n  "api_key": "KEY"\n}\n'),
])
def test_keys_set_keeps_what_is_there(bare, before, after):
    stored(bare).parent.mkdir(mode=0o700)
    stored(bare).write_text(before)
    key = bare.new_key()
    assert bare("keys", "set", stdin=key).status == 0
    assert stored(bare).read_text() == after.replace("KEY", key)
    assert mode(stored(bare)) == 0o600


@pytest.mark.parametrize("before", ["[1]", "{", '{"a":1,"a":2}', "text", "\0"])
def test_keys_set_leaves_alone_what_it_does_not_understand(bare, before):
    stored(bare).parent.mkdir(mode=0o700)
    stored(bare).write_text(before)
    result = bare("keys", "set", stdin=bare.new_key())
    assert result.status == 3 and str(stored(bare)) in result.err
    assert stored(bare).read_text() == before and os.listdir(stored(bare).parent) == ["config.json"]


def test_keys_set_and_things_in_the_way(bare):
    os.mkfifo(bare.home / "fifo")
    for target in ("fifo", "nothing/config.json"):
        (bare.home / ".captchaai").mkdir(exist_ok=True)
        stored(bare).unlink(missing_ok=True)
        os.symlink(bare.home / target, stored(bare))
        assert bare("keys", "set", stdin=bare.new_key()).status == (3 if target == "fifo" else 0)
    for path in (stored(bare), ):
        path.unlink()
    stored(bare).mkdir()
    assert bare("keys", "set", stdin=bare.new_key()).status == 3
    stored(bare).rmdir()
    (bare.home / ".captchaai").rmdir()
    (bare.home / ".captchaai").write_text("")
    assert bare("keys", "set", stdin=bare.new_key()).status == 3
    assert bare("keys", "set", stdin=bare.new_key(), HOME="/proc/none").status == 3


def test_keys_set_follows_a_link(bare):
    (bare.home / ".captchaai").mkdir(mode=0o700)
    (bare.home / "real").mkdir()
    real = bare.home / "real" / "file"
    real.write_text('{"a":1}')
    os.symlink(real, stored(bare))
    key = bare.new_key()
    assert bare("keys", "set", stdin=key).status == 0
    assert stored(bare).is_symlink() and json.loads(real.read_text()) == {"api_key": key, "a": 1}
    assert mode(real) == 0o600


def test_keys_set_closes_an_open_folder(bare):
    (bare.home / ".captchaai").mkdir(mode=0o755)
    (bare.home / ".captchaai").chmod(0o755)
    result = bare("keys", "set", stdin=bare.new_key())
    assert result.status == 0 and "mode 0700" in result.err and mode(bare.home / ".captchaai") == 0o700


def test_keys_set_warns_when_another_place_comes_first(bare):
    bare.env[VARIABLE] = bare.new_key()
    result = bare("keys", "set", stdin=bare.new_key())
    assert result.status == 0 and "warning: another key comes first" in result.err and f"env:{VARIABLE}" in result.err
    bare.env[VARIABLE] = None
    result = bare("keys", "set", "--set", "keys=[\"env:ELSEWHERE\"]", stdin=bare.new_key())
    assert result.status == 0 and "warning: nothing looks at this file" in result.err


@pytest.mark.parametrize("line", ["", "\n", '"quoted"\n', "two words\n", "x" * 5000, "x" * 2000 + "\n", "\ufeffkey\n"])
def test_keys_set_refuses(bare, line):
    result = bare("keys", "set", stdin=line)
    assert result.status in (2, 3) and result.out == "" and result.err.count("\n") == 1
    assert not (bare.home / ".captchaai").exists()


def test_keys_set_with_stdin_closed(bare):
    done = subprocess.run([PROGRAM, "keys", "set"], env=bare.environment({}), cwd=bare.work, capture_output=True,
                          preexec_fn=lambda: os.close(0), timeout=PATIENCE)
    assert done.returncode == 2 and b"stdin cannot be read" in done.stderr
