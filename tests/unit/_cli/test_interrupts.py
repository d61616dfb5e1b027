"""What is said at a Ctrl-C, and that it changes nothing else. `test_run` has it as a person does it."""

from __future__ import annotations

import signal
from threading import Thread
from typing import TYPE_CHECKING

import pytest

from flowing import Flow, current, task
from flowing._cli.interrupts import told

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def _pythons_handler() -> Iterator[None]:
    """Have Ctrl-C mean what it means in a new process."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def flow_of(size: int) -> Flow:
    """Make one whose first task interrupts it when all run; none of them ends before that."""

    def body(number: int) -> None:
        if number == size - 1:
            while len([each for each in flow.results.values() if each.state == "RUNNING"]) < size:
                current().sleep(0.001)
            signal.raise_signal(signal.SIGINT)
        current().sleep(600)

    steps = [task(lambda number=number: body(number), name=f"step_{number}") for number in range(size)]
    flow = Flow(*steps, grace_s=7)
    return flow


@pytest.mark.parametrize(
    ("size", "names"),
    [(1, "'step_0'"), (3, "'step_0', 'step_1', 'step_2'"), (5, "'step_0', 'step_1', 'step_2' and 2 more")],
)
def test_the_first_one_names_what_is_waited_for(capsys: pytest.CaptureFixture[str], size: int, names: str) -> None:
    """And the run is interrupted as it would be without."""
    flow = flow_of(size)
    with pytest.raises(KeyboardInterrupt), told(flow):
        flow.run()
    assert capsys.readouterr().err == f"flowing: waiting up to 7 s for {names}; Ctrl-C again ends at once\n"
    assert flow.results.cancelled


def test_nothing_is_said_where_nobody_is_waited_for(capsys: pytest.CaptureFixture[str]) -> None:
    flow = flow_of(1)
    with pytest.raises(KeyboardInterrupt), told(flow):
        signal.raise_signal(signal.SIGINT)
    assert capsys.readouterr().err == ""


def test_ctrl_c_means_what_it_meant_afterwards() -> None:
    """Also after it was hit."""
    flow = flow_of(1)
    with told(flow):
        assert signal.getsignal(signal.SIGINT) is not signal.default_int_handler
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    with pytest.raises(KeyboardInterrupt), told(flow):
        signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_module_that_sees_to_ctrl_c_itself_is_left_alone() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with told(flow_of(1)):
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN


def test_a_thread_that_can_not_hear_of_it_does_not_try() -> None:
    """Only the main thread may say what a signal does."""
    seen: list[object] = []

    def work() -> None:
        with told(flow_of(1)):
            seen.append(signal.getsignal(signal.SIGINT))

    thread = Thread(target=work)
    thread.start()
    thread.join(60)
    assert seen == [signal.default_int_handler]
