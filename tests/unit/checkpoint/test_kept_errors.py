"""Errors are kept as data, whatever they are."""

from __future__ import annotations

from typing import Any

from typing_extensions import override

from flowing.checkpoint import StoredError, restore_error, store_error
from flowing.checkpoint.kept_errors import SUMMARY_MAX, TRACEBACK_MAX
from flowing.errors import RestoredError


class NeedsMuch(Exception):  # noqa: N818 - a test's
    def __init__(self, one: int, two: object) -> None:
        super().__init__(one)
        self.lock = two


class Hostile(Exception):  # noqa: N818 - a test's
    @override
    def __str__(self) -> str:
        raise SystemExit

    @override
    def __reduce__(self) -> Any:
        raise SystemExit


def raised(error: BaseException) -> BaseException:
    try:
        raise error  # noqa: TRY301 - to be caught here
    except BaseException as caught:  # noqa: BLE001 - any kind
        return caught


def test_an_error_comes_back_as_what_it_said() -> None:
    """[R9] With its traceback, though it may not pickle, and its constructor may take anything."""
    stored = store_error(raised(NeedsMuch(5, open)))
    assert (stored.type_name, stored.summary) == ("NeedsMuch", "NeedsMuch: 5")
    assert "test_kept_errors.py" in stored.traceback_text
    restored = restore_error(stored)
    assert isinstance(restored, RestoredError)
    assert str(restored) == "NeedsMuch: 5"
    assert (restored.type_name, restored.traceback_text) == (stored.type_name, stored.traceback_text)


def test_a_restored_error_is_stored_as_it_was_at_first() -> None:
    """[P19] Resume after resume."""
    stored = StoredError("ValueError", "ValueError: x", "Traceback ...")
    assert store_error(raised(restore_error(stored))) == stored


def test_a_hostile_error_is_data_too() -> None:
    """[R7] [R9] Nothing of its own is asked but its text, once."""
    assert store_error(raised(Hostile())).summary == "<unprintable Hostile>"


def test_errors_of_any_size_are_cut() -> None:
    """[R8] Message and traceback, each with its limit."""
    error = raised(ValueError("x" * 10_000_000))
    for _ in range(100):
        later = RuntimeError("y" * 100_000)
        later.__cause__ = error
        error = raised(later)
    stored = store_error(error)
    assert len(stored.summary) < SUMMARY_MAX + 100
    assert len(stored.traceback_text) < TRACEBACK_MAX + 100
    assert "characters left out" in stored.traceback_text
