"""How wide text may come out, and text cut to a width. No font is asked: for ASCII the widths are those of wide ones.

For other characters they are those of a usual font, and who draws text that is not plain has to make it fit:
`textLength` in SVG. Some characters of the world are many times as wide as an M.
"""

from __future__ import annotations

import unicodedata
from typing import Final

_MONO_EM: Final = 0.62  # Courier New 0.60, Menlo and DejaVu Sans Mono 0.602, Consolas 0.55
_OTHER_EM: Final = 0.66
_WIDE_EM: Final = 1.05
_NARROW: Final = frozenset(" .,:;'`|!ijlIftr()[]·-")
_BROAD: Final = frozenset("mwMWQ@%—…\N{MULTIPLICATION SIGN}")
_OURS: Final = frozenset("…·—\N{MULTIPLICATION SIGN}")
ELLIPSIS: Final = "…"


def mono_width(text: str, *, size_px: float) -> float:
    """Bound the width of text in a font where all letters are equally wide."""
    return size_px * sum(_MONO_EM if each.isascii() or each in _OURS else _foreign_em(each) for each in text)


def sans_width(text: str, *, size_px: float) -> float:
    """Bound the width of text in a font without serifs: Verdana and DejaVu Sans are the wide ones."""
    return size_px * sum(map(_sans_em, text))


def _sans_em(character: str) -> float:
    if character in _NARROW:
        return 0.42
    if character in _BROAD:
        return 1.02
    if character.isascii():
        return 0.79 if character.isupper() else 0.64
    return _foreign_em(character)


def _foreign_em(character: str) -> float:
    if unicodedata.category(character) in {"Mn", "Me"}:
        return 0.0
    return _WIDE_EM if unicodedata.east_asian_width(character) in {"W", "F"} else _OTHER_EM


def is_plain(text: str) -> bool:
    """Tell whether the widths above are sure."""
    return all(each.isascii() or each in _OURS for each in text)


def cut_in_the_middle(text: str, *, width_max: float, size_px: float) -> str:
    """Cut text in the font of `mono_width`, keeping both ends: names of many tasks differ in their last characters."""
    if mono_width(text, size_px=size_px) <= width_max:
        return text
    room = width_max - mono_width(ELLIPSIS, size_px=size_px)
    head, tail = "", ""
    front, back = 0, len(text) - 1
    while front <= back:
        taken = text[front] if len(head) <= len(tail) * 2 else text[back]
        room -= mono_width(taken, size_px=size_px)
        if room < 0:
            break
        if len(head) <= len(tail) * 2:
            head, front = head + taken, front + 1
        else:
            tail, back = taken + tail, back - 1
    return f"{head}{ELLIPSIS}{tail}"


def cut_at_the_end(text: str, *, width_max: float, size_px: float) -> str:
    """Cut text in the font of `sans_width`."""
    if sans_width(text, size_px=size_px) <= width_max:
        return text
    room = width_max - sans_width(ELLIPSIS, size_px=size_px)
    kept = 0
    while kept < len(text) and (room := room - _sans_em(text[kept]) * size_px) >= 0:
        kept += 1
    return text[:kept].rstrip() + ELLIPSIS
