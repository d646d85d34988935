"""_aio.py: AsyncClient: the calls of a service for asyncio. Each runs in a thread; to cancel it cancels the call itself."""

from __future__ import annotations

import asyncio
import concurrent.futures
import os
from types import TracebackType
from typing import Any, Dict, List, Optional, Type, TypeVar

from . import _calls as calls
from . import _raw as raw
from ._calls import Params, Tags, Timeout
from ._client import Base
from ._core import Operation, note
from ._errors import TaskPendingError
from ._types import Balance, Limits, Solution, Task

MOST_CALLS = 256
T = TypeVar("T")
Own = TypeVar("Own", bound="AsyncClient")


class AsyncClient(Base):
    """A client of one service for asyncio: the same calls as Client, with await. A function that gives a key may be a
    coroutine function. At most 256 calls run at a time; others wait for their turn.

    >>> import asyncio
    >>> async def main():
    ...     async with AsyncClient() as client:
    ...         return (await client.solve("turnstile", sitekey="a", pageurl="https://example.com/")).answer
    >>> asyncio.run(main())
    'sandbox-answer-...'
    """

    _pool: Optional[concurrent.futures.ThreadPoolExecutor] = None
    _process = 0

    def _executor(self) -> concurrent.futures.ThreadPoolExecutor:
        """Its threads are not there after a fork."""
        if self._pool is None or self._process != os.getpid():
            self._pool = concurrent.futures.ThreadPoolExecutor(MOST_CALLS, "keyplate")
            self._process = os.getpid()
        return self._pool

    async def _run(self, operation: Operation[T]) -> T:
        operation.loop = asyncio.get_running_loop()
        work: "concurrent.futures.Future[T]" = self._executor().submit(lambda: self._core.run(operation))
        waiting: "asyncio.Future[T]" = asyncio.wrap_future(work)
        try:
            return await asyncio.shield(waiting)
        except asyncio.CancelledError as stop:
            if not work.cancel():
                await self._end(operation, waiting)
                note(stop, operation.handle)
            raise

    async def _end(self, operation: Operation[T], waiting: "asyncio.Future[T]") -> None:
        """What was paid is settled before the caller goes on, however often it is cancelled."""
        raw.kp_run_cancel(operation.handle)
        while not waiting.done():
            try:
                await asyncio.wait([waiting])
            except asyncio.CancelledError:
                continue
        if not waiting.cancelled():
            waiting.exception()

    async def solve(
        self, method: str, params: Params = None, /, *, timeout: Timeout = None, sync: bool = False,
        client_id: Optional[str] = None, tags: Tags = None, **parameters: Any,
    ) -> Solution:
        """Submits a task and waits for its answer."""
        try:
            facts = calls.paid_facts(method, params, parameters, timeout, sync, client_id, tags)
        finally:
            del method, params, parameters, tags  # they may be secrets: no traceback keeps them
        operation = calls.begin_solve(self._core, facts)
        del facts
        return await self._run(operation)

    async def submit(
        self, method: str, params: Params = None, /, *, timeout: Timeout = None, sync: bool = False,
        client_id: Optional[str] = None, tags: Tags = None, **parameters: Any,
    ) -> Task:
        """Submits a task and gives its reference. It is sent at most once."""
        try:
            facts = calls.paid_facts(method, params, parameters, timeout, sync, client_id, tags)
        finally:
            del method, params, parameters, tags  # they may be secrets: no traceback keeps them
        operation = calls.begin_submit(self._core, facts)
        del facts
        return await self._run(operation)

    async def result(self, task: str, *, timeout: Timeout = None) -> Optional[Solution]:
        """Asks once; None while the task is not ready."""
        known = calls.answered(task)
        if known:
            return known
        operation = calls.begin_wait(self._core, raw.KP_RESULT, task, timeout)
        del task
        try:
            return await self._run(operation)
        except TaskPendingError:
            return None

    async def wait(self, task: str, *, timeout: Timeout = None) -> Solution:
        """Waits for the answer."""
        known = calls.answered(task)
        if known:
            return known
        operation = calls.begin_wait(self._core, raw.KP_WAIT, task, timeout)
        del task
        return await self._run(operation)

    async def report(self, task: str, good: bool, *, timeout: Timeout = None) -> None:
        """Tells the service whether its answer was good."""
        operation = calls.begin_report(self._core, task, good, timeout)
        del task
        await self._run(operation)

    async def balance(self, *, timeout: Timeout = None) -> Balance:
        """What the account has."""
        return await self._run(calls.begin_look(self._core, raw.KP_BALANCE, timeout))

    async def verify(self, *, now: bool = False, timeout: Timeout = None) -> Balance:
        """Proves the key by one balance call. now: one that cools off after a refusal too, once."""
        return await self._run(calls.begin_look(self._core, raw.KP_VERIFY, timeout, now))

    async def rotate(self, name: Optional[str] = None, *, timeout: Timeout = None) -> Dict[str, str]:
        """Reads the places of a key again, proves what is new there by one balance call and puts it in use. name: of a
        member of the ring; None: the first. Gives the key that is in use then, masked."""
        operation = calls.begin_rotate(self._core, name, timeout)
        del name  # it may be a key in the wrong place: no traceback keeps it
        return await self._run(operation)

    async def keys(self, *, timeout: Timeout = None) -> List[Dict[str, Any]]:
        """The keys of the ring, masked: where each was found, its state, age and end, and who uses it."""
        return await self._run(calls.begin_keys(self._core, timeout))

    async def limits(
        self, *, client_id: Optional[str] = None, method: Optional[str] = None, timeout: Timeout = None
    ) -> Limits:
        """The limits of paid calls: what is used, what is left, when they begin anew; windows; whether calls are paused.
        client_id, method: whose limits are told where each one has limits of its own.
        """
        return await self._run(calls.begin_limits(self._core, client_id, method, timeout))

    async def metrics(self, *, timeout: Timeout = None) -> str:
        """What this client has counted, in the text format of Prometheus."""
        return await self._run(calls.begin_metrics(self._core, timeout))

    async def pause(self, reason: Optional[str] = None, *, duration: Timeout = None, timeout: Timeout = None) -> None:
        """No paid calls of all that share the store, for so many seconds, or until resume(). What was paid is still waited
        for. limits() tells the reason.
        """
        await self._run(calls.begin_pause(self._core, reason, duration, timeout))

    async def resume(self, *, timeout: Timeout = None) -> None:
        """Paid calls go on."""
        await self._run(calls.begin_resume(self._core, timeout))

    async def aclose(self) -> None:
        """Ends all calls that are under way, and waits for that. Twice is fine."""
        await asyncio.get_running_loop().run_in_executor(None, self._core.close)
        if self._pool is not None and self._process == os.getpid():
            self._pool.shutdown(wait=False)

    async def __aenter__(self: Own) -> Own:
        return self

    async def __aexit__(
        self, kind: Optional[Type[BaseException]], problem: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        await self.aclose()
