"""What every store has to do, as claims that can be tested: for flowing's own stores, and for those of others.

    @pytest.mark.parametrize("claim", CONTRACT, ids=lambda claim: claim.__name__)
    def test_it_is_a_store(claim, tmp_path):
        claim(MyMedium(tmp_path))

Each claim raises AssertionError if it does not hold. It needs a new, empty medium.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final, Protocol, TypeAlias

from flowing.checkpoint.codec.json_codec import JsonCodec
from flowing.checkpoint.codec.pickled import PickleCodec
from flowing.checkpoint.declaration import Declaration, Definition
from flowing.checkpoint.records import (
    AttemptMarked,
    EndNoted,
    FailureSaved,
    OverrideSaved,
    ResultDropped,
    ResultSaved,
    RunBegun,
    RunFinished,
    RunResumed,
    SavedRun,
    StoredError,
)
from flowing.core.status import Past
from flowing.errors import CheckpointError, CheckpointLocked

if TYPE_CHECKING:
    from collections.abc import Callable

    from flowing.checkpoint.codec.protocol import Codec
    from flowing.checkpoint.records import Change, Saved
    from flowing.checkpoint.store import Store

    Claim: TypeAlias = "Callable[[Medium], None]"


class Medium(Protocol):
    """What stores keep runs on: a file, a directory, a server."""

    def connect(self, *, run_id: str | None = None, codec: Codec | None = None) -> Store:
        """Give a store on this medium that is not open, as another process would have it."""
        ...

    def crash(self) -> None:
        """Let the process die that has the medium open: as `kill -9` would, without another call of its store."""
        ...


TASKS: Final = ("load", "clean", "train", "report", "'; DROP TABLE runs; --", "../../%s {0}", "été 🎈")
EVERY_KIND: Final[tuple[Saved, ...]] = (
    ResultSaved("load", b"[1,2]", -(2**63), 3, Past(2, 1), 1_700_000_000.25, 0.125),
    ResultSaved("clean", b"", 2**63 - 1, 1, stale=True),
    OverrideSaved("train", b"\x00\xff" * 5_000, 7, Past(1, 0)),
    FailureSaved("report", StoredError("ValueError", "ValueError: x\ud800", "line\n" * 1000), 2, Past(0, 3), 5.0, 1.0),
    EndNoted(TASKS[4], "SKIPPED", "task 'report' failed", 0, Past(4, 0)),
    EndNoted(TASKS[5], "CANCELLED", "", 6),
    AttemptMarked(TASKS[6], 2, Past(1, 1), 12.5),
)


def declared(*names: str) -> Declaration:
    """Declare tasks of these names."""
    return Declaration.of(Definition(name=name, shown_type="int", fingerprint=1) for name in names or TASKS)


def result(task: str, payload: bytes = b"1", attempt: int = 1) -> ResultSaved:
    """Make a result."""
    return ResultSaved(task, payload, 1, attempt)


def begun(medium: Medium, run_id: str = "first", codec: Codec | None = None) -> Store:
    """Open a store, and begin a run."""
    store = medium.connect(codec=codec)
    store.open()
    store.commit([RunBegun(run_id, 1.0, declared())])
    return store


def loaded(medium: Medium, run_id: str | None = None) -> SavedRun:
    """Open a store, load the run, and let go."""
    store = medium.connect(run_id=run_id)
    store.open()
    try:
        run = store.load()
        assert run is not None
        return run
    finally:
        store.close()


def _refused(call: Callable[[], object]) -> CheckpointError:
    """Give the error that a call must raise."""
    try:
        call()
    except CheckpointError as error:
        return error
    raise AssertionError("it was not refused")


def nothing_is_there_at_first(medium: Medium) -> None:
    """See that an empty medium has no run, and that a store which was closed can be opened again."""
    store = medium.connect()
    for _ in range(2):
        store.open()
        assert store.load() is None
        store.close()


def what_was_committed_is_loaded_as_it_was(medium: Medium) -> None:
    """See that every kind of record comes back equal, with the run that it is about."""
    store = begun(medium)
    store.commit(EVERY_KIND)
    store.close()
    run = loaded(medium)
    assert dict(run.saved) == {each.task: each for each in EVERY_KIND}
    assert (run.run_id, run.began_s, run.epoch, run.finished) == ("first", 1.0, 0, False)
    assert run.declaration == declared()
    assert (run.codec, run.crashes, run.marked, run.damage) == ("json", {}, (TASKS[6],), ())


def the_last_record_of_a_task_counts(medium: Medium) -> None:
    """See that later records take the place of earlier ones, in a batch as in a series of commits."""
    store = begun(medium)
    store.commit([result("clean"), result("load", b"1"), result("load", b"2")])
    store.commit([ResultDropped("clean", Past(1, 1)), result("train")])
    store.close()
    expected = {"load": result("load", b"2"), "clean": ResultDropped("clean", Past(1, 1)), "train": result("train")}
    assert dict(loaded(medium).saved) == expected


def what_was_committed_survives_a_crash(medium: Medium) -> None:
    """See that the process may die when `commit` has returned; the next holder has it all, and goes on."""
    store = begun(medium)
    for number in range(20):
        store.commit([result("load", b"%d" % number)])
    medium.crash()
    store = medium.connect()
    store.open()
    run = store.load()
    assert run is not None
    assert dict(run.saved) == {"load": result("load", b"19")}
    store.commit([result("clean")])
    store.close()
    assert set(loaded(medium).saved) == {"load", "clean"}


def the_newest_run_is_loaded_unless_another_is_asked_for(medium: Medium) -> None:
    """See that runs don't touch each other."""
    store = begun(medium, "first")
    store.commit([result("load", b"1")])
    store.commit([RunBegun("second", 2.0, declared("load")), result("load", b"2")])
    store.close()
    assert loaded(medium).run_id == "second"
    assert loaded(medium).saved["load"] == result("load", b"2")
    assert loaded(medium, "first").saved["load"] == result("load", b"1")
    other = medium.connect(run_id="third")
    other.open()
    assert other.load() is None
    other.close()


def a_run_is_begun_once(medium: Medium) -> None:
    """See that a name which is taken is refused, and that nothing of that commit took effect."""
    store = begun(medium)
    store.commit([result("load")])
    again: list[Change] = [RunBegun("first", 9.0, declared("load")), result("load", b"9")]
    assert "'first'" in str(_refused(lambda: store.commit(again)))
    run = store.load()
    assert run is not None
    assert (run.began_s, dict(run.saved)) == (1.0, {"load": result("load")})
    store.close()


def a_run_ends_and_goes_on(medium: Medium) -> None:
    """See that a finished run can go on, with further tasks; those that are gone keep their results."""
    store = begun(medium)
    store.commit([result("load"), RunFinished()])
    run = store.load()
    assert run is not None
    assert run.finished
    store.commit([RunResumed(3, declared("load", "new")), result("new")])
    store.close()
    run = loaded(medium)
    assert (run.epoch, run.finished, set(run.saved)) == (3, False, {"load", "new"})
    assert run.declaration.names == (*TASKS, "new")


def one_holder_at_a_time(medium: Medium) -> None:
    """See that a second holder is refused until the first lets go, or dies."""
    for let_go in (None, medium.crash):
        store = medium.connect()
        store.open()
        second = medium.connect()
        assert isinstance(_refused(second.open), CheckpointLocked)
        second.close()  # lets go of nothing
        if let_go is None:
            store.close()
            store.close()
        else:
            let_go()
    store = medium.connect()
    store.open()
    store.close()


def crashes_are_counted_once(medium: Medium) -> None:
    """See that an attempt which was marked when the process died is one crash, until something is saved of its task."""
    for dies in range(1, 4):
        store = medium.connect()
        store.open()
        if store.load() is None:
            store.commit([RunBegun("first", 1.0, declared())])
        store.mark_started(0, "load", dies)
        store.mark_started(1, "clean", dies)
        store.mark_started(200, "train", dies)
        store.mark_ended(1)
        store.mark_started(200, "report", dies)
        medium.crash()
        for _ in range(2):
            assert loaded(medium).crashes == {"load": dies, "report": dies}
    store = medium.connect()
    store.open()
    store.load()
    store.commit([result("load", attempt=4)])
    store.mark_started(0, "load", 4)
    store.mark_started(1, "report", 4)
    store.close()  # nobody died
    assert loaded(medium).crashes == {"report": 3}


def an_end_that_was_committed_is_no_crash(medium: Medium) -> None:
    """See that a mark which was not taken away yet says nothing of an attempt whose end is known."""
    store = begun(medium)
    store.mark_started(0, "load", 1)
    store.mark_started(1, "clean", 2)
    store.mark_started(2, "train", 1)
    store.commit([result("load"), result("clean"), AttemptMarked("train", 1)])
    medium.crash()
    assert loaded(medium).crashes == {"clean": 1, "train": 1}


def another_codec_is_refused(medium: Medium) -> None:
    """See that a run is read by the codec that wrote it alone, and that the error names both."""
    begun(medium, codec=PickleCodec(trusted=True)).close()
    store = medium.connect(codec=JsonCodec())
    store.open()
    refused = str(_refused(store.load))
    assert "'pickle'" in refused
    assert "'json'" in refused
    store.commit([RunBegun("second", 2.0, declared())])
    store.close()
    assert loaded(medium).codec == "json"


def threads_take_turns(medium: Medium) -> None:
    """See that commits may come from any thread, one at a time, and marks from many at once."""
    store = begun(medium)
    turn = threading.Lock()

    def work(place: int) -> None:
        for number in range(20):
            store.mark_started(place, TASKS[place], number + 1)
            with turn:
                store.commit([result(TASKS[place], b"%d" % number, number + 1)])
            store.mark_ended(place)

    threads = [threading.Thread(target=work, args=(place,)) for place in range(len(TASKS))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    medium.crash()
    run = loaded(medium)
    assert dict(run.saved) == {task: result(task, b"19", 20) for task in TASKS}
    assert run.crashes == {}


CONTRACT: Final[tuple[Claim, ...]] = (
    nothing_is_there_at_first,
    what_was_committed_is_loaded_as_it_was,
    the_last_record_of_a_task_counts,
    what_was_committed_survives_a_crash,
    the_newest_run_is_loaded_unless_another_is_asked_for,
    a_run_is_begun_once,
    a_run_ends_and_goes_on,
    one_holder_at_a_time,
    crashes_are_counted_once,
    an_end_that_was_committed_is_no_crash,
    another_codec_is_refused,
    threads_take_turns,
)
