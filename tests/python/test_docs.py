"""test_docs.py: the examples of docstrings and of python/README.md run, and do what they say."""

import doctest
import importlib
import os
import pathlib
import re
import subprocess
import sys

import keyplate
import keyplate.logging
import pytest

OPTIONS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
README = pathlib.Path(__file__).parents[2] / "python" / "README.md"
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


def examples():
    return re.findall(r"^```python\n(.*?)^```", README.read_text(encoding="utf-8"), re.M | re.S)


@pytest.mark.parametrize("number", range(len(examples())))
def test_readme(box, number):
    done = subprocess.run([sys.executable, "-c", examples()[number]], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert box.key not in done.stdout + done.stderr


def test_the_command(box):
    command = os.environ["KEYPLATE"]
    env = {**os.environ, "PATH": f"{os.path.dirname(os.path.abspath(command))}:{os.environ['PATH']}"}
    done = subprocess.run([sys.executable, "-m", "keyplate", "balance"], capture_output=True, text=True, env=env, timeout=60)
    assert (done.returncode, done.stdout) == (0, "10\n"), done.stderr


def test_types(tmp_path):
    """mypy --strict has nothing to say, neither of the package nor of a program that uses it."""
    pytest.importorskip("mypy")
    program = tmp_path / "program.py"
    program.write_text(examples()[0] + "reveal_type(client.submit('a'))\nreveal_type(client.result('a'))\n")
    package = README.parent / "keyplate"
    done = subprocess.run([sys.executable, "-m", "mypy", "--strict", f"--cache-dir={tmp_path}/cache", str(package), str(program)],
                          capture_output=True, text=True, env={**os.environ, "MYPYPATH": str(package.parent)}, cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert 'is "keyplate._types.Task"' in done.stdout and "keyplate._types.Solution | None" in done.stdout.replace(
        "Union[keyplate._types.Solution, None]", "keyplate._types.Solution | None")
