"""_config.py: makes a configuration of what the caller gives: options, keys, references, functions."""

from __future__ import annotations

import datetime
import decimal
import json
import os
from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence, Union

from . import _raw as raw
from ._errors import own_error
from ._types import Key

KeyFunction = Callable[[], Any]
"""Gives the key when it is needed: str or bytes, or None if it has none."""
Member = Union[str, Key, KeyFunction, Mapping[str, Any]]
"""A key of the ring: a reference such as "env:NAME", a Key, a function that gives it, or {"name": …, "from": […]}, with
"not_after" and "window" if it has an end or its hours."""
Place = Union[str, "os.PathLike[str]", bool, None]


class Configuration:
    """A configuration of the core, and the functions that its "host:" references stand for."""

    __slots__ = ("handle", "functions")

    def __init__(self) -> None:
        self.handle = raw.kp_config_new()
        self.functions: Dict[str, KeyFunction] = {}
        self.check(raw.kp_config_set(self.handle, "host", "python"))

    def check(self, code: int) -> None:
        if code:
            raise own_error(raw.kp_error_name(code), raw.kp_config_problem(self.handle))

    def load_local(self, config: Place) -> None:
        """What this machine says: a file, then variables. False: nothing of it."""
        if config is not False:
            path = None if config is None or config is True else os.fspath(config)
            self.check(raw.kp_local_configure(self.handle, path))

    def load(self, options: Mapping[str, Any]) -> int:
        """0, or an error code: whoever checks it has no options in the traceback."""
        try:
            return raw.kp_config_load(self.handle, as_json(options, self.reference))
        finally:
            del options

    def reference(self, value: Any) -> str:
        """The reference that stands for a key by value or for a function."""
        number = len(self.functions) + 1
        name = "key" if number == 1 else f"key{number}"
        if isinstance(value, Key):
            self.functions[name] = _no_function
            self.check(raw.kp_config_hold(self.handle, name, value._secret))
            return f"held:{name}"
        if callable(value):
            self.functions[name] = value
            return f"host:{name}"
        raise TypeError(f"a value of type {type(value).__name__} cannot be given here")


def _no_function() -> None:
    """Keeps the name of a key by value from being used twice."""


def as_json(value: Any, special: Callable[[Any], Any]) -> bytes:
    """special: makes something that JSON has out of what it has not, or raises TypeError. No traceback of what is raised
    has the value in it."""
    wrong: Optional[Exception] = None

    def convert(item: Any) -> Any:
        if isinstance(item, os.PathLike):
            return os.fspath(item)
        if isinstance(item, decimal.Decimal):
            return str(item)
        if isinstance(item, datetime.timedelta):
            return f"{item // datetime.timedelta(milliseconds=1)}ms"
        if isinstance(item, Mapping):
            return dict(item)
        return special(item)

    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=convert)
    except RecursionError:
        wrong = ValueError("it is nested too deep")
    except (TypeError, ValueError) as problem:
        wrong = problem.with_traceback(None)
    finally:
        del value
    if wrong is not None:
        try:
            raise wrong
        finally:
            wrong = None
    # The core says what is wrong with text that is none; an error of a codec would have all of it inside.
    return text.encode("utf-8", "surrogatepass")


def configured(
    provider: Optional[str],
    key: Optional[Member],
    keys: Optional[Sequence[Member]],
    config: Place,
    options: Mapping[str, Any],
) -> Configuration:
    """Local configuration first, then what the caller gives."""
    made = Configuration()
    given = dict(options)
    try:
        if provider is not None:
            given["provider"] = provider
        if key is not None and keys is not None:
            raise own_error("misuse", "give key, for one member, or keys, for a list of them; not both")
        if isinstance(keys, (str, bytes, Mapping)):
            raise TypeError("keys: a list is expected; one key alone is given as key")
        if key is not None or keys is not None:
            given["keys"] = [key] if keys is None else list(keys)
        made.load_local(config)
        code = made.load(given)
    finally:
        # Whoever shows the variables of a traceback shows no key that stands in the wrong place.
        del provider, key, keys, options, given
    made.check(code)
    return made


def providers() -> List[str]:
    """The services, by the range of the option provider."""
    number = 0
    while option := raw.kp_config_option(number):
        if option[0] == "provider":
            return option[3].split()
        number += 1
    return []
