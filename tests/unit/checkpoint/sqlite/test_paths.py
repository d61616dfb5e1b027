"""Which paths may hold a checkpoint, and what others may do there."""

from __future__ import annotations

import os
import socket
import stat
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowing.checkpoint import SqliteStore
from flowing.checkpoint.sqlite import paths
from flowing.checkpoint.sqlite.look import forget, read_runs
from flowing.errors import CheckpointError, ConfigError
from tests.unit.checkpoint.sqlite.helpers import load, make, opened

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("", "MemoryStore"),
        (":memory:", "MemoryStore"),
        ("a\0b", "NUL"),
        (b"run.db", "bytes"),
        (None, "NoneType"),
        (3, "int"),
    ],
)
def test_what_names_no_file_is_refused_before_anything_is_opened(path: object, said: str) -> None:
    """[P7] [S6] With the way out."""
    with pytest.raises(ConfigError, match=said):
        SqliteStore(path)  # type: ignore[arg-type]


def symlink(path: Path) -> None:
    target = path.with_name("target")
    target.touch()
    path.symlink_to(target)


def dangling(path: Path) -> None:
    path.symlink_to(path.with_name("nowhere"))


def hard_link(path: Path) -> None:
    target = path.with_name("target")
    target.touch()
    path.hardlink_to(target)


def listening(path: Path) -> None:
    with closing(socket.socket(socket.AF_UNIX)) as server:
        server.bind(os.path.relpath(path))


STRANGE: list[tuple[Callable[[Path], None], str]] = [
    (symlink, "symbolic link"),
    (dangling, "symbolic link"),
    (hard_link, "hard links"),
    (Path.mkdir, "directory"),
    (os.mkfifo, "not a file"),
    (listening, "not a file"),
]


@pytest.mark.parametrize("ending", ["", "-wal", "-shm", "-journal", ".lock", ".running"])
@pytest.mark.parametrize(
    ("put", "said"), STRANGE, ids=["symlink", "dangling", "hard link", "directory", "fifo", "socket"]
)
def test_what_is_no_plain_file_is_refused(
    tmp_path: Path, put: Callable[[Path], None], said: str, ending: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """[P7] [S5] At the path, and at every path beside it; nothing is followed, changed or waited for."""
    monkeypatch.chdir(tmp_path)  # the path of a socket has a limit
    path = tmp_path / "run.db"
    put(path.with_name(path.name + ending))
    before = sorted(tmp_path.iterdir())
    for call in (lambda: SqliteStore(path).open(), lambda: read_runs(path), lambda: forget(path, "run")):
        with pytest.raises(CheckpointError, match=said) as caught:
            call()
        assert caught.value.path == str(path) + ending
    assert sorted(tmp_path.iterdir()) == before
    for target in tmp_path.glob("target"):
        assert target.read_bytes() == b""


def test_a_link_that_is_put_there_later_is_found(tmp_path: Path) -> None:
    """[S5] The next opening looks again."""
    path = tmp_path / "run.db"
    make(path)
    path.rename(tmp_path / "elsewhere")
    path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(CheckpointError, match="symbolic link"):
        load(path)


def test_a_file_that_is_replaced_while_it_is_opened_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """[S5] Looked at before and after."""
    path = tmp_path / "run.db"
    make(path)
    make(tmp_path / "new.db")
    real = paths.identify_all

    def replace(where: str) -> paths.Identity | None:
        found = real(where)
        path.rename(tmp_path / "old")
        (tmp_path / "new.db").rename(path)
        return found

    monkeypatch.setattr("flowing.checkpoint.sqlite.connection.identify_all", replace)
    with pytest.raises(CheckpointError, match="was replaced while it was opened"):
        load(path)


@pytest.mark.parametrize(
    "path", ["missing/run.db", "/proc/run.db", "/dev/null", "/dev/full", "/", ".", "..", "run.db/", "a" * 300 + ".db"]
)
def test_a_path_that_can_not_be_used_is_refused_at_once(
    tmp_path: Path, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """[P7] By a typed error that names it, before any task starts."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "run.db").mkdir()
    with pytest.raises(CheckpointError) as caught:
        SqliteStore(path).open()
    assert caught.value.path is not None
    assert os.path.normpath(tmp_path / path) in str(caught.value) or len(path) > 200


@pytest.mark.skipif(os.getuid() == 0, reason="root may write everywhere")
@pytest.mark.parametrize("what", ["file", "directory"])
def test_what_is_read_only_is_refused_at_once(tmp_path: Path, what: str) -> None:
    """[P7] It says what to change."""
    folder = tmp_path / "folder"
    folder.mkdir()
    path = folder / "run.db"
    make(path)
    (path if what == "file" else folder).chmod(0o500)
    try:
        with pytest.raises(CheckpointError, match=r"permissions|writable"):
            load(path)
    finally:
        folder.chmod(0o700)


LITERAL = [
    "file:run.db",
    "file:run.db?mode=memory",
    "run.db?mode=ro",
    "run.db?mode=memory&cache=shared",
    "run.db#x",
    "run%41.db",
    "100%.db",
    "C:\\run.db",
    "~",
    "$HOME",
    "a b.db",
    "'; DROP TABLE run; --",
    "run.db\nx",
    "\x1b[31m",
    "é🎈.db",
    "\udcff.db",
    "...",
    "-wal",
    "x-journal",
    ":memory:x",
]


@pytest.mark.parametrize("name", LITERAL)
def test_a_path_is_taken_literally(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """[S6] [S7] No URI, no home, no escape: the file has this name and no other, to writers and readers."""
    monkeypatch.chdir(tmp_path)
    make(Path(name))
    assert sorted(each.name for each in tmp_path.iterdir()) == sorted([name, f"{name}.lock"])
    assert [run.run_id for run in read_runs(name)] == ["run"]
    with closing(SqliteStore(name)) as store:
        store.open()
        assert [run.run_id for run in read_runs(name)] == ["run"], "while it is held too"
    assert load(tmp_path / name) is not None
    forget(name, "run")
    assert read_runs(name) == ()
    assert sorted(each.name for each in tmp_path.iterdir()) == sorted([name, f"{name}.lock"])


@given(
    st.text(st.characters(exclude_characters="\0/"), min_size=1, max_size=40).filter(
        lambda name: name not in (".", "..")
    )
)
def test_any_name_is_taken_literally(name: str) -> None:
    """[S6] Whatever a file may be called, and nothing else appears."""
    assert paths.literal_path(name) == os.path.join(os.getcwd(), name) or name == ":memory:"  # noqa: PTH109, PTH118


def test_only_the_owner_can_read_and_write(tmp_path: Path) -> None:
    """[S4] From the first moment, whatever the umask, all five files."""
    before = os.umask(0)
    try:
        with closing(opened(tmp_path / "run.db")):
            modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    finally:
        os.umask(before)
    assert modes == dict.fromkeys(["run.db", "run.db-wal", "run.db-shm", "run.db.lock", "run.db.running"], 0o600)


def test_a_file_that_others_can_write_is_warned_of(tmp_path: Path) -> None:
    """[S4] Results could be changed through it."""
    path = tmp_path / "run.db"
    make(path)
    for mode, warned in ((0o600, False), (0o644, False), (0o620, True), (0o602, True)):
        path.chmod(mode)
        with closing(SqliteStore(path)) as store:
            assert any("chmod go-w" in each and str(path) in each for each in store.open()) is warned


def test_a_network_file_system_is_warned_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """[P14] Its locks can't be relied upon."""
    path = tmp_path / "run.db"
    with closing(SqliteStore(path)) as store:
        assert not [each for each in store.open() if "network" in each]
    kind = paths._file_system(str(path))
    assert kind is None or kind not in paths._NETWORK
    monkeypatch.setattr(paths, "_file_system", lambda path: "nfs4")
    with closing(SqliteStore(path)) as store:
        assert [each for each in store.open() if "network file system (nfs4)" in each]
