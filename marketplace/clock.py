"""The one clock: the site, its worker, the tests and the Stripe simulator all ask it for the time.

It knows nothing of Django. Where CLOCK_FILE is set (the demo), the file holds the number of seconds
by which every process is ahead of the machine's clock.
"""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

_offset = timedelta()


def now():
    """The present instant, aware, in UTC."""
    return datetime.now(UTC) + offset()


def offset():
    """How far ahead of the machine's clock we are."""
    path = os.environ.get("CLOCK_FILE")
    return _offset if path is None else _read(Path(path))


def advance(delta):
    """Move the clock forward by a timedelta, for every process that shares CLOCK_FILE."""
    _move(offset() + delta)


def set(instant):
    """Make `instant` (aware) the present."""
    _move(instant - datetime.now(UTC))


def reset():
    _move(timedelta())


def _move(new_offset):
    global _offset
    path = os.environ.get("CLOCK_FILE")
    if path is None:
        _offset = new_offset
        return
    draft = Path(f"{path}.{os.getpid()}")
    draft.write_text(str(new_offset.total_seconds()))
    draft.replace(path)


def _read(path):
    try:
        return timedelta(seconds=float(path.read_text()))
    except FileNotFoundError:
        return timedelta()
