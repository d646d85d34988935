"""_core.py: a client of the core and what drives its operations: in slices, so that signals and key functions get their
turn; whatever is raised on the way, what was paid is settled first."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextvars
import inspect
import os
import threading
from typing import Any, Callable, Dict, Generic, Mapping, Optional, TypeVar, Union

from . import _raw as raw
from ._config import Configuration, KeyFunction
from ._errors import Error, error_of, own_error
from ._events import tell_log
from ._redact import redact

SLICE_MS = 100
T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Operation(Generic[T_co]):
    """One call: what the core is told, and what is made of its outcome."""

    __slots__ = ("handle", "finish", "why", "loop")

    def __init__(self, handle: raw.Op, finish: Callable[[raw.Op], T_co]) -> None:
        self.handle = handle
        self.finish = finish
        self.why = ""  # what the function that gives the key said
        self.loop: Optional[asyncio.AbstractEventLoop] = None

    def result(self) -> T_co:
        if raw.kp_op_error(self.handle):
            raise error_of(self.handle, self.why)
        return self.finish(self.handle)


class Asking:
    """A function that gives the key of a client is under way. What it awaits and starts knows of it by its context."""

    __slots__ = ("core", "outer", "over")

    def __init__(self, core: Core, outer: Optional[Asking]) -> None:
        self.core = core
        self.outer = outer
        self.over = False


_asking: contextvars.ContextVar[Optional[Asking]] = contextvars.ContextVar("keyplate_asking", default=None)


class Core:
    """A client. Safe from any thread, and in the child of a fork."""

    def __init__(self, configuration: Configuration, log: bool) -> None:
        self.log = log
        self.functions: Dict[str, KeyFunction] = configuration.functions
        self.client = raw.kp_client_new(configuration.handle)
        self.closed = False
        self.begin_process()
        self.check()
        self.runner = raw.kp_runner_new(self.client)

    def begin_process(self) -> None:
        """Threads, and what they hold, are not there after a fork."""
        self.running: Dict[raw.Op, int] = {}  # and the thread that drives it
        self.idle = threading.Condition()
        self.process = os.getpid()

    def check(self) -> None:
        """Raises what is wrong with the configuration: every operation would end with it."""
        operation = self.begin(raw.KP_BALANCE, {"dry_run": "1"}, lambda op: None)
        raw.kp_local_time(operation.handle)
        operation.result()

    def check_open(self) -> None:
        if self.closed:
            raise own_error("misuse", "the client is closed")

    def is_asked_for(self) -> bool:
        """Whether the caller is a function that gives a key of this client: to wait for it would never end."""
        asking = _asking.get()
        while asking is not None and (asking.over or asking.core is not self):
            asking = asking.outer
        return asking is not None

    def begin(
        self, kind: int, facts: Mapping[str, Union[str, bytes, None]], finish: Callable[[raw.Op], T]
    ) -> Operation[T]:
        """What the core refuses of the facts, it says when the operation runs."""
        if self.process != os.getpid():
            self.begin_process()
        self.check_open()
        if self.is_asked_for():
            raise own_error("misuse", "the client waits for the function that gives its key, which cannot use it")
        try:
            op = raw.kp_op_new(self.client, kind)
        except ValueError:  # another thread closes it just now
            self.check_open()
            raise
        for name, value in facts.items():
            if value is not None:
                raw.kp_op_set(op, name, value.encode("utf-8", "surrogatepass") if isinstance(value, str) else value)
        return Operation(op, finish)

    def run(self, operation: Operation[T]) -> T:
        """Drives it to its end."""
        op = operation.handle
        try:
            try:
                self.drive(operation)
            finally:
                if self.log:
                    tell_log(self.client)
            return operation.result()
        except Error:
            raise
        except BaseException as stop:
            note(stop, op)
            raise
        finally:
            self.leave(op)

    def drive(self, operation: Operation[Any]) -> None:
        op, runner, process = operation.handle, self.runner, os.getpid()
        try:
            with self.idle:
                self.running[op] = threading.get_ident()
                if self.closed:
                    # What the runner was is gone: it ends by itself.
                    raw.kp_op_cancel(op)
                    raw.kp_local_time(op)
                    return
            while raw.kp_run_for(runner, op, SLICE_MS):
                if raw.kp_op_step(op) == raw.KP_READ:
                    self.answer(operation)
                if process != os.getpid():
                    self.abandon(op)
        except BaseException:
            self.settle(op)
            raise

    def abandon(self, op: raw.Op) -> None:
        """A handler of a signal, or the function that gives the key, has forked in the midst of a call: the parent goes on
        with it, else both would submit it."""
        if self.process != os.getpid():
            self.begin_process()
        raw.kp_run_cancel(op)

    def leave(self, op: raw.Op) -> None:
        with self.idle:
            self.running.pop(op, None)
            self.idle.notify_all()
            if self.closed and not self.running:
                self.free()

    def settle(self, op: raw.Op) -> None:
        """Ends it as if it had been cancelled. A second Ctrl-C does not hinder that."""
        while raw.kp_op_step(op) != raw.KP_DONE:
            try:
                raw.kp_run_cancel(op)
                raw.kp_run(self.runner, op)
            except KeyboardInterrupt:
                continue

    # ---- Functions that give a key ----

    def answer(self, operation: Operation[Any]) -> None:
        op = operation.handle
        give = self.functions.get((raw.kp_read_name(op) or "").removeprefix("host:"))
        asking = Asking(self, _asking.get())
        before = _asking.set(asking)
        try:
            why = "there is no such function" if give is None else hand_over(operation, give)
        finally:
            asking.over = True
            _asking.reset(before)
        if why:
            operation.why = redact(why)
            raw.kp_read_fail(op)

    def close(self) -> None:
        """Ends all calls that are under way, waits for their end, and frees everything. Twice is fine.

        A handler of a signal may close it in the midst of a call of its own thread: that call ends after the handler.
        """
        if self.process != os.getpid():
            self.begin_process()
        if self.is_asked_for():
            raise own_error("misuse", "the function that gives a key cannot close its client")
        with self.idle:
            self.closed = True
            for op in list(self.running):
                raw.kp_run_cancel(op)
            me = threading.get_ident()
            self.idle.wait_for(lambda: all(thread == me for thread in self.running.values()))
            if not self.running:
                self.free()

    def free(self) -> None:
        raw.kp_runner_free(self.runner)
        raw.kp_client_free(self.client)

    def option(self, name: str) -> Optional[str]:
        return raw.kp_client_option(self.client, name)


def note(stop: BaseException, op: raw.Op) -> None:
    """An interrupt loses no task: its reference is in the notes of the exception."""
    task = raw.kp_op_get(op, "task")
    if task is not None and hasattr(stop, "add_note"):
        stop.add_note(f"keyplate: the task {task} goes on, and can be waited for")


def hand_over(operation: Operation[Any], give: KeyFunction) -> str:
    """Asks for the key and hands it on; the reason, if there is none. No variable keeps the key."""
    try:
        return take(operation.handle, resolved(operation, give()))
    except Exception as problem:
        try:
            return f"{type(problem).__name__}: {problem}"
        except Exception:  # its text is no better
            return type(problem).__name__


def take(op: raw.Op, value: Any) -> str:
    if value is not None and not isinstance(value, (str, bytes, bytearray, memoryview)):
        return f"it returned a {type(value).__name__}, not a str"
    if isinstance(value, str):
        value = value.encode("utf-8", "surrogatepass")
    raw.kp_local_time(op)
    raw.kp_read_give(op, value)
    return ""


def resolved(operation: Operation[Any], value: Any) -> Any:
    """The value; that of an awaitable comes from the loop that waits for this call."""
    if not inspect.isawaitable(value):
        return value
    if operation.loop is None:
        if inspect.iscoroutine(value):
            value.close()
        raise TypeError("it is a coroutine function, for AsyncClient only")

    async def wait() -> Any:
        return await value

    future = asyncio.run_coroutine_threadsafe(wait(), operation.loop)
    op = operation.handle
    while True:
        try:
            return future.result(SLICE_MS / 1000)
        except (concurrent.futures.TimeoutError, TimeoutError):
            if future.done():  # with a TimeoutError of its own, or just now
                return future.result()
            if raw.kp_op_cancelled(op) or raw.kp_local_mono_ms() >= raw.kp_op_until(op):
                future.cancel()
                raise TimeoutError("it did not come to an end in time") from None
