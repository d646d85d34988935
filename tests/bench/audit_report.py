#!/usr/bin/env python3
"""audit_report.py: times `keyplate audit report` over a record of a million lines, in each form; prints the seconds as JSON.

    audit_report.py KEYPLATE [RECORDS] [--keep FILE]
"""

import argparse
import datetime
import json
import os
import random
import subprocess
import tempfile
import time

METHODS = ["turnstile", "userrecaptcha", "geetest", "base64"]
CODES = [("ok", None)] * 92 + [("ERROR_CAPTCHA_UNSOLVABLE", "task")] * 3 + [("timeout", "timeout")] * 2 + \
        [("budget", "limit")] * 2 + [("connection_lost", "network")]
START = datetime.datetime(2026, 11, 13, 0, 0, tzinfo=datetime.timezone.utc)
SPAN = 7 * 24 * 3600


def stamp(seconds):
    return (START + datetime.timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def lines(count, chance):
    """Pairs of intent and outcome, as the record has them; a refused call has its outcome alone."""
    sealed, number = ["0" * 64], 0

    def line(record):
        nonlocal number
        number += 1
        mac = "%064x" % chance.getrandbits(256)
        text = json.dumps({**record, "seq": number, "prev": sealed[0], "mac": mac}, separators=(",", ":"))
        sealed[0] = mac
        return text + "\n"

    while number < count:
        seconds = SPAN * number / count
        code, cls = chance.choice(CODES)
        method = chance.choice(METHODS)
        call = {"operation": "%032x" % chance.getrandbits(128), "attempt": 1, "provider": "captchaai", "action": "solve",
                "method": method, "key": "%08x" % chance.getrandbits(2), "client_id": f"team-{chance.randrange(12)}",
                "tags": {"service": chance.choice(["checkout", "signup"]), "env": chance.choice(["prod", "staging"])},
                "cost_micro": 1000 + 500 * METHODS.index(method)}
        took = int(chance.lognormvariate(9.6, 0.5) * (1.5 + (seconds // 3600 % 24 in range(8, 20))))
        refused = cls == "limit"
        if not refused:
            yield line({"@timestamp": stamp(seconds), "event": "intent", **call})
        yield line({"@timestamp": stamp(seconds + took / 1000), "event": "outcome", **call,
                    "task": None if refused or code == "connection_lost" else f"captchaai/primary~0a1b2c3d/{number}",
                    "code": code, "class": cls, "outcome_unknown": code == "connection_lost", "attempts": 1,
                    "duration_ms": 1 if refused else took, "limit": "usd_per_day" if refused else None})


def write(path, count):
    chance = random.Random(1)
    with open(path, "w", encoding="ascii") as file:
        file.writelines(lines(count, chance))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("keyplate")
    parser.add_argument("records", nargs="?", type=int, default=1000000)
    parser.add_argument("--keep")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="keyplate-bench.") as folder:
        path = args.keep or os.path.join(folder, "audit.jsonl")
        write(path, args.records)
        taken = {"records": args.records, "bytes": os.path.getsize(path)}
        for form in ("table", "csv", "json", "html"):
            start = time.perf_counter()
            subprocess.run([args.keyplate, "audit", "report", path, "--format", form], check=True,
                           stdout=subprocess.DEVNULL, env={"PATH": os.environ["PATH"], "HOME": folder})
            taken[form] = round(time.perf_counter() - start, 3)
    print(json.dumps(taken))


main()
