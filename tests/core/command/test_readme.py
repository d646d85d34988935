"""test_readme.py: the commands of the README, run as they stand there."""

import pathlib
import re
import shutil
import subprocess
import sys

import pytest

from conftest import PATIENCE, SANITIZED
from sandbox_box import PNG, PROGRAM
from test_fleet import REDIS, redis  # noqa: F401

README = pathlib.Path(__file__).resolve().parents[3] / "README.md"
BLOCKS = re.findall(r"^```sh\n(.*?)^```$", README.read_text(encoding="utf-8"), re.M | re.S)
LUA_BLOCKS = re.findall(r"^```lua\n(.*?)^```$", README.read_text(encoding="utf-8"), re.M | re.S)
PYTHON_BLOCKS = re.findall(r"^```python\n(.*?)^```$", README.read_text(encoding="utf-8"), re.M | re.S)
PHP_BLOCKS = re.findall(r"^```php\n(.*?)^```$", README.read_text(encoding="utf-8"), re.M | re.S)
BUILD = pathlib.Path(PROGRAM).parent
LUA_MODULES = BUILD / "lua"


def shell(run, script, stdin=""):
    (run.work / "build").mkdir(exist_ok=True)
    link = run.work / "build" / "keyplate"
    if not link.is_symlink():
        link.symlink_to(PROGRAM)
    done = subprocess.run(["sh", "-eu", "-c", script], input=stdin.encode(), capture_output=True, env=run.environment({}),
                          cwd=run.work, timeout=PATIENCE * 4)
    return run.judge(done.returncode, done.stdout, done.stderr)


def test_every_block_is_known():
    assert len(BLOCKS) == 6 and len(LUA_BLOCKS) == len(PYTHON_BLOCKS) == len(PHP_BLOCKS) == 1


def test_first_use(run, box):
    run.forget_keys()
    result = shell(run, BLOCKS[0], stdin=box.key + "\n")
    assert result.status == 0 and "is accepted by captchaai" in result.out and "sandbox-answer-" in result.out


def test_tasks(run):
    run.write("picture.png", PNG)
    result = shell(run, BLOCKS[1])
    assert result.status == 0 and "reported as good\n" in result.out and '{"answer":"sandbox-answer-' in result.out


def test_redact(run, box):
    """The key that the command knows, and one that only its context tells."""
    other = run.new_key()
    pathlib.Path(run.write("my-program", f"#!/bin/sh\necho 'using {box.key} now'\necho 'apikey: {other}' >&2\n")).chmod(0o700)
    assert shell(run, BLOCKS[2]).status == 0
    lines = (run.work / "app.log").read_text().splitlines()
    assert sorted(lines) == ["apikey: [REDACTED]", "using [REDACTED] now"]


def test_a_cap_on_what_is_spent(run):
    result = shell(run, BLOCKS[3])
    assert result.status == 0 and result.out.startswith("sandbox-answer-")
    assert re.search(r"^all +usd_per_day +\$5 +\$0.0005 +\$4.9995 ", result.out, re.M), result


@pytest.mark.skipif(REDIS is None, reason="there is no redis-server on this machine")
def test_a_cap_over_three_machines(run, redis):
    """Three homes are three machines; each spends as the block before says."""
    script = BLOCKS[3] + BLOCKS[4].replace("redis.example.net", f"127.0.0.1:{redis.port}")
    assert str(redis.port) in script
    for number in range(3):
        home = run.folder / f"machine{number}"
        home.mkdir()
        run.env.update(HOME=str(home), KEYPLATE_STATE_DIR=str(home / "state"), KEYPLATE_REDIS_PASSWORD="env:WORD", WORD=redis.password)
        result = shell(run, script)
        assert result.status == 0 and "paid calls are paused for 1 h\npaid calls go on\n" in result.out, result
        assert shell(run, "build/keyplate submit turnstile sitekey=a pageurl=https://example.com/").status == 0
    shown = shell(run, "build/keyplate limits").out
    assert re.search(r"^all +usd_per_day +\$5 +\$0.0015 +\$4.9985 ", shown, re.M), shown


def with_both_keys(run, words, program, **changes):
    """Runs an example with the right key and with a wrong one: the answer and its task; the error and its class."""
    for key_file, expected in ((None, "sandbox-answer-"), (run.write("wrong", run.new_key()), "ERROR_KEY_DOES_NOT_EXIST: ")):
        env = run.environment({**changes, **({"CAPTCHAAI_API_KEY_FILE": key_file} if key_file else {})})
        done = subprocess.run(words, input=program.encode(), capture_output=True, env=env, cwd=run.work, timeout=PATIENCE * 4)
        result = run.judge(done.returncode, done.stdout, done.stderr)
        assert result.status == 0 and result.err == "" and result.out.startswith(expected), result
        assert result.out.splitlines()[1].startswith("key" if key_file else "captchaai/primary~"), result


@pytest.mark.parametrize("variant, interpreter", [("5.4", "lua5.4"), ("luajit", "luajit")])
def test_lua(run, variant, interpreter):
    modules = LUA_MODULES / variant
    if SANITIZED or not (modules / "keyplate.so").exists() or not shutil.which(interpreter):
        pytest.skip("there is no such Lua, no module for it, or the module needs a sanitized interpreter")
    with_both_keys(run, [interpreter, "-"], LUA_BLOCKS[0], LUA_CPATH=f"{modules}/?.so")


def test_python(run):
    if SANITIZED or not list(BUILD.glob(f"python/keyplate/_raw.{sys.implementation.cache_tag}*.so")):
        pytest.skip("there is no package for this Python, or it needs a sanitized interpreter")
    with_both_keys(run, [sys.executable, "-B", "-"], PYTHON_BLOCKS[0], PYTHONPATH=str(BUILD / "python"))


def test_php(run):
    extension = BUILD / "php" / "keyplate.so"
    if SANITIZED or not extension.exists() or not shutil.which("php"):
        pytest.skip("there is no PHP, no extension for it, or the extension needs a sanitized interpreter")
    with_both_keys(run, ["php", "-n", "-d", f"extension={extension}"], PHP_BLOCKS[0])


def test_demo(run):
    """What `make demo` shows, of all languages; no key is in it."""
    made = [BUILD / "lua/5.4/keyplate.so", BUILD / "lua/luajit/keyplate.so", BUILD / "php/keyplate.so", *BUILD.glob("python/keyplate/_raw.*.so")]
    if SANITIZED or len(made) < 4 or not all(path.exists() for path in made):
        pytest.skip("not all languages were built, or they need sanitized interpreters")
    done = subprocess.run(["sh", str(README.parent / "core/app/demo.sh"), PROGRAM], capture_output=True, timeout=PATIENCE * 4,
                          env=run.environment({}), cwd=run.work)
    result = run.judge(done.returncode, done.stdout, done.stderr)
    assert result.status == 0 and result.err == "", result
    assert not re.search(r"[0-9a-f]{32}", result.out)
    for shown in ("log      INFO root: GET /res.php?key=[REDACTED]&", "redacted GET /res.php?key=[REDACTED]&", "result   None\n", "result   NULL\n"):
        assert shown in result.out, shown
    assert len(re.findall(r"^refused  key_cooling \(key\): ", result.out, re.M)) == 2


def test_sandbox(bare):
    result = shell(bare, BLOCKS[5])
    assert result.status == 0 and '"cost_usd":"0.001"' in result.out


def test_inline_commands(bare):
    text = README.read_text(encoding="utf-8")
    assert bare("help", "methods").status == 0 and "`build/keyplate help methods`, `help config`, `help errors`" in text
    assert bare("keys", "explain").status == 3 and "`build/keyplate keys explain`" in text
