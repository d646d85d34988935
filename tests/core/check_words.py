#!/usr/bin/env python3
"""check_words.py: looks through all files of the project for what must not be there: keys, unfinished marks, long files."""
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
LONGEST = 450
# What looks like a key: exactly 32 hex digits. Published test vectors have them too.
HEX = re.compile(r"(?<![0-9A-Za-z])(?:[0-9a-f]{32}|[0-9A-F]{32})(?![0-9A-Za-z])")
HEX_ALLOWED = re.compile(r"^tests/.*vectors|\.svg$")
UNFINISHED = re.compile(r"\b(%s)\b" % "|".join(["TO" + "DO", "FIX" + "ME", "X" + "XX", "HA" + "CK"]))
MEASURED = re.compile(r"^(core|tests)/.*\.[ch]$|^(lua|bindings)/.*\.(c|h|i|lua)$|^python/.*\.py$")
DATA = re.compile(r"/(cases|corpus|vectors)/|/arginfo\.h$")  # or generated
SOURCE = re.compile(r"^(core|lua|tests)/.*\.[ch]$")


def files():
    """What git tracks or would track; without git, all files but those of a build."""
    try:
        out = subprocess.run(["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                             check=True, capture_output=True).stdout
        names = [name.decode("utf-8", "surrogateescape") for name in out.split(b"\0") if name]
    except (OSError, subprocess.CalledProcessError):
        paths = (path.relative_to(ROOT) for path in ROOT.rglob("*"))
        names = [str(path) for path in paths if not re.match(r"build(-\w+)?$|\.git$", path.parts[0])]
    return sorted(name for name in set(names) if (ROOT / name).is_file())


def look(name):
    """Yields one sentence for each thing that is wrong with a file."""
    data = (ROOT / name).read_bytes()
    if b"\0" in data:
        return
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        if not DATA.search(name):
            yield f"{name}: is not UTF-8"
        text = data.decode("latin-1")
    lines = text.splitlines()
    for number, line in enumerate(lines, 1):
        if HEX.search(line) and not HEX_ALLOWED.search(name):
            yield f"{name}:{number}: looks like a key; make keys at run time"
        if UNFINISHED.search(line):
            yield f"{name}:{number}: an unfinished mark"
    if MEASURED.search(name) and not DATA.search(name) and len(lines) > LONGEST:
        yield f"{name}: {len(lines)} lines; at most {LONGEST}, and one duty each"
    if SOURCE.search(name) and not text.startswith(f"/* {pathlib.PurePath(name).name}: "):
        yield f"{name}: must begin with /* {pathlib.PurePath(name).name}: and its one duty"
    if text and not text.endswith("\n") and not DATA.search(name):
        yield f"{name}: does not end with a line end"


def main():
    names = files()
    wrong = [sentence for name in names for sentence in look(name)]
    print("\n".join(wrong) or f"{len(names)} files are clean")
    return 1 if wrong or not names else 0


if __name__ == "__main__":
    sys.exit(main())
