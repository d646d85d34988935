"""test_docs.py: the examples of docstrings and of python/README.md run, and do what they say."""

import doctest
import importlib
import operator
import os
import pathlib
import re
import subprocess
import sys

import keyplate
import keyplate.logging
import pytest

OPTIONS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
ROOT = pathlib.Path(__file__).resolve().parents[2]
README, FROM_2CAPTCHA = ROOT / "python" / "README.md", ROOT / "bindings" / "coming-from-2captcha.md"
MODULES = sorted(path.stem for path in pathlib.Path(keyplate.__file__).parent.glob("*.py") if path.stem != "__main__")


def test_docstrings(box):
    count = 0
    for name in MODULES:
        module = keyplate if name == "__init__" else importlib.import_module(f"keyplate.{name}")
        finder = doctest.DocTestFinder(exclude_empty=True)
        # Classes say that they are of the package, wherever they are written.
        found = [test for test in finder.find(module, module=False) if test.name.startswith("keyplate")]
        space = {**vars(keyplate), **vars(keyplate.logging), **vars(module), "keyplate": keyplate}
        for test in found:
            test.globs = dict(space)
            result = doctest.DocTestRunner(optionflags=OPTIONS).run(test)
            assert result.failed == 0, test.name
            count += result.attempted
    assert count >= 15


def test_everything_public_has_a_docstring():
    for name in keyplate.__all__:
        thing = getattr(keyplate, name)
        assert thing.__doc__, name
        if isinstance(thing, type):
            for member, value in vars(thing).items():
                if callable(value) and not member.startswith("_"):
                    assert value.__doc__, f"{name}.{member}"


def examples(page=README):
    return re.findall(r"^```python\n(.*?)^```", page.read_text(encoding="utf-8"), re.M | re.S)


@pytest.mark.parametrize("number", range(len(examples())))
def test_readme(box, number):
    done = subprocess.run([sys.executable, "-c", examples()[number]], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert box.key not in done.stdout + done.stderr


def test_coming_from_2captcha(box):
    [example] = examples(FROM_2CAPTCHA)
    done = subprocess.run([sys.executable, "-c", example], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert re.fullmatch(r"10\nsandbox-answer-\d+ \d+\nsandbox-answer-\d+\n", done.stdout), done.stdout


def test_what_the_table_of_the_faces_names():
    lines = (ROOT / "bindings" / "README.md").read_text(encoding="utf-8").split("\n")
    first = lines.index("| | C | Lua | Python | PHP |")
    cells = " ".join(line.split("|")[4] for line in lines[first + 2:lines.index("", first)])
    methods, names = set(re.findall(r"`c\.(\w+)\(", cells)), set(re.findall(r"`keyplate\.([\w.]+)", cells))
    assert len(methods) >= 12 and [name for name in methods if not hasattr(keyplate.Client, name)] == []
    assert len(names) >= 7 and [name for name in names if not operator.attrgetter(name)(keyplate)] == []
    facts = set(re.findall(r"`\.(\w+)`", cells))
    assert len(facts) == 7 and [name for name in facts if not hasattr(keyplate.Error(), name)] == []


def test_the_command(box):
    command = os.environ["KEYPLATE"]
    env = {**os.environ, "PATH": f"{os.path.dirname(os.path.abspath(command))}:{os.environ['PATH']}"}
    done = subprocess.run([sys.executable, "-m", "keyplate", "balance"], capture_output=True, text=True, env=env, timeout=60)
    assert (done.returncode, done.stdout) == (0, "10\n"), done.stderr


def test_tools_that_import_every_module_run_no_command():
    """Such as pydoc, or collectors of tests."""
    import keyplate.__main__ as command

    assert callable(command.main)


def test_types(tmp_path):
    """mypy --strict has nothing to say, neither of the package nor of a program that uses it."""
    pytest.importorskip("mypy")
    program = tmp_path / "program.py"
    program.write_text(examples()[0] + """
class Own(keyplate.Client):
    def more(self) -> int:
        return 1
with Own() as own:
    own.more()
places: list[str] = ["env:A"]
keyplate.Client(keys=places)
reveal_type(client.submit('a'))
reveal_type(client.result('a'))
reveal_type(client.rotate("primary", timeout=5))
async def later() -> None:
    reveal_type(await keyplate.AsyncClient().verify(now=True))
    reveal_type(await keyplate.AsyncClient().rotate())
keyplate.Client(profile="dev", profiles={"dev": {"keys": [{"from": ["env:A"], "not_after": "2999-01-31"}]}}, ring={"age_fail": "0"})
""")
    package = README.parent / "keyplate"
    done = subprocess.run([sys.executable, "-m", "mypy", "--strict", f"--cache-dir={tmp_path}/cache", str(package), str(program)],
                          capture_output=True, text=True, env={**os.environ, "MYPYPATH": str(package.parent)}, cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert 'is "keyplate._types.Task"' in done.stdout and "keyplate._types.Solution | None" in done.stdout.replace(
        "Union[keyplate._types.Solution, None]", "keyplate._types.Solution | None")
    text = done.stdout.lower().replace("builtins.", "").replace("typing.", "")
    assert text.count('is "dict[str, str]"') == 2 and 'is "keyplate._types.balance"' in text, text
