"""_events.py: what happened, as the core tells it: as a list, and handed to the logger ``keyplate``."""

from __future__ import annotations

import json
import logging
import sys
import threading
import traceback
from typing import Any, Dict, List

from . import _raw as raw

LOGGER = logging.getLogger("keyplate")
LOGGER.addHandler(logging.NullHandler())
LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}
_mine = threading.local()


def take_events(client: raw.Client) -> List[Dict[str, Any]]:
    """All events that wait, the oldest first."""
    if raw.kp_client_events(client) == 0:
        return []
    op = raw.kp_op_new(client, raw.KP_TELL)
    raw.kp_op_set(op, "what", "events")
    raw.kp_local_time(op)
    events: List[Dict[str, Any]] = json.loads(raw.kp_op_get(op, "answer") or "[]")
    return events


def tell(event: Dict[str, Any]) -> None:
    level = LEVELS.get(event.pop("level", ""), logging.INFO)
    if LOGGER.isEnabledFor(level):
        # "%s": the message is text, whatever marks it has.
        record = LOGGER.makeRecord(LOGGER.name, level, __file__, 0, "%s", (event.pop("message", ""),), None, "tell")
        for name, value in event.items():
            # What a factory of the program put there already stays: logging's own way (extra) would raise.
            record.__dict__.setdefault(name, value)
        LOGGER.handle(record)


def tell_log(client: raw.Client) -> None:
    """Hands them to the logger. A handler of it that uses a client itself does not come here again."""
    if getattr(_mine, "telling", False):
        return
    _mine.telling = True
    try:
        try:
            events = take_events(client)
        except ValueError:  # it was closed meanwhile
            events = []
        for event in events:
            try:
                tell(event)
            except Exception:
                # What a filter or a factory of the program raises takes no answer away that was paid. As logging does it:
                if logging.raiseExceptions and sys.stderr:
                    traceback.print_exc()
    finally:
        _mine.telling = False
