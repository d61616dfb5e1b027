"""The file of attempts that are running."""

from __future__ import annotations

import os
import shutil
import sqlite3
import threading
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from flowing.checkpoint import RunBegun, SqliteStore
from flowing.checkpoint.sqlite.marks import Mark, Marks
from flowing.errors import CheckpointError
from tests.unit.checkpoint.sqlite.helpers import declared, load, opened, result

if TYPE_CHECKING:
    from pathlib import Path


def fresh(path: Path) -> Marks:
    marks = Marks(str(path))
    marks.reset()
    return marks


def left_in(path: Path) -> set[Mark]:
    marks = Marks(str(path))
    marks.release()
    return set(marks.left)


def test_what_is_set_and_not_cleared_is_left(tmp_path: Path) -> None:
    path = tmp_path / "marks"
    marks = fresh(path)
    for place in (0, 1, 127, 128, 5000):
        marks.set(place, place + 1, place, 3)
    marks.set(1, 9, 9, 9)
    marks.clear(127)
    marks.clear(100_000)
    marks.release()
    assert left_in(path) == {Mark(1, 0, 3), Mark(9, 9, 9), Mark(129, 128, 3), Mark(5001, 5000, 3)}
    fresh(path).release()
    assert left_in(path) == set()


def test_numbers_that_are_too_large_are_cut(tmp_path: Path) -> None:
    marks = fresh(tmp_path / "marks")
    marks.set(0, 2**64 - 1, 2**32 - 1, 2**40)
    marks.release()
    assert left_in(tmp_path / "marks") == {Mark(2**64 - 1, 2**32 - 1, 2**32 - 1)}


@pytest.mark.parametrize("content", [b"", b"x", b"garbage" * 1000, bytes(4096), b"\xff" * 4096], ids=range(5))
def test_garbage_is_no_mark(tmp_path: Path, content: bytes) -> None:
    """[S1] Each slot has a checksum; whatever else is in the file is nothing."""
    (tmp_path / "marks").write_bytes(content)
    assert left_in(tmp_path / "marks") == set()


def test_every_single_bit_counts(tmp_path: Path) -> None:
    """[P8] A slot with a flipped bit is nothing, not another attempt; a flip in the padding changes nothing."""
    path = tmp_path / "marks"
    marks = fresh(path)
    marks.set(0, 5, 6, 7)
    marks.release()
    content = path.read_bytes()
    for bit in range(32 * 8):
        flipped = bytearray(content)
        flipped[bit // 8] ^= 1 << bit % 8
        path.write_bytes(flipped)
        assert left_in(path) == (set() if bit < 20 * 8 else {Mark(5, 6, 7)})


def test_threads_fill_their_own_places_while_the_file_grows(tmp_path: Path) -> None:
    path = tmp_path / "marks"
    marks = fresh(path)
    together = threading.Barrier(8)

    def fill(first: int) -> None:
        together.wait()
        for place in range(first, 2000, 8):
            marks.set(place, 1, place, 1)

    threads = [threading.Thread(target=fill, args=(first,)) for first in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    marks.release()
    assert {each.number for each in left_in(path)} == set(range(2000))


def test_a_file_that_can_not_be_made_is_a_typed_error(tmp_path: Path) -> None:
    """[P7] It names the path."""
    with pytest.raises(CheckpointError, match="marks"):
        Marks(str(tmp_path / "missing" / "marks"))
    (tmp_path / "marks").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(CheckpointError, match="marks"):
        Marks(str(tmp_path / "marks"))
    os.mkfifo(tmp_path / "fifo")
    with pytest.raises(CheckpointError, match="fifo"):
        Marks(str(tmp_path / "fifo"))


def crashed(path: Path, copy: Path) -> Path:
    """Copy what is there now, as `kill -9` would leave it."""
    shutil.copytree(path.parent, copy)
    return copy / path.name


def test_marks_count_for_the_run_and_the_opening_that_they_were_made_in(tmp_path: Path) -> None:
    """[P20] Not twice, though the file was copied back; not for another run; not for a task of another file."""
    path = tmp_path / "a" / "run.db"
    path.parent.mkdir()
    with closing(opened(path)) as store:
        store.mark_started(0, "load", 1)
        store.commit([RunBegun("second", 2.0, declared())])
        store.mark_started(1, "clean", 1)
        path = crashed(path, tmp_path / "b")
    running = (tmp_path / "b" / "run.db.running").read_bytes()
    for _ in range(2):
        run = load(path)
        assert run is not None
        assert (run.run_id, run.crashes) == ("second", {"clean": 1})
        (tmp_path / "b" / "run.db.running").write_bytes(running)
    with closing(SqliteStore(path, run_id="run")) as store:
        store.open()
        first = store.load()
        assert first is not None
        assert first.crashes == {"load": 1}
        store.commit([result("load")])
    other = tmp_path / "c" / "run.db"
    other.parent.mkdir()
    with closing(SqliteStore(other)) as store:
        store.open()
        store.commit([RunBegun("r", 1.0, declared(["only"]))])
        store.mark_ended(0)
        copy = crashed(other, tmp_path / "d")
    (tmp_path / "d" / "run.db.running").write_bytes(running)
    run = load(copy)
    assert run is not None
    assert run.crashes == {}


def refuse(*_: object, **__: object) -> None:
    raise sqlite3.DatabaseError("file is not a database")


def test_marks_wait_for_an_opening_that_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """[P20] One that fails leaves them to the next."""
    path = tmp_path / "a" / "run.db"
    path.parent.mkdir()
    with closing(opened(path)) as store:
        store.mark_started(0, "load", 1)
        path = crashed(path, tmp_path / "b")
    with monkeypatch.context() as patched:
        patched.setattr(sqlite3, "connect", refuse)
        with pytest.raises(CheckpointError, match="not a database"):
            load(path)
    run = load(path)
    assert run is not None
    assert run.crashes == {"load": 1}


def test_a_full_disk_is_said_before_the_file_is_mapped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """[P4] Memory could only answer with a signal."""

    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    marks = Marks(str(tmp_path / "marks"))
    monkeypatch.setattr(os, "pwrite", full)
    with pytest.raises(CheckpointError, match="No space left") as caught:
        marks.reset()
    assert caught.value.errno == 28
    marks.release()


def test_a_short_write_is_gone_on_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """[P4] A map that is longer than its file can't be made."""
    real = os.pwrite
    monkeypatch.setattr(os, "pwrite", lambda file, data, at: real(file, data[: len(data) // 2 or 1], at))
    marks = Marks(str(tmp_path / "marks"))
    marks.reset()
    marks.set(0, 5, 1, 1)
    marks.release()
    assert [each.stamp for each in Marks(str(tmp_path / "marks")).left] == [5]


def test_writes_that_write_nothing_are_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """[P4] They end."""
    monkeypatch.setattr(os, "pwrite", lambda *_: 0)
    marks = Marks(str(tmp_path / "marks"))
    with pytest.raises(CheckpointError, match="No space left"):
        marks.reset()
    marks.release()
