"""The absence of a value. Loaded by declarations, by results and by the core, and loads nothing of theirs."""

from __future__ import annotations

import enum
from typing import Final


class NoValue(enum.Enum):
    """The absence of a value, apart from every value (None included)."""

    NO_VALUE = "no value"


NO_VALUE: Final = NoValue.NO_VALUE
