"""End a process that a body forked and forgot to end."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Never

from flowing._text import one_line
from flowing.shell.log import warn

if TYPE_CHECKING:
    from flowing.shell.attempt import Attempt


def leave_forked_child(attempt: Attempt) -> Never:
    """End this process: it must not go on with the parent's run (FAULTS X9)."""
    warn(
        "task %s came back in a forked child too, which ends here; end such a child in the body, with os._exit()",
        repr(one_line(attempt.body.name)),
    )
    os._exit(1)
