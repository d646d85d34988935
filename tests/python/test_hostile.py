"""test_hostile.py: whatever object is given to whatever the package has, an exception comes back or a result, and never a crash:
public functions, classes, methods, properties, special methods, and the functions of _raw, by whoever gets hold of them."""

import asyncio
import copy
import gc
import inspect
import io
import itertools
import logging
import pickle
import threading

import keyplate
import keyplate.logging as safe
import pytest
from conftest import LONG
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from keyplate import _raw as raw

MANY = settings(max_examples=100_000 if LONG else 2_000, deadline=None, database=None, derandomize=not LONG, suppress_health_check=list(HealthCheck))


class Nasty(Exception):
    pass


def refuse(*_, **__):
    raise Nasty("no")


class Refuses:
    """Raises whatever it is asked."""

    __str__ = __repr__ = __index__ = __int__ = __float__ = __bool__ = __iter__ = __len__ = __hash__ = __eq__ = __fspath__ = refuse
    __bytes__ = __buffer__ = __getitem__ = __call__ = __enter__ = __reduce__ = __copy__ = __await__ = __contains__ = refuse


class Lies:
    """Gives what has another type than it should."""

    __str__ = __repr__ = __fspath__ = lambda self: 7
    __index__ = __int__ = __len__ = lambda self: "seven"
    __iter__ = lambda self: 7  # noqa: E731

    def __getattr__(self, name):
        return self


class Keys(dict):
    keys = items = values = __iter__ = refuse


class Text(str):
    encode = __str__ = refuse


def endless():
    while True:
        yield "key"


async def coroutine():
    return "a-key-from-a-coroutine"


CIRCLE, RING = {}, []
CIRCLE["a"], CIRCLE["b"] = CIRCLE, RING
RING.append(RING)
DEEP = []
for _ in range(3000):
    DEEP = [DEEP]
OPTIONS = {"config": False, "store": "memory:", "timeout": "50ms", "url": {"captchaai": "http://127.0.0.1:1"}}
PLAIN = [
    None, True, False, 0, 1, -1, 7, 255, 2**31, 2**63, 2**64, -(2**63) - 1, 10**400, 0.0, 0.5, -1.5, float("nan"), float("inf"), 1j, "", "a", "key",
    "\0", "a\0b", "\ud800", "\udcff" * 9, "é€\U0001f600", "captchaai/primary~0a1b2c3d/7", "4711", "turnstile", "file:/nowhere", "env:NOBODY",
    "held:key", "host:key", "memory:", "x" * 5000, "always", "%s %d %", "{", '{"a":1}', b"", b"key", b"\0\xff", bytearray(b"ab"), memoryview(b"abc"),
    memoryview(b"abcdef")[::2], memoryview(bytearray(8)).cast("Q"), [], [None], ["env:A"], (), ("a", 1), {}, {"a": 1}, {1: 2}, {"sitekey": "a", "pageurl": "b"},
    {"from": ["env:A"]}, {None: None}, set(), frozenset("a"), range(3), CIRCLE, RING, DEEP, object(), object, type, print, lambda: None, lambda: "a-key-here",
    lambda: 7, refuse, endless, coroutine, raw, Nasty("a"), KeyError, Refuses(), Refuses, Lies(), Lies, Keys(a=1), Text("key=abcdefgh"), io.StringIO(),
    keyplate.Balance("1.5", "USD"), keyplate.Task("captchaai/primary~0a1b2c3d/7"), keyplate.Key.from_value("a-key-of-some-length"),
    keyplate.Error("a", code="b"), logging.makeLogRecord({"msg": "a"}), logging.Formatter(), logging.getLogger("hostile"), keyplate.Client, keyplate.Key]
NAMES = ["timeout", "sync", "key", "keys", "provider", "config", "log", "client_id", "tags", "file", "params", "method", "task", "good", "a", "value", "text",
         "client", "bare_hex", "unit", "reference", "solution", "code", "class_", "inner", "poll", "url", ""]
# What any call may raise. Not SystemError: that is an exception that was set and not raised, or the other way round.
FINE = (keyplate.Error, Nasty, TypeError, ValueError, AttributeError, OverflowError, LookupError, RecursionError, ArithmeticError, OSError,
        NotImplementedError, StopIteration, asyncio.InvalidStateError, pickle.PicklingError, copy.Error, BufferError)
BUSY = "another call uses it"


class SkipsClient(keyplate.Client):
    def __init__(self):
        pass


class SkipsAsync(keyplate.AsyncClient):
    def __init__(self):
        pass


class SkipsRedactor(keyplate.Redactor):
    def __init__(self):
        pass


class SkipsKey(keyplate.Key):
    def __init__(self):
        pass


def client(kind=keyplate.Client):
    return kind(key=keyplate.Key.from_value("a-key-of-some-length"), log=False, **OPTIONS)


def closed():
    made = client()
    made.close()
    return made


def finished():
    made = keyplate.Redactor()
    made.close()
    return made


# From a class to what makes objects of it, good ones, closed ones and such as nobody began.
MAKERS = {
    keyplate.Client: [client, closed, SkipsClient, lambda: keyplate.Client.__new__(keyplate.Client)],
    keyplate.AsyncClient: [lambda: client(keyplate.AsyncClient), SkipsAsync, lambda: keyplate.AsyncClient.__new__(keyplate.AsyncClient)],
    keyplate.Redactor: [keyplate.Redactor, finished, SkipsRedactor, lambda: keyplate.Redactor.__new__(keyplate.Redactor)],
    keyplate.Key: [lambda: keyplate.Key.from_value("a-key-of-some-length"), SkipsKey, lambda: keyplate.Key.__new__(keyplate.Key)],
    keyplate.Task: [lambda: keyplate.Task("captchaai/primary~0a1b2c3d/7"), lambda: str.__new__(keyplate.Task, "7")],
    keyplate.Balance: [lambda: keyplate.Balance("1.5", "USD"), lambda: keyplate.Balance.__new__(keyplate.Balance)],
    keyplate.Solution: [lambda: keyplate.Solution("a", None, "b", "c", 1.5, 0), lambda: keyplate.Solution.__new__(keyplate.Solution)],
    keyplate.Error: [lambda: keyplate.Error("a"), lambda: keyplate.Error.__new__(keyplate.Error)],
    keyplate.TransportError: [lambda: keyplate.TransportError("a"), lambda: keyplate.TransportError.__new__(keyplate.TransportError)],
    safe.RedactingFilter: [safe.RedactingFilter], safe.SafeFormatter: [safe.SafeFormatter], safe.RedactingFormatter: [safe.RedactingFormatter],
}
# What would never come back, or is of no type of ours.
LEFT_OUT = {"__class__", "__subclasshook__", "__init_subclass__", "__class_getitem__", "__getattribute__", "__sizeof__", "__setattr__", "__delattr__"}


def own_names(kind):
    return sorted({name for base in kind.__mro__ if base.__module__.startswith("keyplate") or base is logging.Formatter
                   for name in vars(base)} - LEFT_OUT | {"__str__", "__repr__", "__eq__", "__hash__"})


METHODS = [(kind, name) for kind in MAKERS for name in own_names(kind)]
FUNCTIONS = [keyplate.redact, keyplate.hygiene, keyplate.error_list, keyplate.Key.from_value, *(getattr(keyplate, name) for name in keyplate.__all__
             if isinstance(getattr(keyplate, name), type)), *MAKERS, safe.install, safe.uninstall, safe.redact_record]
RAW = [getattr(raw, name) for name in sorted(dir(raw)) if name.startswith("kp_")]
COPIES = [copy.copy, copy.deepcopy, pickle.dumps, repr, str, hash, bool, len, iter, vars, dir, bytes, int, float, memoryview, list, dict]


def handles():
    """One of each, and one of each that is closed; a runner with an operation that it drives."""
    good = []
    for close in (False, True):
        config = raw.kp_config_new()
        raw.kp_config_load(config, b'{"store":"memory:","timeout":"50ms","url":{"captchaai":"http://127.0.0.1:1"},"keys":["host:a"]}')
        made = raw.kp_client_new(config)
        runner, op = raw.kp_runner_new(made), raw.kp_op_new(made, raw.KP_BALANCE)
        group = [("config", config), ("secret", raw.kp_secret_new(b"key")), ("client", made), ("op", op), ("runner", runner),
                 ("redactor", raw.kp_redactor_new(made))]
        good += [thing for _, thing in group] + [raw.kp_runner_local(runner)]
        for name, thing in group * close:
            getattr(raw, f"kp_{name}_free")(thing)
    return good


class Pool:
    """Objects to use and to misuse; new ones every now and then, because they get closed on the way."""

    def __init__(self):
        self.used = itertools.count()
        self.renew()

    def renew(self):
        self.handles = handles()
        self.objects = {kind: [make() for make in makers] for kind, makers in MAKERS.items()}
        self.all = PLAIN + self.handles + [thing for things in self.objects.values() for thing in things]
        gc.collect()

    def pick(self, number):
        return self.all[number % len(self.all)]

    def target(self, kind, number, which):
        """Something that can be called."""
        if kind == "raw":
            return RAW[number % len(RAW)]
        if kind == "function":
            return FUNCTIONS[number % len(FUNCTIONS)]
        if kind == "copy":
            return COPIES[number % len(COPIES)]
        owner, name = METHODS[number % len(METHODS)]
        if kind == "unbound":
            return getattr(owner, name)
        thing = self.objects[owner][which % len(self.objects[owner])]
        return getattr(thing, name)

    def turn(self):
        if next(self.used) % 500 == 499:
            self.renew()


LOOP = asyncio.new_event_loop()


def call(target, args, named):
    try:
        result = target(*args, **named)
        if inspect.iscoroutine(result):
            LOOP.run_until_complete(asyncio.wait_for(result, 5))
    except FINE:
        pass
    except (RuntimeError, SystemError) as problem:
        # Of Python itself: a coroutine that is awaited again, a dict that changes, a super() without an object.
        assert not isinstance(problem, SystemError), (target, args, named, problem)
    finally:
        safe.uninstall()


NUMBERS = st.integers(0, 2**20)
KINDS = st.sampled_from(["raw", "raw", "function", "method", "method", "method", "unbound", "copy"])
CALLS = st.tuples(KINDS, NUMBERS, NUMBERS, st.lists(NUMBERS, max_size=5), st.lists(st.tuples(st.sampled_from(NAMES), NUMBERS), max_size=2), st.booleans())


@pytest.fixture(scope="module")
def pool():
    return Pool()


@MANY
@given(CALLS)
def test_any_object_anywhere(pool, wanted):
    kind, number, which, values, named, elsewhere = wanted
    pool.turn()
    try:
        target = pool.target(kind, number, which)
    except FINE:
        return  # a property of what nobody began
    args, more = [pool.pick(value) for value in values], {name: pool.pick(value) for name, value in named}
    if elsewhere and number % 8 == 0:
        problems = []

        def work():
            try:
                call_here(target, args, more, problems)
            except BaseException as problem:
                problems.append(problem)

        thread = threading.Thread(target=work)
        thread.start()
        thread.join(60)
        assert not thread.is_alive() and not problems, problems
    else:
        call(target, args, more)


def call_here(target, args, named, problems):
    """In a thread: without the loop of the main one."""
    try:
        result = target(*args, **named)
        if inspect.iscoroutine(result):
            result.close()
    except FINE:
        pass
    except (RuntimeError, SystemError) as problem:
        if isinstance(problem, SystemError):
            problems.append(problem)
    finally:
        safe.uninstall()


def test_the_calls_are_no_empty_gestures(pool):
    """Arguments that fit do work: what is tried above is not all refused at the door."""
    pool.renew()
    things = pool.objects
    assert keyplate.redact("key=abcdefgh") == "key=[REDACTED]"
    assert things[keyplate.Client][0].option("timeout") == "50ms"
    for broken in things[keyplate.Client][1:]:
        with pytest.raises((keyplate.UsageError, AttributeError)):
            broken.balance()
    assert len(METHODS) > 100 and len(RAW) > 40
