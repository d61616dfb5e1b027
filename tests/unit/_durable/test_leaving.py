"""A store that nobody closed is closed when its flow is gone, and at the exit; never under threads that write."""

from __future__ import annotations

import gc
import threading
from typing import TYPE_CHECKING

import pytest
from typing_extensions import override

from flowing import CheckpointLocked, Flow, task
from flowing._durable.leaving import closed_in_the_end
from flowing._durable.saving import Writer
from flowing._durable.scribe import Scribe
from flowing.checkpoint import MemoryStore
from flowing.core.state import Times
from flowing.errors import CheckpointError
from tests.unit.durable.stores import Watched
from tests.unit.faults.child import said

if TYPE_CHECKING:
    from pathlib import Path


class Hold:
    """What refers to a store."""

    def __init__(self) -> None:
        self.left = 0

    def leave(self) -> None:
        self.left += 1


class Closing(Watched):
    """Counts how often it is closed."""

    closed = 0

    @override
    def close(self) -> None:
        self.closed += 1


def test_a_store_is_closed_with_the_last_reference_to_its_hold() -> None:
    hold, store, turn = Hold(), Closing(MemoryStore()), threading.Lock()
    closed_in_the_end(hold, store, turn, [])
    assert store.closed == 0
    del hold
    gc.collect()
    assert (store.closed, turn.locked()) == (1, False)


def test_it_is_not_closed_under_a_thread_that_writes() -> None:
    hold, store, turn = Hold(), Closing(MemoryStore()), threading.Lock()
    closed_in_the_end(hold, store, turn, [])
    with turn:
        del hold
        gc.collect()
    assert store.closed == 0


def test_who_writes_for_a_session_that_nobody_ended_writes_nothing_more() -> None:
    hold, store, turn = Hold(), Closing(MemoryStore()), threading.Lock()
    scribe = Scribe(store, turn, Writer((), {}), Times("run", 0.0, 0.0), marked=())
    closed_in_the_end(hold, store, turn, [scribe])
    del hold
    gc.collect()
    with pytest.raises(CheckpointError, match="too late"):
        scribe.save([])


def test_the_way_back() -> None:
    """A store that its hold has closed may be another's by then."""
    hold, store = Hold(), Closing(MemoryStore())
    closed_in_the_end(hold, store, threading.Lock(), [])()
    del hold
    gc.collect()
    assert store.closed == 0


def test_a_flow_that_was_closed_takes_nothing_from_the_next_one() -> None:
    medium = MemoryStore()
    one = task(lambda: 1, name="one")
    first, second = Flow(one, checkpoint=medium.another()), Flow(one, checkpoint=medium.another())
    first.run()
    first.close()
    second.resume()
    del first
    gc.collect()
    with pytest.raises(CheckpointLocked):
        Flow(one, checkpoint=medium.another()).resume()


def test_at_the_exit_everything_is_let_go_in_order(tmp_path: Path) -> None:
    """What another exit handler asks of the flow after that, it does: the file is opened again."""
    path = str(tmp_path / "run.db")
    program = f"""
    import atexit
    one = task(lambda: 1, name="one")
    flow = Flow(one, checkpoint={path!r})
    def later():
        say(sorted(os.listdir({str(tmp_path)!r})))
        say(flow.resume().ok)
        flow.close()
    atexit.register(later)
    say(flow.run().ok)
    """
    assert said(program) == ["True", "['run.db', 'run.db.lock']", "True"]
