"""test_readme.py: the commands of the README, run as they stand there."""

import pathlib
import re
import subprocess

from conftest import PATIENCE
from sandbox_box import PNG, PROGRAM

README = pathlib.Path(__file__).resolve().parents[3] / "README.md"
BLOCKS = re.findall(r"^```sh\n(.*?)^```$", README.read_text(encoding="utf-8"), re.M | re.S)


def shell(run, script, stdin=""):
    (run.work / "build").mkdir(exist_ok=True)
    link = run.work / "build" / "keyplate"
    if not link.is_symlink():
        link.symlink_to(PROGRAM)
    done = subprocess.run(["sh", "-eu", "-c", script], input=stdin.encode(), capture_output=True, env=run.environment({}),
                          cwd=run.work, timeout=PATIENCE * 4)
    return run.judge(done.returncode, done.stdout, done.stderr)


def test_every_block_is_known():
    assert len(BLOCKS) == 3


def test_first_use(run, box):
    run.forget_keys()
    result = shell(run, BLOCKS[0], stdin=box.key + "\n")
    assert result.status == 0 and "is accepted by captchaai" in result.out and "sandbox-answer-" in result.out


def test_tasks(run):
    run.write("picture.png", PNG)
    result = shell(run, BLOCKS[1])
    assert result.status == 0 and "reported as good\n" in result.out and '{"answer":"sandbox-answer-' in result.out


def test_sandbox(bare):
    result = shell(bare, BLOCKS[2])
    assert result.status == 0 and '"cost_usd":"0.001"' in result.out


def test_inline_commands(bare):
    text = README.read_text(encoding="utf-8")
    assert bare("help", "methods").status == 0 and "`build/keyplate help methods`, `help config`, `help errors`" in text
    assert bare("keys", "explain").status == 3 and "`build/keyplate keys explain`" in text
