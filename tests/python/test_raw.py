"""test_raw.py: no function of keyplate._raw can crash the interpreter, whatever it is given, from whichever thread."""

import ast
import gc
import pathlib
import random
import re
import threading

import pytest
from conftest import LONG
from keyplate import _raw as raw

ROUNDS = 500_000 if LONG else 20_000
FUNCTIONS = sorted(name for name in dir(raw) if name.startswith("kp_"))
LEFT_OUT = ("kp_http_", "kp_store_", "kp_append_", "kp_on_")
# They may do what takes time: with a network that is not there, not long.
TEXTS = ["", "timeout", "keys", "task", "good", "50ms", "\0", "a\0b", "\ud800", "x" * 5000, "held:a", "env:A", '["host:a"]', "text", "answer"]
PLAIN = [None, True, 0, 1, 2, 3, 8, -1, 2**31, 2**63, 2**64, -(2**70), 0.5, float("nan"), b"", b"\0\xff", bytearray(b"key"),
         memoryview(b"abc"), memoryview(b"abcdef")[::2], [], {}, (), object(), type, raw, print, *TEXTS]


def config():
    made = raw.kp_config_new()
    raw.kp_config_load(made, b'{"store":"memory:","timeout":"50ms","url":{"captchaai":"http://127.0.0.1:1"},"keys":["host:a"]}')
    return made


def handles():
    """One of each, and one of each that is closed."""
    made = []
    for _ in range(2):
        client = raw.kp_client_new(config())
        runner = raw.kp_runner_new(client)
        made.append([config(), raw.kp_secret_new(b"key"), client, raw.kp_op_new(client, raw.KP_BALANCE), runner,
                     raw.kp_redactor_new(client), raw.kp_redactor_new(None), raw.kp_runner_local(runner)])
    for free, thing in zip(("config", "secret", "client", "op", "runner", "redactor"), made[1]):
        getattr(raw, f"kp_{free}_free")(thing)
    return made[0] + made[1]


def test_what_would_hand_out_keys_is_not_there():
    assert not [name for name in dir(raw) if name.startswith(LEFT_OUT) or name == "kp_read_room"]
    assert set(SIGNATURES) == set(FUNCTIONS)
    for name in ("kp_read_name", "kp_read_give", "kp_run_for", "kp_redactor_feed", "kp_hygiene"):
        assert name in FUNCTIONS


def signatures():
    """From the name of a function to the names of the types of its arguments, as the stub has them."""
    tree = ast.parse(pathlib.Path(raw.__file__).with_name("_raw.pyi").read_text(encoding="utf-8"))
    return {item.name: [ast.unparse(argument.annotation) for argument in item.args.args]
            for item in tree.body if isinstance(item, ast.FunctionDef)}


SIGNATURES = signatures()


def fitting(annotation, pool):
    word = next(word for word in re.findall(r"\w+", annotation) if word not in ("Optional", "Union"))
    if word in ("int", "str", "bytes"):
        return [thing for thing in PLAIN if type(thing).__name__ == word]
    if word == "Bytes":
        return [thing for thing in PLAIN if isinstance(thing, (str, bytes, bytearray, memoryview))]
    return [thing for thing in pool if f'"kp_{word.lower()}"' in repr(thing)]


def guess(chance, pool, name):
    """Arguments, many of which even fit."""
    if chance.random() < 0.1:
        return [chance.choice(pool) for _ in range(chance.randrange(5))]
    return [chance.choice(chance.random() < 0.15 and pool or fitting(annotation, pool) or pool) for annotation in SIGNATURES[name]]


def storm(seed, pool, rounds):
    chance = random.Random(seed)
    own, worked = list(pool), set()
    for _ in range(rounds):
        name = chance.choice(FUNCTIONS)
        try:
            result = getattr(raw, name)(*guess(chance, own, name))
        except (TypeError, ValueError, OverflowError, RuntimeError, SystemError, MemoryError, UnicodeError) as problem:
            # SystemError would be an exception that was set and not raised, or the other way round.
            assert not isinstance(problem, SystemError), problem
            continue
        worked.add(name)
        if type(result).__name__ == "PyCapsule":
            own.append(result)
            if len(own) > 200:
                del own[len(pool):]
    return worked


def test_hostile_arguments():
    worked = set()
    for seed in range(8):
        worked |= storm(seed, PLAIN + handles(), ROUNDS // 8)
        gc.collect()
    # It was no storm in a glass of water: nearly all of them did something.
    assert len(worked) > len(FUNCTIONS) * 0.9, set(FUNCTIONS) - worked


def test_hostile_arguments_from_many_threads():
    shared, problems = PLAIN + handles(), []

    def work(seed):
        try:
            storm(seed, shared, ROUNDS // 16)
        except BaseException as problem:
            problems.append(problem)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not problems


def test_closed_handles():
    for thing, use in ((raw.kp_config_new(), raw.kp_config_problem), (raw.kp_secret_new(b"a"), raw.kp_secret_mask),
                       (raw.kp_redactor_new(None), lambda redactor: raw.kp_redactor_feed(redactor, b"", 1))):
        free = getattr(raw, "kp_" + repr(thing).split('"')[1].removeprefix("kp_") + "_free")
        use(thing)
        free(thing)
        free(thing)
        with pytest.raises(ValueError, match="closed"):
            use(thing)


def test_any_order_of_the_end():
    """What another one needs outlives it."""
    kinds = ("op", "runner", "client", "redactor", "local")
    for order in range(60):
        chance = random.Random(order)
        client = raw.kp_client_new(config())
        runner = raw.kp_runner_new(client)
        things = {"client": client, "runner": runner, "op": raw.kp_op_new(client, raw.KP_BALANCE),
                  "redactor": raw.kp_redactor_new(client), "local": raw.kp_runner_local(runner)}
        raw.kp_run_for(runner, things["op"], 0)
        del client, runner
        for kind in chance.sample(kinds, len(kinds)):
            thing = things.pop(kind)
            if chance.random() < 0.5 and kind != "local":
                getattr(raw, f"kp_{kind}_free")(thing)
            if chance.random() < 0.8:
                del thing
            for other in list(things):
                if other == "redactor":
                    raw.kp_redactor_feed(things[other], b"text", 0)
        gc.collect()


def test_an_operation_keeps_to_its_runner():
    client = raw.kp_client_new(config())
    op, one, other = raw.kp_op_new(client, raw.KP_BALANCE), raw.kp_runner_new(client), raw.kp_runner_new(client)
    raw.kp_run_for(one, op, 0)
    with pytest.raises(ValueError, match="another"):
        raw.kp_run_for(other, op, 0)
    with pytest.raises(ValueError, match="another"):
        raw.kp_run(other, op)


def test_one_call_at_a_time(serve):
    """An operation that runs in one thread is refused to others; but they may cancel it."""
    import hostile
    from conftest import until

    server = serve({"balance": hostile.hold})
    made = raw.kp_config_new()
    raw.kp_config_load(made, ('{"store":"memory:","url":{"captchaai":"%s"},"keys":["held:a"]}' % server.url).encode())
    raw.kp_config_hold(made, "a", raw.kp_secret_new(b"a-key-of-some-length"))
    client = raw.kp_client_new(made)
    runner, op = raw.kp_runner_new(client), raw.kp_op_new(client, raw.KP_BALANCE)
    thread = threading.Thread(target=raw.kp_run, args=(runner, op))
    thread.start()
    until(lambda: server.of("balance"), "the call")
    for use in (lambda: raw.kp_op_free(op), lambda: raw.kp_op_get(op, "text"), lambda: raw.kp_run(runner, op),
                lambda: raw.kp_op_set(op, "task", b"1"), lambda: raw.kp_op_step(op)):
        with pytest.raises(RuntimeError, match="another call"):
            use()
    raw.kp_runner_free(runner)
    raw.kp_client_free(client)
    assert thread.is_alive()
    raw.kp_run_cancel(op)
    thread.join()
    assert raw.kp_op_get(op, "class") == "cancelled"
