"""_redact.py: takes keys out of the caller's own texts: whole ones, and streams."""

from __future__ import annotations

import codecs
import os
import threading
from types import TracebackType
from typing import TYPE_CHECKING, Any, Generic, NoReturn, Optional, Tuple, Type, TypeVar, Union, cast

from . import _raw as raw
from ._config import Configuration, providers
from ._errors import Error, own_error

if TYPE_CHECKING:
    from ._aio import AsyncClient
    from ._client import Client

Text = TypeVar("Text", str, bytes)
_mine = threading.local()
_learning = threading.RLock()  # a handler of a signal may log in the midst of it
_local_client: Optional[raw.Client] = None


def _after_fork() -> None:
    """A thread that held it is not there any more."""
    global _learning
    _learning = threading.RLock()


os.register_at_fork(after_in_child=_after_fork)


def _local(provider: Optional[str] = None, bare_hex: Optional[str] = None) -> raw.Client:
    configuration = Configuration()
    try:
        configuration.load_local(True)
    except Error:
        # A client says what is wrong with it; texts are redacted all the same.
        configuration = Configuration()
    if provider is not None:
        configuration.check(raw.kp_config_set(configuration.handle, "provider", provider))
    if bare_hex is not None:
        configuration.check(raw.kp_config_set(configuration.handle, "redact.bare_hex", bare_hex))
    return raw.kp_client_new(configuration.handle)


def learn() -> raw.Client:
    """Makes the keys of this machine known, those of each service, once; the client whose options hold."""
    global _local_client
    with _learning:
        if _local_client is None:
            client = _local()
            for provider in providers():
                raw.kp_local_learn(_local(provider))
            _local_client = client
        return _local_client


def _redactor() -> raw.Redactor:
    """That of this thread, for whole texts."""
    redactor: Optional[raw.Redactor] = getattr(_mine, "redactor", None)
    if redactor is None:
        redactor = _mine.redactor = raw.kp_redactor_new(learn())
    return redactor


_pass_surrogates = codecs.lookup_error("surrogatepass")


def _show(problem: UnicodeError) -> Tuple[Union[str, bytes], int]:
    """Surrogates come out as they went in; of a character that was cut, a mark is left."""
    try:
        return _pass_surrogates(problem)
    except UnicodeDecodeError as cut:
        return "\ufffd", cut.end


codecs.register_error("keyplate.show", _show)


def _encode(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _decode(data: bytes) -> str:
    return data.decode("utf-8", "keyplate.show")


def _whole(data: bytes) -> int:
    """The length without the character at the end that is not all there."""
    for back in range(1, min(len(data), 3) + 1):
        byte = data[-back]
        if byte >= 0xC0:
            return len(data) - back if back < (2 if byte < 0xE0 else 3 if byte < 0xF0 else 4) else len(data)
        if byte < 0x80:
            break
    return len(data)


def redact(text: Text) -> Text:
    """The text without keys: each is replaced by ``[REDACTED]``. A text that is clean comes back as the same object.

    >>> redact("https://example.com/in.php?key=abcdefghijk&method=turnstile")
    'https://example.com/in.php?key=[REDACTED]&method=turnstile'
    >>> text = "nothing to hide"
    >>> redact(text) is text
    True
    """
    if isinstance(text, str):
        data: Any = text
        try:
            shown = raw.kp_redactor_feed(_redactor(), data, 1)
        except ValueError:  # there are surrogates in it
            shown = raw.kp_redactor_feed(_redactor(), _encode(text), 1)
        return text if shown is None else _decode(shown)
    if not isinstance(text, (bytes, bytearray, memoryview)):
        kind = type(text).__name__
        del text  # no traceback keeps it
        raise TypeError(f"str or bytes expected, got {kind}")
    shown = raw.kp_redactor_feed(_redactor(), text, 1)
    return text if shown is None else shown


class Redactor(Generic[Text]):
    """Redacts a stream that comes in parts, split anywhere. For one stream at a time, by one thread.

    >>> redactor = Redactor()
    >>> redactor.feed("the url: in.php?ke") + redactor.feed("y=abcdefghijk&a=b, and more") + redactor.close()
    'the url: in.php?key=[REDACTED]&a=b, and more'
    """

    def __init__(self, client: Optional["Client | AsyncClient"] = None, *, bare_hex: Optional[str] = None) -> None:
        """client: whose keys are known too, and whose redact options hold. bare_hex: "always", "context" or "off":
        whether a run of 32 hex digits is taken for a key."""
        from ._core import Core  # it imports this file

        core = getattr(client, "_core", None)
        if client is not None and not isinstance(core, Core):
            raise TypeError(f"client: a Client or AsyncClient expected, got {type(client).__name__}")
        learn()
        if core is not None:
            core.check_open()
            raw.kp_local_learn(core.client)
        if bare_hex is not None:
            options = _local(bare_hex=bare_hex)
        else:
            options = learn() if core is None else core.client
        self._handle = raw.kp_redactor_new(options)
        self._kind: Optional[Type[Any]] = None
        self._rest = b""  # of a character whose end is still held back

    def _take(self, text: Any, final: bool) -> Any:
        if not isinstance(text, (str, bytes, bytearray, memoryview)):
            raise TypeError(f"str or bytes expected, got {type(text).__name__}")
        kind = str if isinstance(text, str) else bytes
        if self._kind not in (None, kind):
            raise TypeError("a stream is either of str or of bytes")
        self._kind = kind
        data = _encode(text) if isinstance(text, str) else text
        try:
            shown = raw.kp_redactor_feed(self._handle, data, 1 if final else 0)
        except ValueError:
            raise own_error("misuse", "the redactor is closed") from None
        if kind is bytes:
            return text if shown is None else shown
        if shown is None and not self._rest:
            return text
        out = self._rest + (bytes(data) if shown is None else shown)
        end = len(out) if final else _whole(out)
        self._rest = out[end:]
        return _decode(out[:end])

    def feed(self, text: Text) -> Text:
        """What may be shown now; the rest is held back until more is known."""
        return cast(Text, self._take(text, False))

    def close(self) -> Text:
        """What was held back. The redactor is closed then; a second time gives nothing."""
        empty: Any = b"" if self._kind is bytes else ""
        try:
            rest = self._take(empty, True)
        except ValueError:
            return cast(Text, empty)
        raw.kp_redactor_free(self._handle)
        return cast(Text, rest)

    def __reduce__(self) -> NoReturn:
        raise TypeError("a redactor cannot be copied or pickled")

    def __enter__(self) -> Redactor[Text]:
        return self

    def __exit__(
        self, kind: Optional[Type[BaseException]], problem: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        """Closes it. What is still held back is not shown: call close() before."""
        self.close()
