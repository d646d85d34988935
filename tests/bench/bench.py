#!/usr/bin/env python3
"""Measures keyplate beside its peers in one run and compares with the targets.

    bench.py [BUILD_FOLDER]

Prints the machine, the versions and a row for each target; writes the same as JSON to BUILD_FOLDER/bench.json.
Instructions are counted by callgrind as the difference between a long and a short run of the same program, so that
start and end do not count. Rates are medians of interleaved rounds. What is not built or not installed is told, and its
rows have no figure."""

import json
import os
import pathlib
import platform
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time

BUILD = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else "build")
HERE = pathlib.Path(__file__).resolve().parent
SHORT, LONG = 20, 120
ROUNDS = 3
STARTS = 15
PYTHON_PATH = f"{BUILD}/python"
PHP_EXTENSION = f"{BUILD}/php/keyplate.so"


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


def environment(folder):
    """For the programs that are measured: the same each time, and nothing of the user's own."""
    return {"PATH": os.environ["PATH"], "HOME": folder, "TMPDIR": folder, "KEYPLATE_STATE_DIR": folder,
            "PYTHONPATH": PYTHON_PATH, "PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1"}


def works(*command):
    try:
        done = subprocess.run(command, capture_output=True, check=False, env={**os.environ, "PYTHONPATH": PYTHON_PATH})
    except OSError:
        return False
    return done.returncode == 0


def find_python():
    """The interpreter that the package was built for; None if there is none."""
    return next((name for name in ("/usr/bin/python3", sys.executable) if works(name, "-c", "import keyplate")), None)


def find_php():
    """The words that run PHP with the extension; None if there is none."""
    for name in ("php", "php8.4", "php8.3", "php8.2", "php8.1"):
        words = [name, "-n", "-d", f"extension={PHP_EXTENSION}"]
        if os.path.exists(PHP_EXTENSION) and works(*words, "-r", "new Keyplate\\Redactor;"):
            return words
    return None


class Programs:
    """The commands of what is measured, by name; None for what is not built or not installed."""

    def __init__(self):
        calls = f"{BUILD}/tests/bench_calls"
        self.python, self.php = find_python(), find_php()
        self.requests = self.python and version_of(self.python, "-c", "import requests; print(requests.__version__)")
        curl = [self.php[0], "-n", "-d", "extension=curl"] if self.php else None
        self.php_curl = curl and version_of(*curl, "-r", "echo phpversion(), ' with libcurl ', curl_version()['version'];")
        self.commands = {mode: [calls, mode] for mode in ("keyplate-submit", "keyplate-poll", "curl-post", "curl-get")}
        self.commands["python"] = self.python and [self.python, str(HERE / "calls.py"), "keyplate"]
        self.commands["requests"] = self.requests and [self.python, str(HERE / "calls.py"), "requests"]
        self.commands["php"] = self.php and [*self.php, str(HERE / "calls.php"), "keyplate"]
        self.commands["php-curl"] = self.php_curl and [*curl, str(HERE / "calls.php"), "curl"]


def instructions(command, count, sandbox, folder):
    """Instructions of the whole program with that many calls."""
    out = os.path.join(folder, "callgrind.out")
    subprocess.run(["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}", "--quiet",
                    *command, str(count), sandbox.url, sandbox.key_file],
                   check=True, capture_output=True, env=environment(folder))
    with open(out, encoding="ascii", errors="replace") as file:
        for line in file:
            if line.startswith(("summary:", "totals:")):
                return int(line.split()[1])
    raise SystemExit("callgrind wrote no total")


def per_call(command, sandbox, folder):
    """Instructions of one call; None for a program that is not there."""
    if not command:
        return None
    short = instructions(command, SHORT, sandbox, folder)
    return (instructions(command, LONG, sandbox, folder) - short) / (LONG - SHORT)


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


def lines(programs, sandbox, folder):
    """Nanoseconds for one log line, by kind and way; None without Python."""
    if not programs.python:
        return None
    done = subprocess.run([programs.python, str(HERE / "lines.py"), sandbox.key_file], check=True, capture_output=True,
                          text=True, env=environment(folder))
    return json.loads(done.stdout)


def start_ratio(programs, folder):
    """Time to import keyplate over that to import requests, without the start of Python itself; None if one is missing."""
    if not programs.requests:
        return None
    taken = {"pass": [], "import keyplate": [], "import requests": []}
    for _ in range(STARTS):
        for statement, all_of in taken.items():
            start = time.perf_counter_ns()
            subprocess.run([programs.python, "-c", statement], check=True, env=environment(folder))
            all_of.append(time.perf_counter_ns() - start)
    bare, ours, theirs = (statistics.median(all_of) for all_of in taken.values())
    return (ours - bare) / (theirs - bare)


def redis_times(folder):
    """Microseconds of PING over a bare socket, PING the way the store asks, and four admits; None without a server."""
    server, program = shutil.which("redis-server"), f"{BUILD}/tests/bench_redis"
    if not server or not os.path.exists(program):
        return None
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = [server, "--bind", "127.0.0.1", "--port", str(port), "--save", "", "--appendonly", "no", "--dir", folder]
    with subprocess.Popen(words, stdout=subprocess.DEVNULL) as process:
        try:
            while subprocess.run([program, str(port), "1"], check=False, capture_output=True).returncode != 0:
                if process.poll() is not None:
                    return None
                time.sleep(0.02)
            rounds = [subprocess.run([program, str(port), "2000"], check=True, capture_output=True, text=True,
                                     env=environment(folder)).stdout.split() for _ in range(ROUNDS)]
        finally:
            process.terminate()
    return [statistics.median(map(float, column)) for column in zip(*rounds)]


def redis_rows(rows, taken):
    """One admit in Redis beside a PING over a connection of the same kind."""
    bare, ping, *admits = taken or [None] * 6
    beside = "no redis-server" if taken is None else f"PING {ping:.0f} us, {bare:.0f} us over a bare socket"
    for name, figure in zip(("2 gates", "1 gate, 1 rate", "2 gates, 3 rates",
                             "2 gates, 3 rates, 2 budgets, 1 slot"), admits):
        rows.add(f"Redis: one admit, {name}, over PING", ratio(figure, ping), "times", "<= 1.4", beside)


def audit_times(folder):
    """Nanoseconds of a sealed line and of the bare system calls, medians; seconds to verify a million records. None if
    it is not built."""
    program, records = f"{BUILD}/tests/bench_audit", 200000
    if not os.path.exists(program):
        return None
    rounds = []
    for _ in range(ROUNDS):
        done = subprocess.run([program, os.path.join(folder, "audit.jsonl"), "20000"], check=True, capture_output=True,
                              text=True, env=environment(folder))
        rounds.append(json.loads(done.stdout))
    path = os.path.join(folder, "long.jsonl")
    subprocess.run([program, path, str(records)], check=True, capture_output=True, env=environment(folder))
    taken = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        subprocess.run([f"{BUILD}/keyplate", "audit", "verify", path], check=True, capture_output=True,
                       env=environment(folder))
        taken.append((time.perf_counter() - start) * 1000000 / records)
    return {**{name: {figure: statistics.median(one[name][figure] for one in rounds) for figure in ("median", "mean")}
               for name in ("line", "bare")}, "verify": statistics.median(taken)}


def audit_rows(rows, taken):
    """A line of the record, sealed and appended without fsync, beside the system calls that it cannot do without."""
    line, bare = (taken["line"], taken["bare"]) if taken else ({}, {})
    beside = "not built" if taken is None else f"{line['median']:.0f} ns; the bare system calls: {bare['median']:.0f} ns"
    rows.add("audit line, chained, appended", ratio(line.get("median"), 1000), "us", "<= 5", beside)
    rows.add("audit lines a second", ratio(1e9, line.get("mean")), "lines/s", ">= 100000", "mean, one writer")
    rows.add("audit verify, a million records", taken and taken["verify"], "s", "<= 10", "from 200,000 records")


def version_of(*command):
    """The first line that it prints; None if it fails."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError:
        return None
    return done.stdout.split("\n")[0] if done.returncode == 0 else None


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


class Rows:
    """What was measured, beside the targets."""

    def __init__(self):
        self.all = []

    def add(self, name, figure, unit, target, beside):
        """target: "<= N" or ">= N"; figure: None if it could not be measured."""
        sign, limit = target.split()
        kept = figure is not None and (figure <= float(limit) if sign == "<=" else figure >= float(limit))
        verdict = "not measured" if figure is None else "reached" if kept else "missed"
        self.all.append({"name": name, "figure": None if figure is None else round(figure, 3), "unit": unit,
                         "target": target, "verdict": verdict, "beside": beside})

    def print(self):
        for row in self.all:
            figure = row["figure"]
            shown = "-" if figure is None else f"{figure:.2f}" if row["unit"] == "times" else f"{figure:.0f}"
            print(f"{row['name']:42} {shown:>10} {row['unit']:13} target {row['target']:10} {row['verdict']:12} ({row['beside']})")


def ratio(one, other):
    return None if one is None or other is None else one / other


def count(value, missing):
    return missing if value is None else f"{value:.0f}"


def call_rows(rows, figures):
    """One call: in C beside plain libcurl; through Python and PHP beside C and the usual ways there."""
    own, plain = figures["keyplate-submit"], figures["curl-post"]
    rows.add("one submit, whole", own, "instructions", "<= 70000", f"plain libcurl, POST: {plain:.0f}")
    rows.add("one submit, beyond plain libcurl", own - plain, "instructions", "<= 3000", f"ratio {own / plain:.3f}")
    rows.add("one free call (GET), whole", figures["keyplate-poll"], "instructions", "<= 80000",
             f"plain libcurl, GET: {figures['curl-get']:.0f}")
    for name, mode, peer, label in (("Python", "python", "requests", "requests"), ("PHP", "php", "php-curl", "PHP's curl")):
        through, theirs = figures[mode], figures[peer]
        rows.add(f"one submit through {name}, over C", ratio(through, own), "times", "<= 1.15",
                 f"{name}: {count(through, 'not built')} instructions, C: {own:.0f}, {label}: {count(theirs, 'not installed')}")
    for name, mode in (("Python", "python"), ("PHP", "php")):
        rows.add(f"one submit by requests, over {name}", ratio(figures["requests"], figures[mode]), "times", ">= 8",
                 f"requests: {count(figures['requests'], 'not installed')} instructions")


def line_rows(rows, taken):
    """A log line of 200 bytes. The targets are those of a machine where re.sub takes 3,540 ns: 60 ns and 110 ns."""
    for kind, target in (("clean", ">= 59"), ("with a key", ">= 32")):
        ours, theirs = (taken[kind][way] for way in ("keyplate", "re.sub")) if taken else (None, None)
        beside = "not built" if taken is None else f"keyplate: {ours:.0f} ns, re.sub of 32 hex digits: {theirs:.0f} ns"
        rows.add(f"200-byte line {kind}: re.sub over Python", ratio(theirs, ours), "times", target, beside)


def main():
    rows, programs = Rows(), Programs()
    with tempfile.TemporaryDirectory(prefix="keyplate-bench.") as folder:
        sandbox = Sandbox(folder)
        try:
            figures = {name: per_call(command, sandbox, folder) for name, command in programs.commands.items()}
            rate = statistics.median(sandbox_rate(sandbox) for _ in range(ROUNDS)) if shutil.which("wrk") else None
            taken = lines(programs, sandbox, folder)
        finally:
            sandbox.close()
        started = start_ratio(programs, folder)
        asked = redis_times(folder)
        sealed = audit_times(folder)
    call_rows(rows, figures)
    line_rows(rows, taken)
    redis_rows(rows, asked)
    audit_rows(rows, sealed)
    rows.add("import keyplate, over import requests", started, "times", "<= 0.3", f"medians of {STARTS} starts")
    rows.add("sandbox, 50 kept connections", rate, "requests/s", ">= 100000", version("wrk", "-v"))
    machine = {"machine": cpu(), "system": platform.platform(), "keyplate": version(f"{BUILD}/keyplate", "--version"),
               "curl": version("curl-config", "--version"), "valgrind": version("valgrind", "--version"),
               "Python": version(programs.python, "--version") if programs.python else "no package for it was built",
               "requests": programs.requests or "not installed",
               "PHP": version(programs.php[0], "-v") if programs.php else "no extension for it was built",
               "PHP curl": programs.php_curl or "not installed", "rounds": ROUNDS}
    for name, value in machine.items():
        print(f"{name:9} {value}")
    print()
    rows.print()
    with open(f"{BUILD}/bench.json", "w", encoding="utf-8") as file:
        json.dump({"machine": machine, "rows": rows.all}, file, indent=1)
    print(f"\nwritten to {BUILD}/bench.json")


if __name__ == "__main__":
    main()
