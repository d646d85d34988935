"""_calls.py: the calls of a client: how each is put, and what is made of its outcome. Client and AsyncClient share it."""

from __future__ import annotations

import datetime
import json
import math
from decimal import Decimal
from typing import Any, Dict, List, Mapping, Optional, Union, cast

from . import _raw as raw
from ._config import as_json
from ._core import Core, Operation
from ._errors import Error, dollars, own_error
from ._types import Balance, Gap, Limits, Solution, Task

Timeout = Union[int, float, datetime.timedelta, None]
Params = Optional[Mapping[str, Any]]
Tags = Optional[Mapping[str, str]]
Facts = Dict[str, Union[str, bytes, None]]


def milliseconds(timeout: Timeout, name: str = "timeout") -> Optional[str]:
    """As text, for the core, which says whether it can be."""
    if timeout is None:
        return None
    if isinstance(timeout, datetime.timedelta):
        timeout = timeout.total_seconds()
    if isinstance(timeout, bool) or not isinstance(timeout, (int, float)):
        raise TypeError(f"{name}: seconds or a timedelta expected, got {type(timeout).__name__}")
    try:
        count = math.ceil(timeout * 1000)
    except (OverflowError, ValueError):  # infinity; NaN
        count = 0
    if count <= 0:
        raise own_error("misuse", f"{name}: a number of seconds above 0 is expected")
    return str(min(count, 1 << 62))  # of more the core says the same; str refuses very long ones


def _no_special(value: Any) -> Any:
    raise TypeError(f"a parameter cannot be of type {type(value).__name__}")


def _fact(op: raw.Op, name: str) -> str:
    return raw.kp_op_get(op, name) or ""


def cost_of(op: raw.Op) -> Optional[Decimal]:
    cost = raw.kp_op_get(op, "cost_micro")
    return None if cost is None else dollars(cost)


def solution_of(op: raw.Op) -> Solution:
    task = raw.kp_op_get(op, "task")
    return Solution(
        answer=_fact(op, "answer"),
        task=None if task is None else Task(task),
        provider=_fact(op, "provider"),
        key=_fact(op, "key"),
        elapsed=int(_fact(op, "elapsed_ms") or 0) / 1000,
        polls=int(_fact(op, "polls") or 0),
        cost=cost_of(op),
    )


def task_of(op: raw.Op) -> Task:
    reference = raw.kp_op_get(op, "task")
    if reference is not None:
        return Task(reference, None, cost_of(op))
    solution = solution_of(op)
    return Task("", solution, solution.cost)


def balance_of(op: raw.Op) -> Balance:
    return Balance(_fact(op, "balance"), _fact(op, "unit"))


def list_of(op: raw.Op) -> List[Dict[str, Any]]:
    items: List[Dict[str, Any]] = json.loads(_fact(op, "answer"))
    return items


def key_of(op: raw.Op) -> Dict[str, str]:
    key: Dict[str, str] = json.loads(_fact(op, "answer"))
    return key


def _amount(value: Any) -> Any:
    """Dollars come as text, counts as numbers."""
    return Decimal(value) if isinstance(value, str) else value


def _moment(text: Optional[str]) -> Optional[datetime.datetime]:
    return None if text is None else datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


def limits_of(op: raw.Op) -> Limits:
    told: Dict[str, Any] = json.loads(_fact(op, "answer"))
    for limit in told["limits"]:
        limit.update({name: _amount(limit[name]) for name in ("limit", "used", "left")}, resets_at=_moment(limit["resets_at"]))
    for window in told["windows"]:
        window["opens_at"] = _moment(window["opens_at"])
    if told["paused"] is not None:
        told["paused"]["until"] = _moment(told["paused"]["until"])
    return cast(Limits, told)


def begin_look(core: Core, kind: int, timeout: Timeout, now: bool = False) -> Operation[Balance]:
    return core.begin(kind, {"now": "1" if now else None, "timeout_ms": milliseconds(timeout)}, balance_of)


def begin_rotate(core: Core, name: Optional[str], timeout: Timeout) -> Operation[Dict[str, str]]:
    if name is not None and not isinstance(name, str):
        raise TypeError(f"name: str expected, got {type(name).__name__}")
    return core.begin(raw.KP_REFRESH, {"what": name, "timeout_ms": milliseconds(timeout)}, key_of)


def text_or_none(name: str, value: Optional[str]) -> Optional[str]:
    if value is not None and not isinstance(value, str):
        raise TypeError(f"{name}: str expected, got {type(value).__name__}")
    return value


def tag_facts(tags: Tags) -> Facts:
    if tags is not None and not isinstance(tags, Mapping):
        raise TypeError(f"tags: a mapping expected, got {type(tags).__name__}")
    facts: Facts = {}
    for name, value in (tags or {}).items():
        if not isinstance(name, str) or not isinstance(value, str):
            raise TypeError("tags: names and texts are of type str")
        if not name.isascii() or "\0" in name:
            raise own_error("misuse", "tags: the name of a tag is 1 to 64 letters, digits and . _ - : @")
        facts[f"tag.{name}"] = value
    return facts


def paid_facts(
    method: str,
    params: Params,
    more: Mapping[str, Any],
    timeout: Timeout,
    sync: bool,
    client_id: Optional[str],
    tags: Tags,
) -> Facts:
    """file among the parameters has the bytes of an upload. No traceback of what is raised has any of them."""
    merged: Dict[str, Any] = {}
    file: Any = None
    try:
        if not isinstance(method, str):
            raise TypeError(f"method: str expected, got {type(method).__name__}")
        if params is not None and not isinstance(params, Mapping):
            raise TypeError(f"params: a mapping expected, got {type(params).__name__}")
        merged = {**(params or {}), **more}
        if not all(isinstance(name, str) for name in merged):
            # JSON would make names such as "null" and "1" of them.
            raise TypeError("params: the name of a parameter is not a str")
        file = merged.pop("file", None)
        if file is not None and not isinstance(file, (bytes, bytearray, memoryview)):
            raise TypeError(f"file: bytes expected, got {type(file).__name__}")
        return {
            "method": method,
            "params": _as_text(merged),
            "file": None if file is None else bytes(file),
            "sync": "1" if sync else None,
            "timeout_ms": milliseconds(timeout),
            "client_id": text_or_none("client_id", client_id),
            **tag_facts(tags),
        }
    finally:
        del method, params, more, merged, file, tags


def _as_text(parameters: Dict[str, Any]) -> bytes:
    wrong = ""
    try:
        return as_json(parameters, _no_special)
    except Error:
        raise
    except ValueError as problem:  # NaN, infinity, circles
        wrong = str(problem)
    finally:
        del parameters
    raise own_error("bad_parameter", f"the parameters cannot be sent: {wrong}")


def begin_solve(core: Core, facts: Facts) -> Operation[Solution]:
    return core.begin(raw.KP_SOLVE, facts, solution_of)


def begin_submit(core: Core, facts: Facts) -> Operation[Task]:
    return core.begin(raw.KP_SUBMIT, facts, task_of)


def answered(task: str) -> Optional[Solution]:
    """What the service said already when the task was submitted."""
    if not isinstance(task, str):
        raise TypeError(f"task: a Task or str expected, got {type(task).__name__}")
    return getattr(task, "solution", None)


def begin_wait(core: Core, kind: int, task: str, timeout: Timeout) -> Operation[Solution]:
    return core.begin(kind, {"task": task, "timeout_ms": milliseconds(timeout)}, solution_of)


def begin_report(core: Core, task: str, good: bool, timeout: Timeout) -> Operation[None]:
    if not isinstance(good, bool):
        raise TypeError(f"good: bool expected, got {type(good).__name__}")
    answered(task)
    facts: Facts = {"task": task, "good": "1" if good else "0", "timeout_ms": milliseconds(timeout)}
    return core.begin(raw.KP_REPORT, facts, lambda op: None)


def begin_keys(core: Core, timeout: Timeout) -> Operation[List[Dict[str, Any]]]:
    return core.begin(raw.KP_TELL, {"what": "keys", "timeout_ms": milliseconds(timeout)}, list_of)


def begin_limits(core: Core, client_id: Optional[str], method: Optional[str], timeout: Timeout) -> Operation[Limits]:
    facts: Facts = {
        "what": "limits",
        "client_id": text_or_none("client_id", client_id),
        "method": text_or_none("method", method),
        "timeout_ms": milliseconds(timeout),
    }
    return core.begin(raw.KP_TELL, facts, limits_of)


def begin_metrics(core: Core, timeout: Timeout) -> Operation[str]:
    return core.begin(raw.KP_TELL, {"what": "metrics", "timeout_ms": milliseconds(timeout)}, lambda op: _fact(op, "answer"))


def begin_pause(core: Core, reason: Optional[str], duration: Timeout, timeout: Timeout) -> Operation[None]:
    facts: Facts = {
        "what": text_or_none("reason", reason),
        "for_ms": milliseconds(duration, "duration"),
        "timeout_ms": milliseconds(timeout),
    }
    return core.begin(raw.KP_PAUSE, facts, lambda op: None)


def begin_resume(core: Core, timeout: Timeout) -> Operation[None]:
    return core.begin(raw.KP_PAUSE, {"undo": "1", "timeout_ms": milliseconds(timeout)}, lambda op: None)


def gaps(client: Optional[raw.Client]) -> List[Gap]:
    found: List[Gap] = []
    while gap := raw.kp_hygiene(client, len(found)):
        found.append(Gap(*gap))
    return found
