"""The collector stands still while a run is loaded, and goes on afterwards whatever happened."""

from __future__ import annotations

import gc
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from flowing.checkpoint.collector import collector_paused
from tests.unit.checkpoint.sqlite.helpers import make, opened

if TYPE_CHECKING:
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


def test_loading_leaves_it_on(tmp_path: Path) -> None:
    make(tmp_path / "run.db")
    with closing(opened(tmp_path / "run.db", "another")) as store:
        assert store.load() is not None
    assert gc.isenabled()
