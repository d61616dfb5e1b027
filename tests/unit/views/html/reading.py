"""Read a report as a browser would: its elements, and the text in them."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Final

from typing_extensions import override

_VOID: Final = {"meta", "link"}


class Page(HTMLParser):
    """The elements of a page in order, and the text in them. Fails where they are not well nested."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[tuple[tuple[str, ...], str]] = []
        self._open: list[str] = []
        self.feed(source)
        self.close()
        assert not self._open

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in _VOID:
            self._open.append(tag)

    @override
    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    @override
    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    @override
    def handle_data(self, data: str) -> None:
        self.texts.append((tuple(self._open), data))

    def said(self, tag: str) -> list[str]:
        """List the texts inside elements of a kind."""
        return [text for inside, text in self.texts if tag in inside]
