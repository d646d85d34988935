"""keyplate holds the API keys of CAPTCHA-solving services, makes the authenticated calls, and keeps keys and money safe.

>>> import keyplate
>>> with keyplate.Client() as client:
...     print(client.solve("turnstile", sitekey="a", pageurl="https://example.com/"))
sandbox-answer-...
"""

from . import _raw
from ._aio import AsyncClient
from ._calls import gaps as _gaps
from ._client import Client
from ._config import Configuration as _Configuration
from ._errors import (
    AddressError,
    AuthenticationError,
    BusyError,
    CancelledError,
    Error,
    ErrorInfo,
    InsufficientFundsError,
    InternalError,
    InvalidRequestError,
    LimitExceededError,
    ProtocolError,
    QuotaError,
    ServerError,
    StoreError,
    TaskError,
    TaskPendingError,
    TaskTimeoutError,
    TransportError,
    UnknownError,
    UsageError,
    error_list,
)
from ._redact import Redactor, redact
from ._types import Balance, Gap, Key, Limit, Limits, Pause, Solution, Task, Window

if _raw.kp_abi() != _raw.KP_ABI:
    raise ImportError(f"the library keyplate has ABI {_raw.kp_abi()}, this package was built for {_raw.KP_ABI}")
__version__ = _raw.kp_version()


def hygiene() -> "list[Gap]":
    """What protects the keys of this process less than it should.

    >>> "language_strings" in [gap.name for gap in hygiene()]
    True
    """
    return _gaps(_raw.kp_client_new(_Configuration().handle))


__all__ = [
    "AddressError",
    "AsyncClient",
    "AuthenticationError",
    "Balance",
    "BusyError",
    "CancelledError",
    "Client",
    "Error",
    "ErrorInfo",
    "Gap",
    "InsufficientFundsError",
    "InternalError",
    "InvalidRequestError",
    "Key",
    "Limit",
    "LimitExceededError",
    "Limits",
    "Pause",
    "ProtocolError",
    "QuotaError",
    "Redactor",
    "ServerError",
    "Solution",
    "StoreError",
    "Task",
    "TaskError",
    "TaskPendingError",
    "TaskTimeoutError",
    "TransportError",
    "UnknownError",
    "UsageError",
    "Window",
    "error_list",
    "hygiene",
    "redact",
]

# They are shown, found and pickled by the name that programs use.
for _name in __all__:
    globals()[_name].__module__ = __name__
