"""test_examples.py: the folder of the examples as a whole, and the reader of YAML that their tests use."""

import re
import shutil
import subprocess

import pytest

from conftest import EXAMPLES, PATIENCE
from yaml_subset import Unreadable, read

YAML = sorted([*EXAMPLES.glob("*.yaml"), *EXAMPLES.glob("*.yml")])


def test_the_readme_knows_every_example():
    named = set(re.findall(r"\]\((\w[\w.-]*)\)", (EXAMPLES / "README.md").read_text(encoding="utf-8")))
    assert named == {path.name for path in EXAMPLES.iterdir()} - {"README.md"}


@pytest.mark.parametrize("path", YAML, ids=lambda path: path.name)
def test_the_reader_reads_what_yaml_says(path):
    yaml = pytest.importorskip("yaml", reason="there is no PyYAML: the tests' own reader beside it")
    assert read(path) == yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)


@pytest.mark.parametrize("text", ["a: &b c\n", "a: [b]\n", "a: b\n  c: d\n", "a: b\na: c\n", "a: >\n  b\n", "\ta: b\n", "a: 'b''c'\n"])
def test_the_reader_refuses_what_it_does_not_know(tmp_path, text):
    path = tmp_path / "text.yaml"
    path.write_text(text)
    with pytest.raises(Unreadable):
        read(path)


def test_shellcheck():
    if not shutil.which("shellcheck"):
        pytest.skip("there is no shellcheck: the script of the examples")
    scripts = sorted(map(str, EXAMPLES.glob("*.sh")))
    done = subprocess.run(["shellcheck", *scripts], capture_output=True, text=True, timeout=PATIENCE)
    assert scripts and done.returncode == 0, done.stdout
