"""waiting.py: waits for a condition; nothing in the tests waits for a time."""

import time


def until(condition, what, patience):
    """The condition's value, once that is true; patience: seconds after which the test gives up."""
    end = time.monotonic() + patience
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.005)
    raise AssertionError(f"waited in vain for {what}")
