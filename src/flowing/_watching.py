"""Show the progress of a flow for as long as a block of `with` lasts. Joins the flow to the view, and draws nothing."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

from flowing.flow import flow_given
from flowing.views.progress_screen import progress_on

if TYPE_CHECKING:
    from collections.abc import Generator

    from flowing.flow import Flow


@contextmanager
def progress(flow: Flow, *, file: TextIO | None = None) -> Generator[None]:
    """Show how far the runs are that begin in this block: `with flowing.progress(flow): flow.run()`.

    On a terminal a picture that is drawn over and over: counts by state, the tasks that run longest, retries, and
    what is left on the longest path. Elsewhere a line a second at most. At the end of a run a table.

    Args:
        flow: The flow.
        file: Where to show it. Default: standard error.

    Raises:
        ConfigError: it is no flow.
        ExtraMissing: rich is not installed: `pip install 'flowing-dag[rich]'`.
    """
    leave = flow_given(flow, "progress()")._observers.add_attendant(progress_on(file))  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] - looks on, changes nothing
    try:
        yield
    finally:
        leave()
