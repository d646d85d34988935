"""_events.py: what happened, as the core tells it: as a list, and handed to the logger ``keyplate``."""

from __future__ import annotations

import json
import logging
import threading
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


def tell_log(client: raw.Client) -> None:
    """Hands them to the logger. A handler of it that uses a client itself does not come here again."""
    if getattr(_mine, "telling", False):
        return
    _mine.telling = True
    try:
        for event in take_events(client):
            level = LEVELS.get(event.pop("level", ""), logging.INFO)
            message = event.pop("message", "")
            # "%s": the message is text, whatever marks it has.
            LOGGER.log(level, "%s", message, extra=event)
    finally:
        _mine.telling = False
