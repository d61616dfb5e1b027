"""Text that is safe wherever it is shown."""

from __future__ import annotations

import unicodedata

from hypothesis import given
from hypothesis import strategies as st
from typing_extensions import override

from flowing._text import counted, describe_error, field_of, format_traceback, members_of, one_line, type_name

UNSAFE = {"Cc", "Cf", "Cs", "Zl", "Zp"}


def is_safe(text: str) -> bool:
    return all(unicodedata.category(each) not in UNSAFE for each in text)


def test_things_are_counted() -> None:
    assert [counted(1, "task"), counted(2, "task"), counted(1_000, "box")] == ["1 task", "2 tasks", "1,000 boxes"]


@given(st.text(st.characters()))
def test_one_line_has_no_control_or_format_character(text: str) -> None:
    """[S8] C0, C1, Cf, surrogates and line ends of any kind."""
    assert is_safe(one_line(text))


def test_the_check_for_safe_text_catches_what_is_not() -> None:
    """Control: each of these is in the fuzz above."""
    assert not any(is_safe(each) for each in ("\n", "\x1b", "\x9b", "\u202e", "\u200b", "\ud800", "\u2028", "\u00ad"))


def test_harmless_text_stays_as_it_is() -> None:
    assert one_line("plain, ünïcode, 日本, 🎉") == "plain, ünïcode, 日本, 🎉"


def test_harmful_characters_are_escaped_as_python_writes_them() -> None:
    assert one_line("a\x1b[31m\r\n\u202eb\ud800\U000e0001") == r"a\x1b[31m\r\n\u202eb\ud800\U000e0001"


def test_long_text_is_cut_and_says_how_long_it_was() -> None:
    assert one_line("x" * 501) == "x" * 500 + "… (501 characters)"
    assert one_line("x" * 11, length_max=10) == "x" * 10 + "… (11 characters)"


def test_an_error_is_its_type_and_its_message() -> None:
    assert describe_error(ValueError("wrong")) == "ValueError: wrong"
    assert describe_error(ValueError()) == "ValueError"
    assert describe_error(ValueError("two\nlines")) == r"ValueError: two\nlines"


def test_a_type_is_named_without_asking_it() -> None:
    class Meta(type):
        @property
        @override
        def __name__(cls) -> str:  # type: ignore[override]  # hostile on purpose
            raise RuntimeError

    class Loud(str):
        __slots__ = ()

        @override
        def __str__(self) -> str:
            raise RuntimeError

    assert type_name(Meta("Hostile", (), {})()) == "Hostile"
    assert type_name(type(Loud("Loud"), (), {})()) == "Loud"
    assert type_name(type("E\x1b", (), {})()) == r"E\x1b"


def raised(error: BaseException, cause: BaseException | None = None) -> BaseException:
    try:
        raise error from cause  # noqa: TRY301 - it is to get a traceback
    except BaseException as caught:  # noqa: BLE001 - handed on
        return caught


def test_a_traceback_reads_like_pythons_own() -> None:
    text = format_traceback(raised(KeyError("outer"), raised(ValueError("inner"))))
    first, second = text.split("\n\nThe above exception was the direct cause of the following exception:\n\n")
    assert first.startswith("Traceback (most recent call last):\n  File ")
    assert first.endswith("ValueError: inner")
    assert "raise error from cause" in first
    assert second.endswith("KeyError: 'outer'")


def test_the_context_is_shown_unless_it_is_suppressed() -> None:
    error = KeyError("outer")
    error.__context__ = ValueError("inner")
    assert "During handling of the above exception, another exception occurred" in format_traceback(error)
    error.__suppress_context__ = True
    assert "inner" not in format_traceback(error)


def test_a_circle_of_causes_ends() -> None:
    """[R8] Each error is shown once."""
    one, two = ValueError("one"), ValueError("two")
    one.__context__, two.__context__ = two, one
    assert format_traceback(one).count("ValueError: ") == 2


def test_a_long_chain_of_causes_is_cut() -> None:
    """[R8] After twenty."""
    error = ValueError("0")
    for number in range(1, 1000):
        outer = ValueError(str(number))
        outer.__cause__, error = error, outer
    text = format_traceback(error)
    assert text.startswith("... (more causes)")
    assert text.count("ValueError: ") == 20


def test_many_members_are_cut() -> None:
    """[R8] After twenty."""
    text = format_traceback(ExceptionGroup("many", [ValueError(str(number)) for number in range(25)]))
    assert text.count("  + ValueError") == 20
    assert text.endswith("... (5 more)")


def test_fields_are_read_past_the_class() -> None:
    """[R7] A class can hide every attribute behind code of its own."""

    class Hostile(ExceptionGroup[ValueError]):
        @override
        def __getattribute__(self, name: str) -> object:
            raise RuntimeError

    cause, member = KeyError(), ValueError()
    error = raised(Hostile("hostile", [member]), cause)
    assert field_of(error, "__cause__") is cause
    assert members_of(error) == (member,)
    assert members_of(cause) == ()


def test_the_notes_of_an_error_are_in_its_traceback() -> None:
    """Each as a safe line."""
    error = ValueError("boom")
    error.add_note("HINT\x1b[31m")
    assert "ValueError: boom\nHINT\\x1b[31m" in format_traceback(error)
