"""Errors as data and back. Of an error's own, nothing is run but its `__str__`; nothing is pickled (FAULTS R9)."""

from __future__ import annotations

from typing import Final

from flowing._text import describe_error, format_traceback, type_name
from flowing.checkpoint.records import StoredError
from flowing.errors import RestoredError

SUMMARY_MAX: Final = 10_000
TRACEBACK_MAX: Final = 100_000


def store_error(error: BaseException) -> StoredError:
    """Write an error down, cut to fixed sizes; one that was restored stays as it was first stored."""
    if type(error) is RestoredError:
        return StoredError(error.type_name, error.summary, error.traceback_text)
    text = format_traceback(error)
    left_out = len(text) - TRACEBACK_MAX
    if left_out > 0:
        half = TRACEBACK_MAX // 2
        text = f"{text[:half]}\n... ({left_out} characters left out)\n{text[-half:]}"
    return StoredError(type_name(error), describe_error(error, length_max=SUMMARY_MAX), text)


def restore_error(stored: StoredError) -> RestoredError:
    """Make an error that shows what the stored one said."""
    return RestoredError(stored.summary, type_name=stored.type_name, traceback_text=stored.traceback_text)
