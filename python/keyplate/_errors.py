"""_errors.py: the exceptions: one for each class of the list of errors in the core."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Dict, List, NamedTuple, Optional, Tuple, Type, Union

from . import _raw as raw
from ._types import Task


class Error(Exception):
    """What every failure of keyplate is. Its text names the cause, and has no key in it.

    code is the service's own word (``ERROR_ZERO_BALANCE``) or ours (``no_key``), class_ is what a program decides by,
    retry_after is in seconds, task is the reference of a task that was accepted. outcome_unknown: a submit was sent, and
    its answer was lost: it counts as spent. limit is the name of the limit that refused, left what is left of it: dollars as
    Decimal, or a count.
    """

    _class = "internal"

    def __init_subclass__(cls, of: Optional[str] = None, **more: Any) -> None:
        """of: the class in the list of errors that it stands for."""
        super().__init_subclass__(**more)
        if of is not None:
            cls._class = of

    def __init__(
        self,
        text: str = "",
        *,
        code: str = "",
        class_: Optional[str] = None,
        advice: str = "",
        retry_after: Optional[float] = None,
        task: Optional[Task] = None,
        outcome_unknown: bool = False,
        provider_code: Optional[str] = None,
        http_status: Optional[int] = None,
        limit: Optional[str] = None,
        left: Union[Decimal, int, None] = None,
    ) -> None:
        super().__init__(text)
        self.text = text
        self.code = code
        self.class_ = class_ or self._class
        self.advice = advice
        self.retry_after = retry_after
        self.task = task
        self.outcome_unknown = outcome_unknown
        self.provider_code = provider_code
        self.http_status = http_status
        self.limit = limit
        self.left = left

    def __str__(self) -> str:
        head = f"{self.code}: {self.text}" if self.code else self.text
        end = " " if head.endswith((".", "?", "!")) else ". "
        return f"{head}{end}{self.advice}" if self.advice else head

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self)!r})"

    def __reduce__(self) -> Tuple[Any, ...]:
        return type(self), (self.text,), self.__dict__


class UsageError(Error, ValueError, of="usage"):
    """The program calls keyplate, or configures it, in a way that cannot be."""


class InvalidRequestError(Error, ValueError, of="input"):
    """Method or parameters are not right. Nothing was charged."""


class AuthenticationError(Error, of="key"):
    """There is no key, or not one that the service accepts."""


class InsufficientFundsError(Error, of="funds"):
    """The account has no funds."""


class AddressError(Error, of="address"):
    """The service does not accept this address, or banned it."""


class BusyError(Error, of="busy"):
    """The service has no room for the task just now. It was not accepted."""


class QuotaError(Error, of="quota"):
    """The plan of the account is used up for now."""


class TaskError(Error, of="task"):
    """The service could not do the task."""


class TaskPendingError(Error, of="pending"):
    """The task is not ready. (Client.result gives None then.)"""


class TransportError(Error, ConnectionError, of="network"):
    """The network failed."""


class ProtocolError(Error, of="protocol"):
    """The answer is not one of this service."""


class ServerError(Error, of="server"):
    """The service has trouble of its own."""


class TaskTimeoutError(Error, TimeoutError, of="timeout"):
    """The time is over. A task that it names goes on, and can be waited for."""


class LimitExceededError(Error, of="limit"):
    """A limit that was set for these calls is reached."""


class StoreError(Error, of="store"):
    """Shared state or record could not be used."""


class CancelledError(Error, of="cancelled"):
    """The call was ended: the client was closed meanwhile. A task that it names goes on."""


class UnknownError(Error, of="unknown"):
    """The service answered with a code that this version does not know."""


class InternalError(Error, of="internal"):
    """A fault of keyplate, or memory is short."""


BY_CLASS: Dict[str, Type[Error]] = {kind._class: kind for kind in Error.__subclasses__()}


class ErrorInfo(NamedTuple):
    """One row of the list of errors."""

    code: str
    class_: str
    text: str
    advice: str
    exception: Type[Error]


def error_list() -> List[ErrorInfo]:
    """All errors that this version knows, in the order of the list.

    >>> [row.exception.__name__ for row in error_list() if row.code == "ERROR_ZERO_BALANCE"]
    ['InsufficientFundsError']
    """
    rows: List[ErrorInfo] = []
    while number := raw.kp_error_at(len(rows)):
        word = raw.kp_error_class(number)
        name, text, advice = raw.kp_error_name(number), raw.kp_error_text(number), raw.kp_error_advice(number)
        rows.append(ErrorInfo(name, word, text, advice, BY_CLASS.get(word, Error)))
    return rows


def row_of(code: str) -> ErrorInfo:
    """The row of one of our own codes."""
    return next(row for row in error_list() if row.code == code)


def own_error(code: str, text: str) -> Error:
    """An error that is found on this side of the core, by its code there."""
    row = row_of(code)
    return row.exception(text, code=code, class_=row.class_, advice=row.advice)


def dollars(micro: Union[str, int]) -> Decimal:
    """Exact, whatever the context."""
    return Decimal(f"{micro}e-6")


def error_of(op: raw.Op, why: str = "") -> Error:
    """What an operation that failed raises. why: what the function that gives the key said."""

    def number(name: str) -> Optional[int]:
        value = raw.kp_op_get(op, name)
        return None if value is None else int(value)

    word = raw.kp_op_get(op, "class") or "internal"
    text = raw.kp_op_get(op, "text") or ""
    if why and word == "key":
        text = f"{raw.kp_error_text(raw.kp_op_error(op))}: the function that gives it failed: {why}"
    task, wait = raw.kp_op_get(op, "task"), number("retry_after_ms")
    limit, left = raw.kp_op_get(op, "limit"), number("left")
    return BY_CLASS.get(word, Error)(
        text,
        code=raw.kp_op_get(op, "code") or "",
        class_=word,
        advice=raw.kp_op_get(op, "advice") or "",
        retry_after=None if wait is None else wait / 1000,
        task=None if task is None else Task(task),
        outcome_unknown=raw.kp_op_get(op, "unknown") is not None,
        provider_code=raw.kp_op_get(op, "provider_code"),
        http_status=number("http_status"),
        limit=limit,
        left=dollars(left) if left is not None and limit is not None and limit.startswith("usd_") else left,
    )
