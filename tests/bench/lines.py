"""lines.py: redacts log lines of 200 bytes by keyplate, and by re.sub of a pattern of 32 hex digits, in turns; prints the
medians as JSON, in nanoseconds a line.

    lines.py KEY_FILE
"""

import json
import os
import re
import statistics
import sys
import time

ROUNDS, COUNT, SIZE = 31, 2000, 200
PATTERN = re.compile(r"\b[0-9a-fA-F]{32}\b")


def lines(key):
    head = "2026-11-20T14:00:00.123Z INFO app.worker[4711] request 1093 to https://api.example.com/v1/items?page=3&size=50 "
    found = f"took 12 ms using {key} status=200 "
    clean = "took 12 ms, status=200 bytes=5120 cache=miss region=eu-central host=web-03 "
    return {"clean": (head + clean).ljust(SIZE, ".")[:SIZE], "with a key": (head + found).ljust(SIZE, ".")[:SIZE]}


def duration(work, line):
    start = time.perf_counter_ns()
    for _ in range(COUNT):
        work(line)
    return (time.perf_counter_ns() - start) / COUNT


def main():
    os.environ["CAPTCHAAI_API_KEY_FILE"] = sys.argv[1]
    import keyplate

    with open(sys.argv[1], encoding="ascii") as file:
        made = lines(file.read().strip())
    ways = {"keyplate": keyplate.redact, "re.sub": lambda line: PATTERN.sub("[REDACTED]", line)}
    assert keyplate.redact(made["clean"]) is made["clean"]
    assert ways["keyplate"](made["with a key"]) == ways["re.sub"](made["with a key"]) != made["with a key"]
    taken = {kind: {way: [] for way in ways} for kind in made}
    for _ in range(ROUNDS):
        for kind, line in made.items():
            for way, work in ways.items():
                taken[kind][way].append(duration(work, line))
    print(json.dumps({kind: {way: statistics.median(all_of) for way, all_of in by.items()} for kind, by in taken.items()}))


main()
