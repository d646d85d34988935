"""_types.py: what calls give: balances, tasks, solutions, gaps; and keys by value."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, List, NamedTuple, NoReturn, Optional, Tuple, TypedDict, Union

from . import _raw as raw


class Balance(Decimal):
    """An amount, exact, with its unit.

    >>> balance = Balance("12.345", "USD")
    >>> balance > 5, balance.unit
    (True, 'USD')
    """

    __slots__ = ("unit",)
    unit: str

    def __new__(cls, value: Union[str, Decimal] = "0", unit: str = "") -> Balance:
        self = super().__new__(cls, value)
        self.unit = unit
        return self

    def __reduce__(self) -> Any:
        return type(self), (str(self), self.unit)

    def __copy__(self) -> Balance:
        return self

    def __deepcopy__(self, memo: Any) -> Balance:
        return self


class Task(str):
    """The reference of a task: a str, such as ``captchaai/primary~1a2b3c4d/123``. It says which key submitted it.

    Some services answer a submit at once: then there is no reference, and solution has the answer. cost is what it cost, if
    the option prices says so.

    >>> task = Task("captchaai/primary~1a2b3c4d/123")
    >>> task.provider, task.key, task.id
    ('captchaai', 'primary', '123')
    """

    __slots__ = ("solution", "cost")
    solution: Optional[Solution]
    cost: Optional[Decimal]

    def __new__(cls, reference: str = "", solution: Optional[Solution] = None, cost: Optional[Decimal] = None) -> Task:
        self = super().__new__(cls, reference)
        self.solution = solution
        self.cost = cost
        return self

    @property
    def provider(self) -> str:
        """captchaai or nocaptchaai; empty for a bare id."""
        return self.partition("/")[0] if "/" in self else ""

    @property
    def key(self) -> str:
        """The name of the key that submitted it; empty for a bare id."""
        return self.split("/", 2)[1].partition("~")[0] if "/" in self else ""

    @property
    def id(self) -> str:
        """The service's own id."""
        return self.split("/", 2)[-1]

    def __repr__(self) -> str:
        return f"Task({str(self)!r})"

    def __str__(self) -> str:
        return str.__str__(self)

    def __reduce__(self) -> Tuple[Any, ...]:
        return type(self), (str(self), self.solution, self.cost)


@dataclass(frozen=True)
class Solution:
    """The answer to a task. str() of it is the answer."""

    answer: str
    task: Optional[Task]
    provider: str
    key: str
    """The key that was used, masked."""
    elapsed: float
    """Seconds."""
    polls: int
    cost: Optional[Decimal] = None
    """What it cost, in dollars, if the option prices says so."""

    def __str__(self) -> str:
        return self.answer


class Gap(NamedTuple):
    """Something that protects the keys of this process less than it should, and what to do about it."""

    name: str
    text: str
    advice: str


class Limit(TypedDict):
    """One limit of paid calls. Dollars are Decimal, counts are int; None while the store cannot be asked."""

    scope: str
    """all, or key:NAME, method:NAME, client_id:NAME."""
    name: str
    limit: Union[Decimal, int]
    used: Union[Decimal, int, None]
    left: Union[Decimal, int, None]
    resets_at: Optional[datetime.datetime]
    policy: str
    """What a call does that finds it used up: refuse (it ends at once) or wait."""
    shadow: bool
    """It is counted and told, and refuses nothing."""


class Window(TypedDict):
    """When paid calls may be made."""

    scope: str
    open: bool
    opens_at: Optional[datetime.datetime]


class Pause(TypedDict):
    """Paid calls of all that share the store are paused."""

    left_ms: int
    until: Optional[datetime.datetime]
    reason: str


class Limits(TypedDict):
    """What stands between a paid call and the service."""

    limits: List[Limit]
    windows: List[Window]
    paused: Optional[Pause]
    store: str
    """ok, or away: it cannot be asked."""


class Key:
    """A key by value, for programs whose framework holds it already. A reference to a place, such as ``file:PATH``, is
    better: a str of Python cannot be wiped.

    >>> import secrets
    >>> value = secrets.token_hex(16)
    >>> key = Key.from_value(value)
    >>> str(key) == "***" + value[-4:]
    True
    """

    __slots__ = ("_secret",)
    _secret: raw.Secret

    def __init__(self) -> None:
        raise TypeError("use Key.from_value")

    @classmethod
    def from_value(cls, value: Union[str, bytes, bytearray, memoryview]) -> Key:
        """A copy of the key in guarded memory. From now on no redactor shows it."""
        try:
            secret = raw.kp_secret_new(value)
        finally:
            del value  # no traceback keeps it
        self = object.__new__(cls)
        self._secret = secret
        return self

    def __str__(self) -> str:
        secret: Optional[raw.Secret] = getattr(self, "_secret", None)  # __new__ alone gives none
        return "***" if secret is None else raw.kp_secret_mask(secret)

    def __repr__(self) -> str:
        return f"Key({self})"

    def __copy__(self) -> Key:
        return self

    def __deepcopy__(self, memo: Any) -> Key:
        return self

    def __reduce__(self) -> NoReturn:
        raise TypeError("a key cannot be pickled; give the other process a reference to its place")
