"""test_leaks.py: runs every scenario in every language, and finds no fragment of a key in anything that came out."""

import os

import pytest

import shapes
from adapters import ADAPTERS
from box import Box
from scenarios import SCENARIOS

EVERY_SHAPE = bool(os.environ.get("KP_LONG"))
START = 0  # of the choices of a short run: always the same ones, so that a verdict does not come by chance
REFUSED = ("punctuation", "dotenv")  # programs read a backslash in a .env file differently: no key
HERE = [adapter for adapter in ADAPTERS if adapter.there]


def wanted(adapter, scenario, number):
    """Scenarios of a family are much alike: a short run has each in one language."""
    if scenario.only and adapter.name not in scenario.only:
        return False
    return EVERY_SHAPE or not scenario.family or bool(scenario.only) or adapter is HERE[(START + number) % len(HERE)]


CASES = [(adapter, scenario, START + 5 * number + turn) for turn, adapter in enumerate(HERE)
         for number, scenario in enumerate(SCENARIOS) if wanted(adapter, scenario, number)]


def choices(adapter, scenario, number):
    """(shape, way) of one run, or in a long one of all; the keys are others in each run."""
    names, ways = [scenario.shape] if scenario.shape else list(shapes.SHAPES), adapter.ways
    pairs = [(name, way) for name in names for way in ways if (name, way) != REFUSED]
    return pairs if EVERY_SHAPE else [pairs[number % len(pairs)]]


@pytest.mark.parametrize("adapter, scenario, number", CASES, ids=[f"{a.name}: {s.name}" for a, s, _ in CASES])
def test_k10_no_leak(adapter, scenario, number, tmp_path, trap, authority, known_keys):
    for turn, (shape, way) in enumerate(choices(adapter, scenario, number)):
        folder = tmp_path / str(turn)
        folder.mkdir()
        box = Box(folder, scenario, shape, trap, authority, known_keys)
        try:
            outcome, seen = adapter.run(box, way)
        finally:
            box.close()
        found = box.finish()
        assert not found, f"key of shape {shape} from {way}:\n" + "\n".join(found)
        assert not scenario.expect or outcome in scenario.expect, f"{outcome}, not {scenario.expect}; {shape}, {way}\n{seen}"
