"""The page as a whole: its head, and its parts in the order in which a reader wants them. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from flowing.views.html.header import header
from flowing.views.html.style import STYLE
from flowing.views.html.tasks import task_table
from flowing.views.html.trouble import failures, skipped
from flowing.views.markup import NOTHING, Markup, element, joined, text
from flowing.views.svg import svg
from flowing.views.timeline import timeline_of
from flowing.views.timeline_svg import timeline_svg

if TYPE_CHECKING:
    from flowing.views.picture import Picture

# A second line of defence: were there a way to get markup in, it could neither run nor load anything.
_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"


def html(picture: Picture) -> str:
    """Write the report of a run, to be encoded as UTF-8. A few MB at most, however many tasks there are."""
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("meta", name="generator", content="flowing"),
        element("link", rel="icon", href="data:,"),
        element("title", text(f"{picture.title} · flowing")),
        STYLE,
    )
    parts = [
        header(picture),
        failures(picture),
        _part("Graph", _scrolled(Markup(svg(picture)))),
        _timeline(picture),
        task_table(picture),
        skipped(picture),
    ]
    body = element("body", element("main", *parts))
    return f"<!DOCTYPE html>\n{element('html', head, body, lang='en')}\n"


def _part(title: str, *content: Markup) -> Markup:
    return element("section", element("h2", text(title)), *content)


def _scrolled(drawing: Markup) -> Markup:
    """Keep a drawing as large as it is: text that shrinks can't be read. It can be scrolled by keys, too."""
    return element("div", drawing, class_="drawing", tabindex="0")


def _timeline(picture: Picture) -> Markup:
    timeline = timeline_of(picture)
    if timeline is None:
        return NOTHING
    notes = [element("p", text(each), class_="note") for each in timeline.notes]
    if not any(each.spans for each in picture.tasks) and any(each.attempts > 1 for each in picture.tasks):
        said = "Of tasks with several attempts, only when the last one was is known: events of the run tell the rest."
        notes.append(element("p", text(said), class_="note"))
    return _part("Timeline", joined(notes), _scrolled(timeline_svg(picture, timeline)))
