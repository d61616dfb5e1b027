"""One simulated run of a user's flow."""

from __future__ import annotations

import threading
import time
from contextvars import ContextVar

import pytest

from flowing import (
    AttemptCancelled,
    ConfigError,
    Flow,
    StepState,
    TaskTimeoutError,
    UnknownTaskError,
    WorkersExhausted,
    current,
    task,
)
from flowing.errors import WorkerStartError
from flowing.testing import Faults, SimulatedFault, SimulationFailed, simulate
from tests.unit.testing.flows import Shop, chain


def test_real_bodies_run_on_virtual_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for the real clock."""
    shop = Shop()
    waited: list[object] = []
    monkeypatch.setattr(threading.Event, "wait", lambda *arguments: waited.append(arguments))
    monkeypatch.setattr(time, "sleep", waited.append)
    run = simulate(shop.flow, bodies="real")
    monkeypatch.undo()
    assert run.results.ok
    assert run.results[shop.ship].value == "shipped for 30"
    assert shop.calls == ["cart", "charge", "ship", "email"]
    assert run.virtual_seconds == 1.5
    assert waited == []


def test_stubs_call_nothing_and_say_what_they_were_made_of() -> None:
    shop = Shop()
    run = simulate(shop.flow, bodies="stub")
    assert shop.calls == []
    values = {name: result.value for name, result in run.results.items()}
    assert values == {
        "cart": "cart",
        "charge": "charge(cart)",
        "ship": "ship(charge(cart))",
        "email": "email(charge(cart))",
    }


def test_the_value_of_a_stub_never_grows_long() -> None:
    deep = simulate(chain(50), bodies="stub").results
    assert max(len(str(result.value)) for result in deep.values()) < 100


def test_the_flow_stays_as_it_is() -> None:
    shop = Shop()
    simulate(shop.flow, bodies="real")
    assert {result.state for result in shop.flow.results.values()} == {StepState.PENDING}
    assert shop.flow.run().ok
    assert simulate(shop.flow, bodies="stub", faults=Faults().fail("cart")).results.ok is False
    assert shop.flow.results.ok


def test_overrides_made_before_the_first_run_count() -> None:
    shop = Shop()
    shop.flow.override(shop.charge, 7)
    run = simulate(shop.flow, bodies="real")
    assert run.results[shop.ship].value == "shipped for 7"
    assert "charge" not in shop.calls


def test_faults_strike_the_attempts_that_they_name() -> None:
    shop = Shop()
    faults = Faults().fail("charge", attempts=(1, 2), error=ConnectionError).hang(shop.email)
    run = simulate(shop.flow, bodies="real", seed=7, faults=faults)
    assert run.results.ok
    assert run.results["charge"].attempts == 3
    assert shop.calls.count("charge") == 1
    assert run.results["email"].state == StepState.FAILED
    assert run.virtual_seconds == 1.0 + 2.0 + 0.5 + 30.0 + 1.0 + 30.0


def test_a_late_result_comes_after_the_deadline_and_changes_nothing() -> None:
    shop = Shop()
    run = simulate(shop.flow, bodies="real", faults=Faults().late("email", by_s=2.0, attempts=(1,)))
    assert run.results["email"].attempts == 2
    assert run.results["email"].value == "sent"
    assert shop.calls.count("email") == 2


def test_a_body_can_be_told_to_take_long() -> None:
    shop = Shop()
    run = simulate(shop.flow, bodies="stub", faults=Faults().take("cart", 5.0).take("email", 31.0, attempts=(1,)))
    assert run.virtual_seconds == 5.0 + 30.0 + 1.0
    assert run.results["email"].attempts == 2


def test_a_sleep_ends_at_the_deadline() -> None:
    @task(timeout_s=2.0)
    def sleeper() -> None:
        try:
            current().sleep(10.0)
        except AttemptCancelled:
            seen.append(current().now())
            raise

    seen: list[float] = []
    run = simulate(Flow(sleeper), bodies="real")
    assert seen == [2.0]
    assert type(run.results["sleeper"].error).__name__ == "TaskTimeoutError"
    assert [type(event).__name__ for _, event in run.story].count("AttemptTimedOut") == 1


@pytest.mark.parametrize(("at_s", "state"), [(0.2, StepState.CANCELLED), (5.0, StepState.SUCCEEDED)])
def test_a_cancel_ends_a_sleep_too(at_s: float, state: StepState) -> None:
    shop = Shop()
    run = simulate(shop.flow, bodies="real", faults=Faults().cancel(at_s=at_s))
    assert run.results[shop.charge].state == state
    assert run.results.cancelled is (at_s < 1.5)


def test_a_cancel_can_follow_a_task() -> None:
    shop = Shop()
    run = simulate(shop.flow, bodies="real", faults=Faults().cancel(after=shop.charge))
    states = {name: result.state for name, result in run.results.items()}
    assert states["charge"] == StepState.SUCCEEDED
    assert states["email"] == StepState.CANCELLED
    assert run.results.cancelled


@pytest.mark.parametrize("seed", range(10))
def test_a_body_may_sleep_where_time_stands_still(seed: int) -> None:
    """It sleeps on a time of its own, and no longer than to its deadline."""
    shop = Shop()
    run = simulate(shop.flow, bodies="real", seed=seed, any_time=True)
    assert run.results[shop.ship].value == "shipped for 30"
    sleeper = task(lambda: current().sleep(10.0), name="sleeper", timeout_s=2.0)
    assert type(simulate(Flow(sleeper), bodies="real", seed=seed, any_time=True).results["sleeper"].error) is (
        TaskTimeoutError
    )


def test_a_second_cancel_is_one_at_once() -> None:
    shop = Shop()
    faults = Faults().hang("charge").cancel(at_s=1.0)
    assert simulate(shop.flow, bodies="real", faults=faults).virtual_seconds == 1.0 + 10.0  # the grace
    assert simulate(shop.flow, bodies="real", faults=faults.cancel(at_s=2.0)).virtual_seconds == 2.0


def test_a_refused_thread_is_what_run_would_raise_where_there_is_no_other() -> None:
    run = simulate(Shop().flow, bodies="stub", faults=Faults().refuse_threads())
    assert isinstance(run.error, WorkerStartError)
    assert run.results["cart"].state == StepState.CANCELLED
    assert simulate(Shop().flow, bodies="stub").error is None


def test_stuck_workers_are_what_run_would_raise() -> None:
    hanging = [task(lambda: None, name=f"hang_{n}", timeout_s=1.0) for n in range(2)]
    after = task(lambda: None, name="after")
    flow = Flow(*hanging, after, max_workers=1, fail_fast=False, max_abandoned=0)
    run = simulate(flow, bodies="stub", faults=Faults().hang("hang_0").hang("hang_1"))
    assert isinstance(run.error, WorkersExhausted)
    assert "hang_0" in str(run.error)


def test_gates_are_asked_of_real_bodies_alone() -> None:
    shop = Shop()
    assert simulate(shop.flow, bodies="real", replace={shop.charge: 1}).results["ship"].state == StepState.SKIPPED
    assert simulate(shop.flow, bodies="stub", replace={"charge": 1}).results["ship"].value == "ship(int)"


def test_a_replacement_is_a_value_or_is_called_as_the_body_would_be() -> None:
    shop = Shop()
    run = simulate(shop.flow, bodies="real", replace={shop.cart: [1], "charge": lambda cart: cart[0] + 99})
    assert run.results[shop.charge].value == 100
    assert shop.calls == ["ship", "email"]


def test_a_seed_makes_one_order_and_seeds_make_many() -> None:
    tasks = [task(lambda: None, name=str(number)) for number in range(5)]
    flow = Flow(*tasks, max_workers=3)
    stories = [simulate(flow, bodies="stub", seed=seed).events for seed in range(20)]
    assert len(set(stories)) > 5
    assert stories == [simulate(flow, bodies="stub", seed=seed).events for seed in range(20)]


def test_choices_make_the_same_run_again() -> None:
    flow = Shop().flow
    first = simulate(flow, bodies="stub", seed=3, faults=Faults().any())
    again = simulate(flow, bodies="stub", choices=first.choices, faults=Faults().any())
    assert (again.events, again.choices, again.seed) == (first.events, first.choices, None)


def test_bodies_run_in_a_copy_of_the_callers_context() -> None:
    """[R17] As in production."""
    colour: ContextVar[str] = ContextVar("colour", default="none")
    colour.set("red")

    @task
    def paint() -> str:
        before = colour.get()
        colour.set("blue")
        return before

    assert simulate(Flow(paint), bodies="real").results["paint"].value == "red"
    assert colour.get() == "red"


def test_no_thread_is_started() -> None:
    before = threading.enumerate()
    seen: list[threading.Thread] = []
    simulate(Flow(task(lambda: seen.append(threading.current_thread()), name="look")), bodies="real")
    assert seen == [threading.current_thread()]
    assert threading.enumerate() == before


def test_a_keyboard_interrupt_at_the_keyboard_ends_the_simulation_and_a_told_one_cancels_the_run() -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        simulate(Flow(task(interrupt, name="interrupted")), bodies="real")
    run = simulate(Shop().flow, bodies="real", faults=Faults().fail("cart", error=KeyboardInterrupt))
    assert run.results.cancelled


def test_a_run_that_waits_for_ever_is_a_failure_that_says_for_what() -> None:
    with pytest.raises(SimulationFailed, match="waits for ever for 'ship', which never returns; give it a timeout_s"):
        simulate(Shop().flow, bodies="stub", faults=Faults().hang("ship"))


def test_a_failure_shows_the_story_the_seed_the_choices_and_the_call() -> None:
    with pytest.raises(SimulationFailed) as caught:
        simulate(Shop().flow, bodies="stub", seed=5, faults=Faults().hang("ship"))
    failure, text = caught.value, str(caught.value)
    assert (failure.claim, failure.seed) == ("what_has_begun_goes_on", 5)
    assert "seed 5, " in text
    assert "AttemptStarted    ship" in text
    assert failure.replay == f"simulate(flow, bodies='stub', choices={failure.choices!r}, faults=Faults().hang('ship'))"
    assert failure.replay in text
    assert isinstance(failure, AssertionError)


def test_the_events_are_a_table_of_safe_lines() -> None:
    """[S8] What a task raises is escaped."""

    def fail() -> None:
        raise ValueError("red\x1b[31m\nline\u202e")

    lines = simulate(Flow(task(fail, name="fail")), bodies="real").events.splitlines()
    assert len(lines) == 1 + 5
    assert not any(char in line for line in lines for char in "\x1b\u202e")
    assert "ValueError: red" in lines[3]


@pytest.mark.parametrize("bodies", ["fake", None, True])
def test_bodies_must_be_said(bodies: object) -> None:
    with pytest.raises(ConfigError, match='say bodies="real" to run what the tasks do'):
        simulate(Shop().flow, bodies=bodies)  # type: ignore[arg-type]  # the mistake itself


def test_an_unknown_name_is_refused_with_those_that_are_alike() -> None:
    flow = Shop().flow
    for faults in (Faults().fail("chrage"), Faults().cancel(after="chrage")):
        with pytest.raises(UnknownTaskError, match="'chrage', which is not in the flow; did you mean one of 'charge'"):
            simulate(flow, bodies="stub", faults=faults)
    with pytest.raises(UnknownTaskError, match="replace= names task 'chrage'"):
        simulate(flow, bodies="stub", replace={"chrage": 1})


def test_only_a_task_with_a_deadline_can_be_late() -> None:
    with pytest.raises(ConfigError, match="task 'ship' can't be late: it has no timeout_s"):
        simulate(Shop().flow, bodies="stub", faults=Faults().late("ship"))


def test_an_attempt_that_fails_as_told_says_so() -> None:
    run = simulate(Shop().flow, bodies="stub", faults=Faults().fail("cart"))
    assert isinstance(run.results["cart"].error, SimulatedFault)
