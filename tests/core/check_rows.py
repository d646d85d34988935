#!/usr/bin/env python3
"""check_rows.py: proves that the rows of tests/README.md name the tests that bear their numbers, all of them and no others."""
import argparse
import pathlib
import re
import sys

TESTS = pathlib.Path(__file__).resolve().parents[1]
ROW = re.compile(r"^\| ([A-Z]\d+[a-z]?) \|(.*)\| (covered|partly|later) \|(.*)\|$", re.M)
# Rows that nobody may set back to "later".
HELD = [f"T{i}" for i in range(1, 15)] + [f"P{i}" for i in range(1, 8)] + [f"K{i}" for i in range(1, 8)] + ["K4b", "G6"]
C_TEST = re.compile(r"(?:cmocka_unit_test\w*|[A-Z_]*TEST|[A-Z_]*CASE)\(\s*(?:test_)?([a-z]\d+[a-z]?)_\w+")
LUA_TEST = re.compile(r"""\bit\(\s*["']([a-z]\d+[a-z]?)_\w+""")
PHP_TEST = re.compile(r"""\btest\(\s*["']([a-z]\d+[a-z]?)_\w+""")
PYTHON_TEST = re.compile(r"^\s*(?:async )?def test_([a-z]\d+[a-z]?)_\w+", re.M)


def tested():
    """From the number of a row, in lower case, to the files with a test of that number."""
    found = {}
    for path in sorted(TESTS.rglob("*")):
        pattern = {".c": C_TEST, ".lua": LUA_TEST, ".phpt": PHP_TEST, ".py": PYTHON_TEST}.get(path.suffix)
        if pattern is not None:
            for number in pattern.findall(path.read_text(encoding="utf-8")):
                found.setdefault(number, set()).add(str(path.relative_to(TESTS)))
    return found


def write(page, found):
    """Puts the files that are there into the last column; what has tests is no longer "later"."""
    def row(match):
        number, meaning, state, _ = match.groups()
        where = ", ".join(f"`{name}`" for name in sorted(found.get(number.lower(), ())))
        state = "partly" if state == "later" and where else state
        return f"| {number} |{meaning}| {state} | {where} |"
    page.write_text(ROW.sub(row, page.read_text(encoding="utf-8")), encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="bring the table up to date")
    args = parser.parse_args()
    page = TESTS / "README.md"
    found = tested()
    if args.write:
        write(page, found)
    rows = {number: (state, set(re.findall(r"`([^`]+)`", where)))
            for number, _, state, where in ROW.findall(page.read_text(encoding="utf-8"))}
    wrong = [f"{number}: has no row" for number in HELD if number not in rows]
    for number, (state, where) in rows.items():
        have = found.get(number.lower(), set())
        if state == "later":
            if number in HELD:
                wrong.append(f"{number}: must be covered")
            if have:
                wrong.append(f"{number}: has tests in {', '.join(sorted(have))}, but is marked as later")
        elif not have:
            wrong.append(f"{number}: no test is named {number.lower()}_…")
        elif have != where:
            wrong.append(f"{number}: the tests are in {', '.join(sorted(have))}, the row names {', '.join(sorted(where)) or 'none'}")
    for number in sorted(set(found) - {number.lower() for number in rows}):
        wrong.append(f"{number}: {', '.join(sorted(found[number]))} test a row that is not in tests/README.md")
    print("\n".join(wrong) or f"{len(rows)} rows are as tests/README.md says")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
