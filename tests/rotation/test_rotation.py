"""test_rotation.py: keys are replaced under four processes of eight threads that never stop calling.

Most rotations: the service gets a new key, the file has it, every thread has had an answer with it, the service forgets
the old one. Some: the old key dies with 20 tasks in flight, at the moment when the file has the new one. Some: the file
gets a key that the service does not know, and then a good one again.
"""

import os
from collections import Counter, defaultdict
from datetime import datetime

from plant import PROCESSES, TASKS, THREADS, id_of

LONG = bool(os.environ.get("KP_LONG"))
MINUTE = 60.0


def calls_of(plant):
    """All calls; each has one line."""
    calls = []
    for worker in plant.workers:
        said = {line["thread"]: line["calls"] for line in worker.read() if "calls" in line}
        assert sorted(said) == list(range(THREADS))
        numbers = defaultdict(list)
        for line in worker.calls():
            numbers[line["thread"]].append(line["number"])
            calls.append(line)
        assert numbers == {thread: list(range(count)) for thread, count in said.items()}
    return calls


def judge_money(plant, calls):
    """Each charge is that of one call, which named the task; each task has its answer, or an error that names it."""
    charged = Counter(line["task"] for line in plant.ledger.read())
    bought = Counter(id_of(line["task"]) for line in calls if line["call"] in ("solve", "submit") and "task" in line)
    assert charged == bought and set(charged.values()) == {1}
    ended = [line for line in calls if line["call"] in ("solve", "wait") and "task" in line]
    for line in ended:
        assert line.get("answer", "") in ("", f"sandbox-answer-{id_of(line['task'])}")
    assert {id_of(line["task"]) for line in ended} == set(charged)


def judge_outcomes(plant, calls):
    """No call fails but for a task whose key died, and that error names it."""
    for line in calls:
        assert "unknown" not in line
        if line["code"] != "ok":
            assert line["code"] in ("ERROR_KEY_DOES_NOT_EXIST", "key_cooling", "key_gone"), line
            assert line["call"] in ("solve", "wait") and "task" in line, line
            assert plant.all[line["task"].partition("~")[2].partition("/")[0]] == "dead", line


def judge_bad_keys(plant, calls):
    """A bad key is never in use: for no call, and in no list of keys."""
    bad = {name for name, fate in plant.all.items() if fate == "bad"}
    for line in calls:
        assert line.get("fingerprint") not in bad, line
        for key in line.get("keys", []):
            assert not (key["fingerprint"] in bad and key["state"] == "current"), line
    assert not {line["fingerprint"] for line in plant.ledger.read()} & bad


def moment(line):
    return datetime.fromisoformat(line["time"].replace("Z", "+00:00")).timestamp()


def judge_attempts(plant):
    """What the service saw of keys that it did not know."""
    seen = defaultdict(list)
    for line in plant.record.read():
        if "wrong_key" in line:
            seen[line["wrong_key"]].append(moment(line))
    for name, times in seen.items():
        assert plant.all[name] in ("bad", "dead"), "a key that nobody had any use for was tried again"
        if plant.all[name] == "bad":
            assert all(b - a > MINUTE - 0.1 for a, b in zip(times, times[1:])), times
        else:
            assert len(times) <= PROCESSES * THREADS  # each thread may be about to ask when it dies
    assert {name for name, fate in plant.all.items() if fate == "bad"} <= set(seen)
    return {plant.all[name]: [len(times) for key, times in seen.items() if plant.all[key] == plant.all[name]]
            for name in seen}


def rotate_all(plant, rotations, wanted):
    """How many tasks were in flight when keys died."""
    caught = []
    for number in range(rotations):
        if number % 10 == 3:
            plant.rotate_badly()
        elif number % 10 == 7:
            caught.append(plant.die())
        else:
            plant.rotate()
    while sum(count >= TASKS for count in caught) < rotations // 10:
        assert len(caught) < rotations, "tasks end too fast to be caught in flight"
        caught.append(plant.die())
    plant.until(lambda: sum(plant.counts()) >= wanted, "as many calls as wanted")
    return caught


def test_keys_are_replaced_under_load(start):
    plant = start()
    caught = rotate_all(plant, *((100, 10000) if LONG else (10, 1000)))
    plant.end()
    calls = calls_of(plant)
    failed = Counter((line["call"], line["code"]) for line in calls if line["code"] != "ok")
    print(f"{len(calls)} calls, {len(plant.ledger.read())} tasks, {len(plant.all)} keys; in flight when keys died: {caught}; "
          f"failed: {dict(failed)}")
    judge_money(plant, calls)
    judge_bad_keys(plant, calls)
    print("attempts with a key that the service did not know:", judge_attempts(plant))
    judge_outcomes(plant, calls)
