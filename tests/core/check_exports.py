#!/usr/bin/env python3
"""check_exports.py: proves that the shared libraries export what the public headers declare, nothing less, nothing else."""
import argparse
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
DECLARED = re.compile(r"^KP_API\b[^;(]*?\b(kp_\w+)\s*\(", re.M)
NET_BEGINS = "/* ---- keyplate: libcurl ---- */"


def declared():
    """The names that keyplate-core and keyplate must export."""
    engine = (ROOT / "core/include/keyplate.h").read_text(encoding="utf-8")
    run = (ROOT / "core/include/keyplate_run.h").read_text(encoding="utf-8")
    local, mark, net = run.partition(NET_BEGINS)
    if not mark:
        sys.exit(f"keyplate_run.h lacks the line {NET_BEGINS}")
    core = set(DECLARED.findall(engine)) | set(DECLARED.findall(local))
    return {"core": core, "net": core | set(DECLARED.findall(net))}


def exported(nm, path):
    out = subprocess.run([nm, "-D", "--defined-only", path], check=True, capture_output=True, text=True).stdout
    rows = [line.split() for line in out.splitlines()]
    return {row[-1].split("@")[0] for row in rows if row[-2] != "A"}


def soname(path):
    out = subprocess.run(["readelf", "-d", path], check=True, capture_output=True, text=True).stdout
    found = re.search(r"\(SONAME\).*\[(.*)\]", out)
    needed = re.findall(r"\(NEEDED\).*\[(.*)\]", out)
    return (found.group(1) if found else ""), needed


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nm", default="nm")
    parser.add_argument("--soversion", required=True)
    parser.add_argument("libraries", nargs="+", help="core=PATH or net=PATH")
    args = parser.parse_args()
    wrong = []
    want = declared()
    for word in args.libraries:
        kind, path = word.split("=", 1)
        stem = {"core": "libkeyplate-core", "net": "libkeyplate"}[kind]
        have = exported(args.nm, path)
        wrong += [f"{stem} lacks {name}" for name in sorted(want[kind] - have)]
        wrong += [f"{stem} exports {name}, which no public header declares" for name in sorted(have - want[kind])]
        name, needed = soname(path)
        if name != f"{stem}.so.{args.soversion}":
            wrong.append(f"the SONAME of {pathlib.Path(path).name} is {name}, not {stem}.so.{args.soversion}")
        if kind == "core" and any("curl" in lib for lib in needed):
            wrong.append(f"{stem} needs libcurl")
    print("\n".join(wrong) or "only the public headers' names are exported")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
