#!/usr/bin/env python3
"""Measures keyplate beside its peers in one run and compares with the targets.

    bench.py [BUILD_FOLDER]

Prints the machine, the versions and a row for each target; writes the same as JSON to BUILD_FOLDER/bench.json.
Instructions are counted by callgrind as the difference between a long and a short run of the same program, so that
start and end do not count. Rates are medians of interleaved rounds."""

import json
import os
import platform
import re
import statistics
import subprocess
import sys
import tempfile

BUILD = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else "build")
SHORT, LONG = 20, 120
ROUNDS = 3


class Sandbox:
    """keyplate sandbox with a rich account, and what it printed."""

    def __init__(self, folder, *options):
        self.process = subprocess.Popen(
            [f"{BUILD}/keyplate", "sandbox", "--listen", "127.0.0.1:0", "--balance", "100000000", *options],
            stdout=subprocess.PIPE, text=True, cwd=folder,
            env={"PATH": os.environ["PATH"], "HOME": folder, "TMPDIR": folder})
        self.url = self.process.stdout.readline().split()[-1]
        self.key_file = self.process.stdout.readline().rstrip("\n").removeprefix("key file ")

    def close(self):
        self.process.terminate()
        self.process.wait()


def instructions(mode, count, sandbox, folder):
    """Instructions of the whole program calls.c with that many calls."""
    out = os.path.join(folder, "callgrind.out")
    subprocess.run(["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}", "--quiet",
                    f"{BUILD}/tests/bench_calls", mode, str(count), sandbox.url, sandbox.key_file],
                   check=True, capture_output=True)
    with open(out, encoding="ascii", errors="replace") as file:
        for line in file:
            if line.startswith(("summary:", "totals:")):
                return int(line.split()[1])
    raise SystemExit("callgrind wrote no total")


def per_call(mode, sandbox, folder):
    short = instructions(mode, SHORT, sandbox, folder)
    return (instructions(mode, LONG, sandbox, folder) - short) / (LONG - SHORT)


def sandbox_rate(sandbox):
    """Requests a second over 50 kept connections on two cores, by wrk."""
    with open(sandbox.key_file, encoding="ascii") as file:
        key = file.read().strip()
    # The key is one of the sandbox's own, made for this run.
    script = os.path.join(os.path.dirname(sandbox.key_file), "wrk.lua")
    with open(script, "w", encoding="ascii") as file:
        file.write(f'wrk.path = "/res.php?key={key}&action=getbalance"\n')
    done = subprocess.run(["wrk", "-t1", "-c50", "-d3s", "-s", script, sandbox.url], check=True, capture_output=True,
                          text=True)
    os.unlink(script)
    return float(re.search(r"Requests/sec:\s+([0-9.]+)", done.stdout).group(1))


def version(*command):
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError:
        return "not there"
    return (done.stdout + done.stderr).split("\n")[0]


def cpu():
    with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as file:
        names = [line.split(":")[1].strip() for line in file if line.startswith("model name")]
    return f"{names[0] if names else platform.machine()} x {os.cpu_count()}"


def main():
    rows = []

    def row(name, figure, unit, target, kept, anchor):
        rows.append({"name": name, "figure": round(figure, 3), "unit": unit, "target": target,
                     "verdict": "reached" if kept else "missed", "beside": anchor})

    with tempfile.TemporaryDirectory(prefix="keyplate-bench.") as folder:
        sandbox = Sandbox(folder)
        try:
            plain_post, own_post = (per_call(m, sandbox, folder) for m in ("curl-post", "keyplate-submit"))
            plain_get, own_get = (per_call(m, sandbox, folder) for m in ("curl-get", "keyplate-poll"))
            rate = statistics.median(sandbox_rate(sandbox) for _ in range(ROUNDS))
        finally:
            sandbox.close()
    row("one submit, whole", own_post, "instructions", "<= 70000", own_post <= 70000,
        f"plain libcurl, POST: {plain_post:.0f}")
    row("one submit, beyond plain libcurl", own_post - plain_post, "instructions", "<= 3000",
        own_post - plain_post <= 3000, f"ratio {own_post / plain_post:.3f}")
    row("one free call (GET), whole", own_get, "instructions", "<= 80000", own_get <= 80000,
        f"plain libcurl, GET: {plain_get:.0f}")
    row("sandbox, 50 kept connections", rate, "requests/s", ">= 100000", rate >= 100000, version("wrk", "-v"))
    machine = {"machine": cpu(), "system": platform.platform(), "keyplate": version(f"{BUILD}/keyplate", "--version"),
               "curl": version("curl-config", "--version"), "valgrind": version("valgrind", "--version"),
               "rounds": ROUNDS}
    for name, value in machine.items():
        print(f"{name:9} {value}")
    print()
    for r in rows:
        print(f"{r['name']:34} {r['figure']:>12.0f} {r['unit']:13} target {r['target']:10} {r['verdict']:8} ({r['beside']})")
    with open(f"{BUILD}/bench.json", "w", encoding="utf-8") as file:
        json.dump({"machine": machine, "rows": rows}, file, indent=1)
    print(f"\nwritten to {BUILD}/bench.json")


if __name__ == "__main__":
    main()
