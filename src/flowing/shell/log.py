"""Write to the log. A handler that raises hurts nobody (FAULTS R20)."""

from __future__ import annotations

import logging
from contextlib import suppress
from typing import Final

_LOG: Final = logging.getLogger("flowing")


def warn(message: str, *details: object) -> None:
    """Log a warning; whatever the handlers of the process raise ends here, for there is nobody to complain to."""
    with suppress(BaseException):
        _LOG.warning(message, *details)


def inform(message: str, *details: object) -> None:
    """Log what is worth knowing; as `warn`."""
    with suppress(BaseException):
        _LOG.info(message, *details)
