"""oracle.py: what redaction has to give, by the reference in C (tests/core/redact_reference.h): the rules written a second
time, by brute force, without a line of what the package runs. (The command would be no oracle: it runs the same code.)"""

import ctypes
import os

WAYS = {"always": 0, "context": 1, "off": 2}


class Oracle:
    """keys: all that the texts can have. KP_ORACLE is the library."""

    def __init__(self, keys):
        self.library = ctypes.CDLL(os.environ["KP_ORACLE"])
        self.library.oracle_redact.restype = ctypes.c_void_p
        encoded = [key.encode() for key in keys]
        self.keys = (ctypes.c_char_p * len(keys))(*encoded)
        self.lens = (ctypes.c_size_t * len(keys))(*map(len, encoded))

    def redact(self, text, way="always"):
        if isinstance(text, str):
            shown = self.redact(text.encode("utf-8", "surrogatepass"), way)
            try:
                return shown.decode("utf-8", "surrogatepass")
            except UnicodeDecodeError:
                return shown  # a character was cut: it is compared as bytes
        size = ctypes.c_size_t()
        shown = self.library.oracle_redact(text, ctypes.c_size_t(len(text)), self.keys, self.lens, ctypes.c_size_t(len(self.keys)),
                                           WAYS[way], ctypes.byref(size))
        assert shown
        try:
            return ctypes.string_at(shown, size.value)
        finally:
            self.library.oracle_free(ctypes.c_void_p(shown))
