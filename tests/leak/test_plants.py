"""test_plants.py: the oracle finds each leak that leaky.c plants, where it was planted, and nothing where none is."""

import copy
import os
import secrets

import pytest

import process
import shapes
from adapters import LEAKY
from box import Box
from scenarios import HELD, Scenario
from stores import Stage, Store, Trouble

# What is planted, and what one of the findings must begin with.
PLANTS = {
    "url in an error": "stderr: characters 1 to {all} of the key, plain: ",
    "core dump": "core dump, ",
    "base64 in a trace": "stderr: characters 1 to {all} of the key, base64: ",
    "percent on stderr": "stderr: characters 1 to {all} of the key, percent: leaky: sent key=",
    "upper-case hex in a file": "file home/trace.log: characters 1 to {all} of the key, hex: ",
    "fragment in a log": "file tmp/audit.log: characters {middle} of the key, plain: 2026-11-20 used key ",
    "UTF-16 in a database": "file home/state.db: characters 1 to {all} of the key, UTF-16: ",
    "environment of a child": "/proc/CHILD/environ: characters 1 to {all} of the key, plain: ",
    "freed heap": "memory after the end, [heap]: ",
    "second connection": "a connection to where no call has to go",
    "system call": "system call write: characters 1 to {all} of the key, ",
}
# These are there only while the call hangs; that one is seen only by whoever looks at system calls.
WHILE_HELD, TRACED = ("core dump", "environment of a child"), ("system call",)
NAMES = list(shapes.SHAPES)
EVERY_SHAPE = bool(os.environ.get("KP_LONG"))
CASES = [(plant, shape) for row, plant in enumerate(PLANTS) for column, shape in enumerate(NAMES)
         if EVERY_SHAPE or (row + column) % 4 == 0]


def run(plant, shape, tmp_path, trap, authority):
    call = {"kind": "balance"} if plant is None else {"kind": "balance", "plant": plant}
    held = plant is None or plant in WHILE_HELD
    scenario = Scenario("planted", [call], answers=lambda key: HELD if held else {}, held="release" if held else None,
                        traced=plant in TRACED)
    box = Box(tmp_path, scenario, shape, trap, authority, None)
    try:
        LEAKY.run(box, "file")
    finally:
        box.close()
    return box, box.finish()


@pytest.mark.skipif(not LEAKY.there, reason="there is no leaky program")
@pytest.mark.parametrize("plant, shape", CASES)
def test_planted(plant, shape, tmp_path, trap, authority):
    if plant in TRACED and not process.can_trace():
        pytest.skip("there is no strace")
    box, found = run(plant, shape, tmp_path, trap, authority)
    size = len(box.key)
    expected = PLANTS[plant].format(all=size, middle=f"{size // 2 - 3} to {size // 2 + 4}")
    assert any(finding.startswith(expected) for finding in found), found


@pytest.mark.skipif(not LEAKY.there, reason="there is no leaky program")
@pytest.mark.parametrize("shape", NAMES)
def test_nothing_planted(shape, tmp_path, trap, authority):
    _, found = run(None, shape, tmp_path, trap, authority)
    assert found == []


# The same for the credentials of stores.
OF_STORES = {
    None: None,
    "a token to the service": "what the service was sent: characters 1 to 28 of the Vault token, plain: ",
    "a token to another store": "call secret of the other store: characters 1 to 28 of the Vault token, plain: ",
    "a prime in a core dump": "core dump, ",
    "a session token in a child": "/proc/CHILD/environ: characters 1 to 200 of the session token, plain: ",
    "an assertion on stderr": "stderr: characters 1 to 342 of the assertion, percent: ",
    "a variable that is not hidden": "/proc/PID/environ: characters 1 to 64 of the secret access key, plain: ",
}


def stores(box):
    """Credentials in files and in the environment, and a store that may have none of them."""
    store = Store(box, Trouble("none"))
    token = store.secret("the Vault token", "hvs." + shapes.some(shapes.ALNUM, 24))
    session = store.secret("the session token", shapes.make("200 characters"))
    assertion = store.secret("the assertion", shapes.some(shapes.ALNUM + "-_", 342), fragment=16)
    prime = store.secret("p of the private key", secrets.token_bytes(127) + b"a", fragment=16)
    store.secret("the secret access key", shapes.make("64 of base64"), "AWS_SECRET_ACCESS_KEY")
    for name, text in ((".vault-token", token), ("session", session), ("assertion", assertion)):
        box.put(box.home / name, text + "\n")
    box.inputs[box.home / "prime"] = prime + b"\n"
    (box.home / "prime").write_bytes(prime + b"\n")
    store.env["OTHER_STORE"] = store.serve("the other store", Stage("secret", "GET /secret", (), lambda request: {}))
    return store


@pytest.mark.skipif(not LEAKY.there, reason="there is no leaky program")
@pytest.mark.parametrize("plant", OF_STORES)
def test_planted_credential(plant, tmp_path, trap, authority):
    leaky = copy.copy(LEAKY)
    leaky.is_host = plant != "a variable that is not hidden"  # a command hides them
    call = {"kind": "balance"} if plant is None else {"kind": "balance", "plant": plant}
    scenario = Scenario("planted", [call], answers=lambda key: HELD, held="release", source=stores)
    box = Box(tmp_path, scenario, "hex", trap, authority, None)
    try:
        leaky.run(box, "file")
    finally:
        box.close()
    found = box.finish()
    if plant is None:
        assert found == []
    else:
        assert any(finding.startswith(OF_STORES[plant]) for finding in found), found
