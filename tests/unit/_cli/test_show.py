"""`flowing show`: what of a checkpoint is printed, and that nothing of it reaches the terminal as it is."""

from __future__ import annotations

import shutil
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from flowing.checkpoint import (
    AttemptMarked,
    Declaration,
    Definition,
    EndNoted,
    FailureSaved,
    OverrideSaved,
    ResultDropped,
    ResultSaved,
    RunBegun,
    RunFinished,
    SqliteStore,
    StoredError,
)
from flowing.core.status import Past
from tests.unit._cli import program

if TYPE_CHECKING:
    from pathlib import Path

    from flowing.checkpoint import Change

SECRET = b"[41021]"
HOSTILE = "x\x1b[31m\r\u202e\u200bname"
ERROR = StoredError("OSError", "OSError: gone", 'Traceback:\n  File "a.py", line 3, in \x1b[2Jf\nOSError: gone')
NAMES = ("load", "mended", "tell", "skipped", "effect", "fresh", "again", "unstored", HOSTILE)
EVERY_KIND: tuple[Change, ...] = (
    ResultSaved("load", SECRET, 1, 2, began_s=5.0, duration_s=1.5),
    OverrideSaved("mended", SECRET, 1),
    FailureSaved("tell", ERROR, 3, began_s=5.0, duration_s=0.25),
    EndNoted("skipped", "SKIPPED", "task 'tell' failed"),
    AttemptMarked("effect", 1, began_s=5.0),
    ResultDropped("again", Past(4, 1)),
    ResultSaved(HOSTILE, SECRET, 1, 1, stale=True),
)
SHOWN = """\
RUN    BEGAN (UTC)          STATE       CODEC
first  1970-01-01 00:01:40  unfinished  json

run 'first':
STATE      TASK                         DURATION  ATTEMPTS  WHY
SUCCEEDED  load                           1.50 s         2
SUCCEEDED  mended                              -         0  overridden
FAILED     tell                         250.0 ms         3  OSError: gone
SKIPPED    skipped                             -         0  task 'tell' failed
RUNNING    effect                              -         0  attempt 1 has begun; if its process is gone, \
nobody knows how it ended
PENDING    fresh                               -         0
PENDING    again                               -         4  runs again
-          unstored                            -         0  its result is not stored: persist=False
SUCCEEDED  x\\x1b[31m\\r\\u202e\\u200bname    0.0 ms         1  its inputs changed after it ran
9 tasks: 3 SUCCEEDED, 1 FAILED, 1 SKIPPED, 1 RUNNING, 2 PENDING
"""


def show(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    return program.run(capsys, "show", *arguments)


def declared() -> Declaration:
    return Declaration.of(
        Definition(name=name, fingerprint=int(stored), shown_type="list[int]" if stored else "")
        for name in NAMES
        for stored in [name != "unstored"]
    )


def filled(path: Path, run_id: str = "first", began_s: float = 100.0) -> SqliteStore:
    """Open a store, and fill it with a run that has a record of every kind."""
    store = SqliteStore(path, durability="process")
    store.open()
    store.commit([RunBegun(run_id, began_s, declared()), *EVERY_KIND])
    return store


def test_every_task_is_a_line_and_nothing_hostile_gets_through(
    capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    """[S8] And no value is shown [S11]."""
    filled(folder / "run.db").close()
    assert show(capsys, "run.db") == (0, SHOWN, "")
    assert SECRET.decode() not in SHOWN


def test_a_run_that_somebody_holds_is_shown_and_nothing_is_written(
    capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    """[P12] The holder notices nothing either."""
    with closing(filled(folder / "run.db")) as store:
        before = {each.name: each.read_bytes() for each in folder.glob("run.db*") if not each.name.endswith("-shm")}
        assert "run.db-wal" in before, "control: it is held"
        assert show(capsys, "run.db") == (0, SHOWN, "")
        after = {each.name: each.read_bytes() for each in folder.glob("run.db*") if not each.name.endswith("-shm")}
        assert after == before
        store.commit([RunFinished()])
    status, output, _ = show(capsys, "run.db")
    assert status == 0
    assert "finished " in output
    assert "SUCCEEDED  unstored " in output


def test_what_runs_at_this_moment_is_running(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    """Until it has ended; and after a death of the process, until somebody opens the file."""
    with closing(filled(folder / "run.db")) as store:
        store.mark_started(0, "fresh", 1)
        store.mark_started(3, "again", 5)
        store.mark_started(4, "unstored", 2)
        store.mark_ended(0)
        _, output, _ = show(capsys, "run.db")
    lines = {line.split()[1]: line.split() for line in output.split("\n") if line.startswith(("RUNNING", "PENDING"))}
    assert lines["fresh"] == ["PENDING", "fresh", "-", "0"]
    assert lines["again"] == ["RUNNING", "again", "-", "5", "runs", "again"]
    assert lines["unstored"][:4] == ["RUNNING", "unstored", "-", "2"]
    assert "9 tasks: 3 SUCCEEDED, 1 FAILED, 1 SKIPPED, 3 RUNNING, 1 PENDING\n" in output
    assert show(capsys, "run.db")[1] == SHOWN, "control: who lets go takes the marks away"


def test_the_tracebacks_are_shown_when_asked_for(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    """[S8] A line of the file stays a line, and harmless."""
    filled(folder / "run.db").close()
    _, output, _ = show(capsys, "run.db", "--debug")
    assert output == SHOWN + ("\ntask 'tell':\nTraceback:\n  File \"a.py\", line 3, in \\x1b[2Jf\nOSError: gone\n")


def test_a_reason_that_the_table_cuts_stands_below_it(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    """The way out is at the end of a message."""
    message = f"OSError: {'x' * 300}; the way out"
    with closing(filled(folder / "run.db")) as store:
        store.commit([FailureSaved("fresh", StoredError("OSError", message, ""), 1, began_s=5.0, duration_s=0.25)])
    _, output, _ = show(capsys, "run.db")
    assert output.endswith(f"1 PENDING\n\ntask 'fresh': {message}\n")


def test_the_newest_run_is_shown_or_the_one_that_is_named(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    filled(folder / "run.db").close()
    filled(folder / "run.db", "second", began_s=float("1e300")).close()
    _, newest, _ = show(capsys, "run.db")
    assert "\nsecond  - " in newest
    assert "\nrun 'second':\n" in newest
    assert "\nrun 'first':\n" in show(capsys, "run.db", "--run", "first")[1]
    status, output, errors = show(capsys, "run.db", "--run", "third\x1b")
    assert (status, output, errors.count("\n")) == (2, "", 1)
    assert "has no run 'third\\\\x1b'" in errors


def test_of_many_runs_the_newest_are_listed(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    with closing(SqliteStore(folder / "run.db", durability="process")) as store:
        store.open()
        for number in range(25):
            store.commit([RunBegun(f"run-{number}", 1.0, declared())])
    _, output, _ = show(capsys, "run.db")
    lines = output.split("\n")
    assert lines[0] == "(5 older runs not shown; --run shows one of them)"
    assert [line.split()[0] for line in lines[2:22]] == [f"run-{number}" for number in range(5, 25)]
    assert lines[-2] == "9 tasks: 8 PENDING"


def test_how_often_the_process_died_is_said(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    """[P20] So that a crash loop can be seen before it is one."""
    store = filled(folder / "run.db")
    store.mark_started(0, "fresh", 1)
    store.mark_started(1, "again", 5)
    for each in list(folder.glob("run.db*")):
        shutil.copy(each, folder / each.name.replace("run", "dead", 1))
    store.close()
    with closing(SqliteStore(folder / "dead.db", durability="process")) as after:
        after.open()
        assert after.load() is not None
    _, output, _ = show(capsys, "dead.db")
    assert "PENDING    fresh                               -         0  the process died 1 time while it" in output
    assert "4  runs again; the process died 1 time while it was running\n" in output


def test_what_is_damaged_is_said_and_the_rest_shown(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    """[P8] Exit status 1."""
    path = folder / "run.db"
    filled(path).close()
    content = path.read_bytes()
    assert content.count(b"overridden") == 0
    place = content.index(b"OSError: gone")
    path.write_bytes(content[:place] + b"X" + content[place + 1 :])
    status, output, errors = show(capsys, "run.db")
    assert (status, errors) == (1, "")
    assert "SUCCEEDED  load" in output
    assert "PENDING    tell" in output
    assert output.split("\n")[-2].startswith("damaged: ")


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("none.db", "flowing: there is no checkpoint at "),
        ("program.py", "flowing: "),
        (":memory:", "flowing: "),
        ("", "flowing: "),
        ("package", "flowing: "),
    ],
)
def test_what_is_no_checkpoint_is_one_line(capsys: pytest.CaptureFixture[str], name: str, line: str) -> None:
    """[P7] Exit status 2, and nothing is made."""
    status, output, errors = show(capsys, name)
    assert (status, output, errors.count("\n")) == (2, "", 1)
    assert errors.startswith(line)


def test_a_file_without_runs_is_no_mistake(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    with closing(SqliteStore(folder / "run.db")) as store:
        store.open()
    assert show(capsys, "run.db") == (0, "there is no run in 'run.db'\n", "")


def test_declarations_that_can_not_be_read_are_one_line(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    """[P8] Exit status 2: of a run without names nothing can be said."""
    path = folder / "run.db"
    filled(path).close()
    path.write_bytes(path.read_bytes().replace(b'["load","mended"', b'["load","mendex"'))
    status, output, errors = show(capsys, "run.db")
    assert (status, output, errors.count("\n")) == (2, "", 1)
