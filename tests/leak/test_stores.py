"""test_stores.py: keys from every source; no key and no credential of a source is found in anything that came out."""

import pytest

import shapes
from adapters import ADAPTERS
from box import Box
from sources import ONCE, SOURCES, has_name_spaces, kubernetes, of
from test_leaks import EVERY_SHAPE, START

HERE = [adapter for adapter in ADAPTERS if adapter.there]
# A short run has so many troubles of each source in the command and in C, success in one of the two, and one scenario in a
# language; always the same ones.
SHORT = 1


def turns(adapter, number, scenarios):
    """Those of one source that this run has."""
    if EVERY_SHAPE:
        return scenarios
    if adapter.name in ("command", "C"):
        first, others = scenarios[0], scenarios[1:]
        start = START * SHORT + number + (adapter.name == "C") * len(others) // 2
        good = [first] if (adapter.name == "C") == ((START + number) % 2 == 1) else []
        return [*good, *(others[(start + turn) % len(others)] for turn in range(SHORT))]
    others = HERE[2:]
    return [scenarios[(START + number) % len(scenarios)]] if adapter is others[(START + number) % len(others)] else []


def cases():
    for number, source in enumerate(SOURCES):
        scenarios = list(of(source))
        for adapter in HERE:
            yield from ((adapter, scenario, source) for scenario in turns(adapter, number, scenarios))
    for scenario in ONCE:
        yield from ((adapter, scenario, None) for adapter in HERE[:2] if not scenario.only or adapter.name in scenario.only)


CASES = [(adapter, scenario, source, START + number) for number, (adapter, scenario, source) in enumerate(cases())]


@pytest.mark.parametrize("adapter, scenario, source, number", CASES, ids=[f"{a.name}: {s.name}" for a, s, _, _ in CASES])
def test_k10_no_credential(adapter, scenario, source, number, tmp_path, trap, authority):
    if source and source[1] is kubernetes and not has_name_spaces():
        pytest.skip("nobody may mount the pod's folder here")
    names = list(shapes.SHAPES)
    shape = names[number % len(names)]
    box = Box(tmp_path, scenario, shape, trap, authority, None)
    try:
        outcome, seen = adapter.run(box, "file")
    finally:
        box.close()
    found = box.finish()
    assert not found, f"key of shape {shape}:\n" + "\n".join(found)
    assert not scenario.expect or outcome in scenario.expect, f"{outcome}, not {scenario.expect}; {shape}\n{seen}"
