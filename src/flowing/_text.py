"""Turn text from tasks into something that is safe on a terminal, in a log and in a message. No I/O."""

from __future__ import annotations

import linecache
import unicodedata
from typing import TYPE_CHECKING, Any, Final, cast

if TYPE_CHECKING:
    from types import TracebackType

LINE_LENGTH_MAX: Final = 500
_UNSAFE_CATEGORIES: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def one_line(text: str, *, length_max: int = LINE_LENGTH_MAX) -> str:
    """Escape controls, format characters (bidi, zero width) and surrogates; cut at `length_max`.

    The output is one line without C0, C1 or Cf characters (FAULTS S8, CWE-150).
    """
    cut = text if len(text) <= length_max else f"{text[:length_max]}… ({len(text)} characters)"
    if cut.isascii() and cut.isprintable():
        return cut
    return "".join(_escape(character) for character in cut)


def _escape(character: str) -> str:
    if unicodedata.category(character) not in _UNSAFE_CATEGORIES:
        return character
    return character.encode("unicode_escape", "surrogatepass").decode("ascii")


def describe_error(error: BaseException, *, length_max: int = LINE_LENGTH_MAX) -> str:
    """Say `Type: message` in one safe line, whatever the error's own methods do (FAULTS R7)."""
    name = type_name(error)
    try:
        message = str(error)
    except BaseException:  # noqa: BLE001 - a hostile __str__ may raise anything
        return f"<unprintable {name}>"
    if type(message) is not str:  # a str subclass could lie in any of its methods
        return f"<unprintable {name}>"
    return one_line(f"{name}: {message}" if message else name, length_max=length_max)


def counted(count: int, noun: str) -> str:
    """Write a number of things: `1 task`, `1,000 boxes`."""
    plural = noun + ("es" if noun.endswith("x") else "s")
    return f"{count:,} {noun if count == 1 else plural}"


def type_name(value: object) -> str:
    """Name a value's type without asking the value, or a metaclass."""
    name: str = vars(type)["__name__"].__get__(type(value))
    return one_line(str.__str__(name), length_max=100)


def field_of(error: BaseException, name: str) -> Any:  # noqa: ANN401 - each field has a type of its own
    """Read `__cause__`, `__traceback__` and the like past whatever the error's class makes of them (FAULTS R7)."""
    return vars(BaseException)[name].__get__(error)


def members_of(error: BaseException) -> tuple[BaseException, ...]:
    """Give the members of a group, as they are; nothing of any other error."""
    if not issubclass(type(error), BaseExceptionGroup):
        return ()
    members: tuple[BaseException, ...] = vars(BaseExceptionGroup)["exceptions"].__get__(error)
    return members


_FRAMES_MAX: Final = 50  # at each end of a traceback (FAULTS R5)
_CHAIN_MAX: Final = 20
_MEMBERS_MAX: Final = 20
_MESSAGE_MAX: Final = 10_000


def format_traceback(error: BaseException) -> str:
    """Write an error with its causes and members, cut to fixed budgets, whatever its own methods do (FAULTS R8).

    Like Python's own, but the text of each line is escaped and no local is ever shown.
    """
    blocks: list[str] = []
    seen: set[int] = set()
    each: BaseException | None = error
    link = ""
    while each is not None and id(each) not in seen and len(blocks) < _CHAIN_MAX:
        seen.add(id(each))
        blocks.append(_format_one(each) + link)
        cause, context = field_of(each, "__cause__"), field_of(each, "__context__")
        if cause is not None:
            each, link = cause, "\n\nThe above exception was the direct cause of the following exception:\n"
        elif context is not None and not field_of(each, "__suppress_context__"):
            each, link = context, "\n\nDuring handling of the above exception, another exception occurred:\n"
        else:
            each = None
    if each is not None and id(each) not in seen:
        blocks.append("... (more causes)" + link)
    return "\n".join(reversed(blocks))


def _format_one(error: BaseException) -> str:
    lines = ["Traceback (most recent call last):", *_format_frames(field_of(error, "__traceback__"))]
    lines.append(describe_error(error, length_max=_MESSAGE_MAX))
    lines += [one_line(note) for note in _notes_of(error)]
    members = members_of(error)
    lines += [f"  + {describe_error(member)}" for member in members[:_MEMBERS_MAX]]
    if len(members) > _MEMBERS_MAX:
        lines.append(f"  ... ({len(members) - _MEMBERS_MAX} more)")
    return "\n".join(lines)


def _notes_of(error: BaseException) -> list[str]:
    """Give what `add_note` added, as far as it is what `add_note` makes."""
    try:
        notes: object = vars(error).get("__notes__")
    except BaseException:  # noqa: BLE001 - a hostile class
        return []
    members = cast("list[object]", notes)[:_MEMBERS_MAX] if type(notes) is list else []  # a list holds objects
    return [note for note in members if type(note) is str]


def _format_frames(traceback: TracebackType | None) -> list[str]:
    places: list[tuple[str, int, str]] = []
    while traceback is not None:
        code = traceback.tb_frame.f_code
        places.append((code.co_filename, traceback.tb_lineno, code.co_name))
        traceback = traceback.tb_next
    left_out = len(places) - 2 * _FRAMES_MAX
    shown = places if left_out <= 0 else places[:_FRAMES_MAX] + places[-_FRAMES_MAX:]
    lines: list[str] = []
    for filename, line, name in shown:
        source = one_line(linecache.getline(filename, line).strip())
        lines.append(
            f'  File "{one_line(filename)}", line {line}, in {one_line(name)}' + (f"\n    {source}" if source else "")
        )
    if left_out > 0:
        lines.insert(_FRAMES_MAX, f"  ... ({left_out} more frames)")
    return lines
