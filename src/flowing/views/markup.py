"""Elements of HTML and SVG, made so that text can't become one: `Markup` comes from here alone. No layout."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING, Final, final

from flowing._text import one_line

if TYPE_CHECKING:
    from collections.abc import Iterable


@final
class Markup(str):
    """Text that is HTML or SVG already: nothing in it is to be escaped any more."""

    __slots__ = ()


NOTHING: Final = Markup("")
_SHOWN_MAX: Final = 500


def text(said: str, *, length_max: int = _SHOWN_MAX) -> Markup:
    """Write down text from anywhere: in one line, without controls, and inert in content and attributes (FAULTS S9)."""
    return Markup(html.escape(one_line(said, length_max=length_max)))


def lines(said: str) -> Markup:
    """Write down text of many lines, each of them as `text` does."""
    return Markup("\n".join([text(line, length_max=2_000) for line in said.split("\n")]))


def element(tag: str, /, *content: Markup, **attributes: str | float | None) -> Markup:
    """Write an element; attributes are escaped. `class_` is class, `aria_label` aria-label, and None leaves one out."""
    said = "".join(
        [f' {_attribute(key)}="{_written(value)}"' for key, value in attributes.items() if value is not None]
    )
    inner = "".join(content)
    return Markup(f"<{tag}{said}>{inner}</{tag}>" if inner or tag not in _EMPTY else f"<{tag}{said}/>")


def joined(parts: Iterable[Markup], *, by: str = "") -> Markup:
    """Put parts after each other. `by` is white space."""
    assert not by.strip()
    return Markup(by.join(parts))


_EMPTY: Final = frozenset({"rect", "path", "meta", "link"})
_NAMES: Final = {"viewBox": "viewBox"}


def _attribute(key: str) -> str:
    return _NAMES.get(key) or key.rstrip("_").replace("_", "-")


def _written(value: str | float) -> str:
    return text(value, length_max=len(value)) if isinstance(value, str) else number(value)


def number(value: float) -> str:
    """Write a length in pixels, to a tenth."""
    return f"{value:.1f}".removesuffix(".0")
