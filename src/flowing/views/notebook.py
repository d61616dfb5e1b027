"""What a notebook shows for a flow: the summary, the same drawing in HTML, and Mermaid. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flowing.views.diagram import BOXES_MAX
from flowing.views.markup import Markup, element
from flowing.views.mermaid import mermaid
from flowing.views.svg import svg
from flowing.views.wording import headline

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from flowing.views.picture import Picture


def mimebundle(
    picture: Picture, summary: Callable[[], str], include: Collection[str] | None, exclude: Collection[str] | None
) -> dict[str, str]:
    """Make what IPython asks `_repr_mimebundle_` for: by media type, of those that are wanted.

    Of a large flow the text is one line, because a notebook stores all of it.
    """
    makers: dict[str, Callable[[], str]] = {
        "text/plain": summary if len(picture.tasks) <= BOXES_MAX else lambda: headline(picture),
        "text/html": lambda: html_of(svg(picture)),
        "text/vnd.mermaid": lambda: mermaid(picture),
    }
    wanted = [each for each in makers if (not include or each in include) and each not in (exclude or ())]
    return {each: makers[each]() for each in wanted}


def html_of(drawing: str) -> str:
    """Put a drawing, which is markup, where it scrolls instead of shrinking."""
    return element("div", Markup(drawing), style="overflow:auto;max-height:90vh")
