"""test_readme.py: the examples of bindings/php/README.md and of bindings/coming-from-2captcha.md run, and do what they say;
what bindings/README.md names of C, Lua and PHP is there."""

import pathlib
import re

import pytest

BINDINGS = pathlib.Path(__file__).resolve().parents[2] / "bindings"


def examples(page):
    return re.findall(r"^```php\n(.*?)^```$", (BINDINGS / page).read_text(encoding="utf-8"), re.M | re.S)


EXAMPLES = examples("php/README.md")
# What each prints, in the order of the page.
PRINTED = [
    r"sandbox-answer-\d+\n",
    r"sandbox-answer-\d+ captchaai/primary~[0-9a-f]{8}/\d+ \*\*\*[0-9a-f]{4}\n9\.999\n",
    r"0\.001\nbudget_spent usd_per_24h of client_id:team-a 0\.0005 later\n"
    r"all usd_per_day 0(?:\.001 4\.999| 5)\nall per_minute \d+ \d+\nclient_id:team-a usd_per_24h 0\.001 0\.0005\nthe bill is too high\n",
    r"",
    r"\*\*\*[0-9a-f]{4}\nprimary \*\*\*[0-9a-f]{4} current 0  stays\n(?:[a-z0-9]+  absent   stays\n)*",
    r"2s\n",
    r"GET /res\.php\?key=\[REDACTED\]&id=7\ninfo keyplate\.key_proven .+\ninfo keyplate\.balance .+\n",
]


@pytest.fixture
def at_the_box(php, box):
    """The environment leads to the sandbox."""
    for name in ("CAPTCHAAI", "NOCAPTCHAAI"):
        php.env.update({f"{name}_URL": php.env["KP_BOX"], f"{name}_API_KEY_FILE": php.env["KP_BOX_KEY"]})
    php.env.update(KEYPLATE_POLL_FIRST="50ms", KEYPLATE_POLL_EVERY="50ms")
    return php


def test_every_example_is_known():
    assert len(EXAMPLES) == len(PRINTED)


@pytest.mark.parametrize("number", range(len(PRINTED)))
def test_readme(at_the_box, number):
    printed = at_the_box(EXAMPLES[number])
    assert re.fullmatch(PRINTED[number], printed), printed


def test_coming_from_2captcha(at_the_box):
    [example] = examples("coming-from-2captcha.md")
    printed = at_the_box(example)
    assert re.fullmatch(r"10\nsandbox-answer-\d+ \d+\nsandbox-answer-\d+\n", printed), printed


def column(name):
    """The cells of one face in the table of bindings/README.md."""
    lines = (BINDINGS / "README.md").read_text(encoding="utf-8").split("\n")
    first = lines.index("| | C | Lua | Python | PHP |")
    wanted = lines[first].split("|").index(f" {name} ")
    rows = [line.split("|") for line in lines[first + 2:lines.index("", first)]]
    return "\n".join(row[wanted] for row in rows)


def test_faces_c_and_lua():
    headers = "".join(path.read_text() for path in (BINDINGS.parent / "core" / "include").glob("*.h"))
    names = set(re.findall(r"\b(?:kp_[a-z]+(?:_[a-z]+)*|KP_[A-Z]+)\b", column("C"))) - {"kp_redactor"}
    assert len(names) > 25 and [name for name in names if not re.search(rf"\b{name}\b", headers)] == []
    modules = "".join(path.read_text() for path in (BINDINGS.parent / "lua").glob("*.c"))
    names = set(re.findall(r"(?:keyplate\.|c:)([a-z_]+)", column("Lua")))
    assert len(names) > 12 and [name for name in names if f'{{"{name}", ' not in modules] == []


def test_faces_php(php):
    cells = column("PHP")
    methods, functions = set(re.findall(r"->([a-zA-Z]+)\(", cells)), set(re.findall(r"Keyplate\\[a-z]+", cells))
    getters, classes = set(re.findall(r"`((?:get|is)[A-Z][a-zA-Z]+)\(\)", cells)), set(re.findall(r"Keyplate\\[A-Z][\\a-zA-Z]+\b(?!\\)", cells))
    assert len(methods) >= 12 and len(functions) == 3 and len(getters) == 7 and len(classes) >= 3
    tests = [f"method_exists('Keyplate\\Client', '{name}')" for name in methods]
    tests += [f"method_exists('Keyplate\\Exception\\Exception', '{name}')" for name in getters]
    tests += [f"function_exists('{name}')" for name in functions]
    tests += [f"class_exists('{name}') || interface_exists('{name}')" for name in classes if not name.startswith("Keyplate\\Raw")]
    printed = php("<?php\n" + "".join(f"if (!({test})) echo {test!r}, 'is not there';\n" for test in tests))
    assert printed == ""
