"""_client.py: Client: the calls of a service, each of which blocks until it is over."""

from __future__ import annotations

from types import TracebackType
from typing import Any, Dict, List, NoReturn, Optional, Sequence, Type, TypeVar

from . import _calls as calls
from . import _raw as raw
from ._calls import Params, Tags, Timeout
from ._config import Member, Place, configured
from ._core import Core
from ._errors import TaskPendingError
from ._events import take_events
from ._types import Balance, Gap, Limits, Solution, Task

Own = TypeVar("Own", bound="Client")


class Base:
    """What both kinds of clients are made of, and what needs no call."""

    _core: Core

    def __init__(
        self,
        provider: Optional[str] = None,
        *,
        key: Optional[Member] = None,
        keys: Optional[Sequence[Member]] = None,
        config: Place = None,
        log: bool = True,
        **options: Any,
    ) -> None:
        """key is one member of the ring, keys a list of them: a reference such as ``"file:PATH"`` or ``"env:NAME"``, a Key,
        a function that gives the key, or ``{"name": …, "from": […]}``, which can also have ``not_after`` and ``window``.
        Without both, the default places are looked at.

        config: the path of a configuration file in place of the usual one; False: neither file nor variables. log: events go
        to the logger ``keyplate``. All other options are those of ``keyplate help config``: ``timeout="60s"``,
        ``poll={"every": "2s"}``. profile picks one of the profiles, of the configuration file or given here:
        ``profile="dev", profiles={"dev": {"keys": ["env:DEV_KEY"]}}``; what it has goes before the options beside it.
        """
        try:
            configuration = configured(provider, key, keys, config, options)
        finally:
            # Whoever shows the variables of a traceback shows no key that stands in the wrong place.
            del provider, key, keys, options
        self._core = Core(configuration, log)

    def hygiene(self) -> List[Gap]:
        """What protects the keys of this process less than it should."""
        self._core.check_open()
        return calls.gaps(self._core.client)

    def events(self) -> List[Dict[str, Any]]:
        """What happened and was not told yet, the oldest first. With log=True the logger has most of it already."""
        self._core.check_open()
        return take_events(self._core.client)

    def option(self, name: str) -> Optional[str]:
        """The value of an option as text; None if there is no such option."""
        self._core.check_open()
        return self._core.option(name)

    def __repr__(self) -> str:
        core: Optional[Core] = getattr(self, "_core", None)
        state = "closed" if core is None or core.closed else core.option("provider")
        return f"<keyplate.{type(self).__name__} {state}>"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a client cannot be copied or pickled; each process makes its own")


class Client(Base):
    """A client of one service. Any thread may use it, and the child of a fork.

    >>> with Client() as client:
    ...     solution = client.solve("turnstile", sitekey="a", pageurl="https://example.com/")
    >>> solution.answer
    'sandbox-answer-1...'
    """

    def solve(
        self, method: str, params: Params = None, /, *, timeout: Timeout = None, sync: bool = False,
        client_id: Optional[str] = None, tags: Tags = None, **parameters: Any,
    ) -> Solution:
        """Submits a task and waits for its answer. timeout: seconds, or a timedelta. Parameters of the service are given by
        name, or in params; file has the bytes of an upload. client_id (who the call is for) and tags (a mapping of texts)
        are for limits and the record, and are not sent: no service has parameters of these names.

        Ctrl-C ends it at once: the reference of the task is then in the notes of the KeyboardInterrupt.
        """
        try:
            facts = calls.paid_facts(method, params, parameters, timeout, sync, client_id, tags)
        finally:
            del method, params, parameters, tags  # they may be secrets: no traceback keeps them
        operation = calls.begin_solve(self._core, facts)
        del facts
        return self._core.run(operation)

    def submit(
        self, method: str, params: Params = None, /, *, timeout: Timeout = None, sync: bool = False,
        client_id: Optional[str] = None, tags: Tags = None, **parameters: Any,
    ) -> Task:
        """Submits a task and gives its reference. It is sent at most once.

        >>> client = Client()
        >>> task = client.submit("turnstile", sitekey="a", pageurl="https://example.com/")
        >>> client.wait(task).answer
        'sandbox-answer-...'
        >>> client.report(task, good=True)
        """
        try:
            facts = calls.paid_facts(method, params, parameters, timeout, sync, client_id, tags)
        finally:
            del method, params, parameters, tags  # they may be secrets: no traceback keeps them
        operation = calls.begin_submit(self._core, facts)
        del facts
        return self._core.run(operation)

    def result(self, task: str, *, timeout: Timeout = None) -> Optional[Solution]:
        """Asks once; None while the task is not ready."""
        known = calls.answered(task)
        if known:
            return known
        operation = calls.begin_wait(self._core, raw.KP_RESULT, task, timeout)
        del task
        try:
            return self._core.run(operation)
        except TaskPendingError:
            return None

    def wait(self, task: str, *, timeout: Timeout = None) -> Solution:
        """Waits for the answer."""
        known = calls.answered(task)
        if known:
            return known
        operation = calls.begin_wait(self._core, raw.KP_WAIT, task, timeout)
        del task
        return self._core.run(operation)

    def report(self, task: str, good: bool, *, timeout: Timeout = None) -> None:
        """Tells the service whether its answer was good."""
        operation = calls.begin_report(self._core, task, good, timeout)
        del task
        self._core.run(operation)

    def balance(self, *, timeout: Timeout = None) -> Balance:
        """What the account has.

        >>> Client().balance() > 1
        True
        """
        return self._core.run(calls.begin_look(self._core, raw.KP_BALANCE, timeout))

    def verify(self, *, now: bool = False, timeout: Timeout = None) -> Balance:
        """Proves the key by one balance call. now: one that cools off after a refusal too, once.

        >>> Client().verify(now=True).unit
        'USD'
        """
        return self._core.run(calls.begin_look(self._core, raw.KP_VERIFY, timeout, now))

    def rotate(self, name: Optional[str] = None, *, timeout: Timeout = None) -> Dict[str, str]:
        """Reads the places of a key again, proves what is new there by one balance call and puts it in use. name: of a
        member of the ring; None: the first. Gives the key that is in use then, masked.

        >>> key = Client().rotate("primary")
        >>> sorted(key), key["name"], key["masked"]
        (['fingerprint', 'masked', 'name', 'source'], 'primary', '***...')
        """
        operation = calls.begin_rotate(self._core, name, timeout)
        del name  # it may be a key in the wrong place: no traceback keeps it
        return self._core.run(operation)

    def keys(self, *, timeout: Timeout = None) -> List[Dict[str, Any]]:
        """The keys of the ring, masked: where each was found, its state, age and end, and who uses it.

        >>> [key] = [key for key in Client().keys() if key["masked"]]
        >>> key["state"], key["preferred"], key["age"], key["safe_to_revoke"], [host["host"] for host in key["hosts"]]
        ('current', False, 'fresh', False, [...])
        """
        return self._core.run(calls.begin_keys(self._core, timeout))

    def limits(
        self, *, client_id: Optional[str] = None, method: Optional[str] = None, timeout: Timeout = None
    ) -> Limits:
        """The limits of paid calls: what is used, what is left, when they begin anew; windows; whether calls are paused.
        client_id, method: whose limits are told where each one has limits of its own.

        >>> with Client(limits={"per_day": 100}) as client:
        ...     client.limits()["limits"][0]["left"]
        100
        """
        return self._core.run(calls.begin_limits(self._core, client_id, method, timeout))

    def metrics(self, *, timeout: Timeout = None) -> str:
        """What this client has counted, in the text format of Prometheus."""
        return self._core.run(calls.begin_metrics(self._core, timeout))

    def pause(self, reason: Optional[str] = None, *, duration: Timeout = None, timeout: Timeout = None) -> None:
        """No paid calls of all that share the store, for so many seconds, or until resume(). What was paid is still waited
        for. limits() tells the reason.

        >>> with Client() as client:
        ...     client.pause("the bill is too high", duration=3600)
        ...     client.limits()["paused"]["reason"]
        ...     client.resume()
        'the bill is too high'
        """
        self._core.run(calls.begin_pause(self._core, reason, duration, timeout))

    def resume(self, *, timeout: Timeout = None) -> None:
        """Paid calls go on."""
        self._core.run(calls.begin_resume(self._core, timeout))

    def close(self) -> None:
        """Ends all calls of other threads (they get a CancelledError), and waits for that. Twice is fine."""
        self._core.close()

    def __enter__(self: Own) -> Own:
        return self

    def __exit__(
        self, kind: Optional[Type[BaseException]], problem: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        self.close()
