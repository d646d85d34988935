#!/usr/bin/env python3
"""check_versions.py: compiles the PHP extension against every PHP whose php-config is found, with threads (ZTS) and without.

The compiler looks at the sources and makes nothing: no other PHP is needed than its headers. What is found: php-config* on PATH,
and what PHP_CONFIGS lists, separated by colons. Headers without ZTS are read with it too: what they declare then is the same.
"""
import argparse
import concurrent.futures
import os
import pathlib
import subprocess
import sys

TOP = pathlib.Path(__file__).resolve().parents[2]
FLAGS = ["-fsyntax-only", "-std=gnu11", "-D_GNU_SOURCE", "-DCOMPILE_DL_KEYPLATE", "-DZEND_ENABLE_STATIC_TSRMLS_CACHE=1", "-Werror"]
WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Wno-unused-parameter"]
OURS = [TOP / "bindings/php", TOP / "bindings", TOP / "core/include"]
THEIRS = ["", "main", "TSRM", "Zend", "ext"]


def configs():
    """The php-config programs, each PHP once: their include folders."""
    found = [pathlib.Path(name) for name in os.environ.get("PHP_CONFIGS", "").split(":") if name]
    for folder in os.environ.get("PATH", "").split(":"):
        found += sorted(pathlib.Path(folder or ".").glob("php-config*"))
    folders = {}
    for config in found:
        asked = [subprocess.run([config, option], capture_output=True, text=True).stdout.strip()
                 for option in ("--include-dir", "--version")]
        if (pathlib.Path(asked[0]) / "main/php.h").exists():
            folders[asked[0]] = asked[1]
    return folders


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cc", default="cc")
    parser.add_argument("--generated", required=True, help="the folder of raw_wrap.c")
    args = parser.parse_args()
    sources = sorted((TOP / "bindings/php/face").glob("*.c")) + [TOP / "bindings/handle.c"]
    jobs = []
    for folder, version in configs().items():
        system = [word for name in THEIRS for word in ("-isystem", f"{folder}/{name}")]
        for threads in ([], ["-DZTS=1"]):
            if threads and "#define ZTS 1" in subprocess.run([args.cc, "-E", "-dM", *system, "-include", "php.h", "-xc", os.devnull],
                                                             capture_output=True, text=True).stdout:
                continue  # It has threads by itself.
            for source in sources:
                # SWIG's warnings are not ours.
                warnings = ["-w"] if source.name == "generated.c" else WARNINGS
                words = [args.cc, *FLAGS, *warnings, *threads, *(f"-I{path}" for path in (*OURS, args.generated)), *system, source]
                jobs.append((f"PHP {version} {' '.join(threads)} {source.name}", words))
    if not jobs:
        sys.exit("no php-config was found")
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        done = list(pool.map(lambda job: subprocess.run(job[1], capture_output=True, text=True), jobs))
    failed = [f"{name}\n{one.stderr}" for (name, _), one in zip(jobs, done) if one.returncode != 0]
    print("\n".join(failed) or f"{len(jobs)} compilations, PHP {' '.join(sorted(set(configs().values())))}: clean")
    sys.exit(bool(failed))


if __name__ == "__main__":
    main()
