"""logging.py: keeps keys out of Python's logs: a filter, formatters, and install() for all loggers at once.

    import keyplate.logging
    keyplate.logging.install()

Message, arguments, extra fields, exception with its causes and notes, and stack of a record are looked at. A record that
is clean stays as it is; of one that is not, what is left is text without keys.

Other ways of logging hand over dictionaries: redact_value takes the keys out of them. For structlog it is a processor, the
last one before the renderer; for Sentry it stands in before_send:

    structlog.configure(processors=[..., lambda logger, name, event: redact_value(event), structlog.processors.JSONRenderer()])
    sentry_sdk.init(..., before_send=lambda event, hint: redact_value(event))
"""

from __future__ import annotations

import functools
import io
import logging
import traceback
from types import TracebackType
from typing import Any, Callable, Dict, List, Optional, Tuple, Type, Union

from ._redact import redact

_ExcInfo = Union[
    Tuple[Type[BaseException], BaseException, Optional[TracebackType]], Tuple[None, None, None], Tuple[Any, ...]
]
# What a record has by itself; all else came as extra.
_OWN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
_PLAIN = (int, float, complex, bool, type(None))
_DEPTH = 8
MASK = "[REDACTED]"


def _shown(value: Any) -> str:
    """The text of a value, whatever its methods do."""
    try:
        return str(value) if not isinstance(value, (dict, list, tuple, set, frozenset)) else repr(value)
    except Exception as problem:
        return f"<{type(value).__name__}: {type(problem).__name__}>"


def _is_clean(value: Any) -> bool:
    """What cannot be shown as a whole, because of one part, may have anything in its other parts."""
    try:
        return all(redact(text) == text for text in (str(value), repr(value)))
    except Exception:
        return False


def _clean(value: Any, depth: int = 0) -> Any:
    """The value itself if it is clean; else one of the same shape with text in place of what is not."""
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, bytes):
        return redact(value)
    if _is_clean(value):
        return value
    if depth < _DEPTH:
        if type(value) is dict:
            pairs = {}
            for name, item in value.items():
                name, item = _clean(name, depth + 1), _clean(item, depth + 1)
                # A secret may be one only by its name.
                pairs[name] = item if _is_clean({name: item}) else MASK
            return pairs if _is_clean(pairs) else redact(_shown(value))
        if type(value) in (list, tuple, set, frozenset):
            items = type(value)([_clean(item, depth + 1) for item in value])
            return items if _is_clean(items) else redact(_shown(value))
    return redact(_shown(value))


def redact_value(value: Any) -> Any:
    """A value of any type without keys, such as an event of structlog or Sentry: the same object if it is clean; else
    dictionaries and lists keep their shape, and anything else with a key in it becomes text.

    >>> redact_value({"url": "/in.php?key=abcdefghijk", "headers": {"apikey": "abcdefghijk"}, "count": 7})
    {'url': '/in.php?key=[REDACTED]', 'headers': {'apikey': '[REDACTED]'}, 'count': 7}
    """
    return _clean(value)


def _trace(info: _ExcInfo) -> str:
    text = io.StringIO()
    traceback.print_exception(info[0], info[1], info[2], None, text)
    return text.getvalue().removesuffix("\n")


def _has_key(first: Optional[BaseException]) -> bool:
    """Whether an exception, or what caused it, has a key in what it keeps beside its text."""
    seen: Dict[int, BaseException] = {}
    waiting: List[Any] = [first]
    while waiting:
        problem = waiting.pop()
        if not isinstance(problem, BaseException) or id(problem) in seen:
            continue
        seen[id(problem)] = problem
        if not _is_clean(problem.args) or not _is_clean(problem.__dict__):
            return True
        parts = getattr(problem, "exceptions", None)
        waiting += [problem.__cause__, problem.__context__, *(parts if isinstance(parts, (list, tuple)) else ())]
    return False


def redact_record(record: logging.LogRecord) -> logging.LogRecord:
    """Takes the keys out of a record, in place. Whatever is in it, a call of a logger does not fail for it."""
    if not isinstance(record, logging.LogRecord):  # in place: any other object would be taken apart
        raise TypeError(f"a logging.LogRecord is expected, got {type(record).__name__}")
    try:
        _redact_message(record)
        for name, value in list(record.__dict__.items()):
            if name not in _OWN and not isinstance(value, _PLAIN):
                record.__dict__[name] = _clean(value)
        _redact_exception(record)
        if record.stack_info:
            record.stack_info = _clean(record.stack_info)
    except Exception as problem:
        # What cannot be looked at is not shown.
        for name in [name for name in record.__dict__ if name not in _OWN]:
            del record.__dict__[name]
        record.msg, record.args = f"{MASK} (it could not be looked at: {type(problem).__name__})", ()
        record.exc_info = record.exc_text = record.stack_info = None
    return record


def _redact_message(record: logging.LogRecord) -> None:
    try:
        message, fits = record.getMessage(), True
    except Exception as problem:
        # Arguments that do not fit the text do not stop it.
        message, fits = f"{_shown(record.msg)} (arguments do not fit: {type(problem).__name__})", False
    shown = redact(message)
    if fits and shown == message and _is_clean(record.args) and _is_clean(record.msg):
        return
    # The text is formatted now: %d and its like have done their work, and no argument is left to format.
    record.msg, record.args = shown, ()
    if type(record).getMessage is not logging.LogRecord.getMessage and _message_of(record) != shown:
        # A program's own class of records, which takes the text for a format: it is none any more.
        record.__class__ = logging.LogRecord


def _message_of(record: logging.LogRecord) -> Optional[str]:
    try:
        return record.getMessage()
    except Exception:
        return None


def _redact_exception(record: logging.LogRecord) -> None:
    if record.exc_text:
        record.exc_text = _clean(record.exc_text)
    info: Any = record.exc_info
    if isinstance(info, BaseException):
        info = record.exc_info = (type(info), info, info.__traceback__)
    if not isinstance(info, tuple) or len(info) != 3 or info[0] is None:
        return
    try:
        text = _trace(info)
    except Exception as problem:  # too many causes, say
        text, shown = "", f"{_shown(info[1])} (its traceback cannot be shown: {type(problem).__name__})"
    else:
        shown = text
    shown = redact(shown)
    if shown != text or _has_key(info[1]):
        # The exception itself has the key in it: its text stays, for whoever shows the record.
        record.exc_text, record.exc_info = record.exc_text or shown, None


class RedactingFilter(logging.Filter):
    """Takes keys out of the records that pass: for a handler, or for a logger.

    >>> record = logging.makeLogRecord({"msg": "GET %s took %d ms", "args": ("/in.php?key=abcdefghijk", 12)})
    >>> RedactingFilter().filter(record), record.getMessage()
    (True, 'GET /in.php?key=[REDACTED] took 12 ms')
    """

    def filter(self, record: logging.LogRecord) -> bool:
        passes = bool(super().filter(record))
        if passes:
            redact_record(record)
        return passes


class SafeFormatter(logging.Formatter):
    """In place of logging.Formatter: what comes out of it has no key."""

    def format(self, record: logging.LogRecord) -> str:
        return redact(super().format(record))

    def formatException(self, ei: Any) -> str:  # noqa: N802 (the name is logging's)
        return redact(super().formatException(ei))

    def formatStack(self, stack_info: str) -> str:  # noqa: N802
        return redact(super().formatStack(stack_info))


class RedactingFormatter(logging.Formatter):
    """Around another formatter: what comes out of that has no key."""

    def __init__(self, inner: Optional[logging.Formatter] = None) -> None:
        super().__init__()
        self.inner = inner or logging.Formatter()

    def format(self, record: logging.LogRecord) -> str:
        kept = record.exc_text
        try:
            return redact(self.inner.format(record))
        finally:
            # What the inner one keeps there for others is not redacted.
            record.exc_text = kept


_filter: Optional[Callable[[logging.Filterer, logging.LogRecord], Any]] = None
_active = False


def install() -> None:
    """Takes keys out of the records of all loggers, for handlers that are there and for those that come later, whatever
    dictConfig does, and after the filters of both, which may add something. Twice is fine."""
    global _filter, _active
    _active = True
    if _filter is not None:
        return
    original = _filter = logging.Filterer.filter

    @functools.wraps(original)
    def filter(self: logging.Filterer, record: logging.LogRecord) -> Any:
        # Since Python 3.12 a filter may give another record.
        passes = original(self, record)
        if passes and _active:
            redact_record(passes if isinstance(passes, logging.LogRecord) else record)
        return passes

    setattr(logging.Filterer, "filter", filter)  # noqa: B010 (a method, to type checkers)


def uninstall() -> None:
    """Undoes install()."""
    global _filter, _active
    _active = False
    # Another package may have put something around it meanwhile: then that stays, and this does nothing.
    if _filter is not None and getattr(logging.Filterer.filter, "__wrapped__", None) is _filter:
        setattr(logging.Filterer, "filter", _filter)  # noqa: B010
        _filter = None
