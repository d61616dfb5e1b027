"""Write to the log. A handler that raises hurts nobody (FAULTS R20)."""

from __future__ import annotations

import contextlib
import logging
from typing import Final

_LOG: Final = logging.getLogger("flowing")


def warn(message: str, *details: object) -> None:
    """Log a warning; whatever the handlers of the process raise ends here."""
    with contextlib.suppress(BaseException):  # there is no other place to complain to
        _LOG.warning(message, *details)
