"""The collector stands still while a run is loaded, and goes on afterwards whatever happened."""

from __future__ import annotations

import gc
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from flowing.checkpoint.collector import collector_paused
from tests.unit.checkpoint.sqlite.helpers import make, opened

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def test_it_stands_still_and_goes_on() -> None:
    assert gc.isenabled()
    with collector_paused():
        assert not gc.isenabled()
        with collector_paused():
            assert not gc.isenabled()
        assert not gc.isenabled()
    assert gc.isenabled()


def test_it_goes_on_after_an_error() -> None:
    with pytest.raises(ZeroDivisionError), collector_paused():
        raise ZeroDivisionError
    assert gc.isenabled()


def test_who_has_switched_it_off_finds_it_off() -> None:
    gc.disable()
    try:
        with collector_paused():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()


@pytest.fixture
def nothing_aside() -> Iterator[None]:
    """Let the collector see everything, for one test."""
    was_aside = gc.get_freeze_count() > 0
    gc.unfreeze()
    yield
    gc.unfreeze()
    if was_aside:
        gc.freeze()


@pytest.mark.usefixtures("nothing_aside")
def test_what_is_made_meanwhile_counts_as_old() -> None:
    """So the collector does not go through it as soon as it goes on; and nothing is put aside for good."""
    with collector_paused():
        made: list[object] = [[]]
    assert _is_old(made)
    assert gc.get_freeze_count() == 0
    later: list[object] = [[]]
    assert not _is_old(later)  # control


def _is_old(made: object) -> bool:
    """Tell whether only a full collection looks at it."""
    return any(each is made for each in gc.get_objects(generation=2))


@pytest.mark.usefixtures("nothing_aside")
def test_what_somebody_has_put_aside_stays_aside() -> None:
    gc.freeze()
    before = gc.get_freeze_count()
    with collector_paused():
        made: list[object] = [[]]
    assert gc.get_freeze_count() >= before > 0
    assert not _is_old(made)


def test_loading_leaves_it_on(tmp_path: Path) -> None:
    make(tmp_path / "run.db")
    with closing(opened(tmp_path / "run.db", "another")) as store:
        assert store.load() is not None
    assert gc.isenabled()
