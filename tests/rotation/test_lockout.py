"""test_lockout.py: programs in C that start with a wrong key and never stop calling: row G6."""

import secrets
from collections import Counter

from plant import THREADS


def test_g6_programs_with_a_wrong_key_make_one_attempt(start):
    plant = start(key=secrets.token_hex(16))
    plant.until(lambda: min(plant.counts()) >= 2, "two calls of each thread")
    plant.end()
    calls = [line for worker in plant.workers for line in worker.calls() if line["call"] != "keys"]
    assert len({line["thread"] for line in calls}) == THREADS
    codes = Counter(line["code"] for line in calls)
    assert set(codes) == {"ERROR_KEY_DOES_NOT_EXIST", "key_cooling"} and codes["ERROR_KEY_DOES_NOT_EXIST"] == 1
    assert len(plant.record.read()) == 1
    assert plant.ledger.read() == []
