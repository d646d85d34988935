#!/usr/bin/env python3
"""compare_zones.py: every zone of this system's tzdata as core/policy/zone.c reads it, beside Python's zoneinfo.

Usage: compare_zones.py TEST_ZONE. Ends with 77 where there is no tzdata. KP_LONG=1 asks at 1,000 random times a zone and
looks for transitions on every day of 1970 to 2100; else at some times and zones.
"""
import datetime
import os
import pathlib
import random
import subprocess
import sys
import zoneinfo

ROOT = pathlib.Path("/usr/share/zoneinfo")
LONG = os.environ.get("KP_LONG") == "1"
TIMES = 1000 if LONG else 40
FIRST, LAST = 0, 4133980800  # the years 1970 to 2100
DAY = 86400
EPOCH = datetime.datetime(1970, 1, 1)
UTC = datetime.timezone.utc


def offset(zone, unix):
    return zone.utcoffset(datetime.datetime.fromtimestamp(unix, UTC).astimezone(zone)) // datetime.timedelta(seconds=1)


def shown_at(zone, local):
    """The unix time, or None where the clock jumps over that local time."""
    moment = (EPOCH + datetime.timedelta(seconds=local)).replace(tzinfo=zone, fold=0)
    unix = round((moment.astimezone(UTC) - EPOCH.replace(tzinfo=UTC)).total_seconds())
    return unix if unix + offset(zone, unix) == local else None


def ask(program, lines):
    run = subprocess.run([program, "answer"], input="\n".join(lines) + "\n", text=True, capture_output=True, check=True)
    return run.stdout.split()


def transitions(program, names):
    """All that the program finds, one after the other, for all zones side by side."""
    found = {name: [] for name in names}
    at = {name: FIRST - 1 for name in names}
    while at:
        answers = ask(program, [line for name in at for line in (f"z {name}", f"n {at[name]}")])
        following = {}
        for name, there, turn in zip(at, answers[::2], answers[1::2]):
            assert there == "1", f"{name} cannot be read"
            if turn != "-" and int(turn) < LAST:
                following[name] = int(turn)
                found[name].append(int(turn))
        at = following
    return found


def missed(zone, found):
    """A day on which the offset changes, and on which none of the found ones is."""
    known = {turn // DAY for turn in found}
    before = offset(zone, FIRST)
    for day in range(FIRST // DAY, LAST // DAY):
        after = offset(zone, (day + 1) * DAY)
        if after != before and day not in known and (day + 1) * DAY not in found:
            return day * DAY
        before = after
    return None


def questions(zone, found):
    """Pairs of a question and the answer, or of a question and a check of the answer."""
    for turn in found:
        before, after = offset(zone, turn - 1), offset(zone, turn)
        yield f"n {turn - 1}", str(turn) if before != after else "a transition that is none"
        for unix in (turn - 1, turn, turn + 1):
            yield f"o {unix}", str(offset(zone, unix))
            yield from local_question(zone, unix + before)
            yield from local_question(zone, unix + after)
    for _ in range(TIMES):
        unix = random.randrange(FIRST + DAY, LAST)
        yield f"o {unix}", str(offset(zone, unix))
        yield from local_question(zone, unix)
    for turn in random.sample(found, min(len(found), TIMES)):
        yield from local_question(zone, turn + offset(zone, turn) + random.randrange(-7200, 7200))


def local_question(zone, local):
    unix = shown_at(zone, local)
    if unix is not None:
        yield f"u {local}", str(unix)
        return

    def at_the_end_of_the_gap(answer):
        end = int(answer)
        return end - 1 + offset(zone, end - 1) < local < end + offset(zone, end)

    yield f"u {local}", at_the_end_of_the_gap


def main():
    program = sys.argv[1]
    if not (ROOT / "Europe/Berlin").is_file():
        print("this system has no tzdata")
        return 77
    zoneinfo.reset_tzpath([str(ROOT)])
    names = sorted(zoneinfo.available_timezones())
    seed = random.randrange(2**32)
    random.seed(seed)
    found = transitions(program, names)
    walked = names if LONG else random.sample(names, 5)
    asked = turns = wrong = 0
    for name in names:
        zone = zoneinfo.ZoneInfo(name)
        day = missed(zone, found[name]) if name in walked else None
        if day is not None:
            wrong += 1
            print(f"{name}: a transition on the day of {day} is missing")
        some = found[name] if LONG else random.sample(found[name], min(len(found[name]), 25))
        pairs = list(questions(zone, some))
        answers = ask(program, [f"z {name}"] + [question for question, _ in pairs])[1:]
        assert len(answers) == len(pairs)
        for (question, want), got in zip(pairs, answers):
            if not (want(got) if callable(want) else want == got):
                wrong += 1
                print(f"{name}: '{question}' gave {got}" + ("" if callable(want) else f", not {want}"))
        asked += len(pairs)
        turns += len(found[name])
    print(f"{len(names)} zones, {turns} transitions, {asked} answers, {wrong} wrong (seed {seed})")
    return wrong > 0


if __name__ == "__main__":
    sys.exit(main())
