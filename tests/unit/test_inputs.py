"""What a run is given: by name, of the right type, kept as long as the run goes on."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pytest
from typing_extensions import override

from flowing import (
    CheckpointError,
    Flow,
    FlowChangedError,
    InputError,
    InputTypeError,
    MemoryStore,
    MissingInputError,
    Observation,
    StepState,
    UnknownInputError,
    check,
    current,
    param,
    task,
)
from flowing._inputs import are_equal
from flowing.core.events import ResultProvided

if TYPE_CHECKING:
    from pathlib import Path

city = param("city", str)
days = param("days", int, default=3)


@task(depends_on=[city, days])
def forecast(city: str, days: int) -> list[str]:
    return [city] * days


@task(depends_on=[forecast])
def count(forecast: list[str]) -> int:
    return len(forecast)


def broken_flow(checkpoint: Path | None = None) -> tuple[Flow, list[str]]:
    """Give a flow whose last task fails at first, and the list of what ran."""
    ran: list[str] = []

    @task(depends_on=[city])
    def first(city: str) -> str:
        ran.append("first")
        return city

    @task(depends_on=[first, days])
    def last(first: str, days: int) -> str:
        ran.append("last")
        if ran.count("last") == 1:
            raise ValueError
        return first * days

    return Flow(last, checkpoint=checkpoint), ran


def test_the_parameters_are_listed_in_the_order_of_their_definition() -> None:
    flow = Flow(count)
    assert list(flow.inputs.items()) == [("city", city), ("days", days)]
    with pytest.raises(TypeError):
        flow.inputs["town"] = city  # type: ignore[index]
    assert not Flow(task(lambda: 1, name="one")).inputs


def test_a_value_that_is_given_arrives_and_a_default_stands_in() -> None:
    flow = Flow(count)
    assert flow.run(city="Paris").ok
    assert flow.value(forecast) == ["Paris"] * 3
    assert flow.run(city="Oslo", days=1).ok
    assert flow.value(forecast) == ["Oslo"]


def test_a_parameter_has_a_row_that_succeeded_and_was_never_started() -> None:
    flow = Flow(count)
    results = flow.run(city="Paris")
    row = results[city]
    assert (row.state, row.attempts, row.started_at, row.value) == (StepState.SUCCEEDED, 0, None, "Paris")
    assert "SUCCEEDED  city             -         0  input" in flow.summary()
    assert len(results) == 4


def test_a_flow_of_parameters_alone_runs() -> None:
    flow = Flow(city, days)
    assert flow.run(city="Paris").ok
    assert flow.value(days) == 3


def test_detached_tasks_of_a_parameter_join_its_flow() -> None:
    own = param("own", str)
    told: list[str] = []

    @task(depends_on=[own], detached=True)
    def tell(own: str) -> None:
        told.append(own)

    assert Flow(own).run(own="x").ok
    assert told == ["x"]


def test_a_parameter_is_checked_as_every_other_dependency() -> None:
    @task(depends_on=[city])  # type: ignore[flowing-wiring]  # mypy finds it too
    def wrong(city: int) -> int:
        return city

    assert check(Flow(count)).ok
    (finding,) = check(Flow(wrong)).findings
    assert 'Task "city" makes "str", but task "wrong" takes it as "int"' in finding.message


# ── refused before anything runs ─────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("inputs", "kind", "message", "parameters"),
    [
        ({}, MissingInputError, r"no value was given for parameter 'city'.*flow.run\(city=...\)", ("city",)),
        ({"city": 3}, InputTypeError, "parameter 'city' takes str, but was given an int", ("city",)),
        ({"city": "a", "days": True}, InputTypeError, "parameter 'days' takes int, but was given a bool", ("days",)),
        ({"town": "a"}, UnknownInputError, r"given 'town', which.*its parameters are city, days", ("town",)),
    ],
)
@pytest.mark.parametrize("call", ["run", "resume"])
def test_wrong_inputs_are_refused_by_name(
    call: str, inputs: dict[str, Any], kind: type[InputError], message: str, parameters: tuple[str, ...]
) -> None:
    """[G16] Nothing has run, and the flow can be run as if nothing had been."""
    flow, ran = broken_flow()
    heard: list[Observation] = []
    with flow.subscribe(heard.append) as subscription:
        with pytest.raises(kind, match=message) as caught:
            getattr(flow, call)(**inputs)
        assert subscription.drain(60)
    assert caught.value.parameters == parameters
    assert (ran, heard) == ([], [])
    assert flow.results[city].state is StepState.PENDING


def test_a_flow_without_parameters_says_so() -> None:
    with pytest.raises(UnknownInputError, match=r"it has none; declare one with param\(\)"):
        Flow(task(lambda: 1, name="one")).run(city="a")


def test_all_that_is_missing_is_named() -> None:
    one, two = param("one", int), param("two", int)
    with pytest.raises(MissingInputError, match="parameters 'one', 'two'"):
        Flow(one, two).run()


def test_wrong_inputs_leave_the_run_before_as_it_was() -> None:
    flow = Flow(count)
    flow.run(city="Paris")
    with pytest.raises(MissingInputError):
        flow.run()
    assert flow.value(forecast) == ["Paris"] * 3


# ── override, invalidate, resume ─────────────────────────────────────────────────────────────────


def test_a_resume_keeps_the_inputs_of_the_run() -> None:
    flow, ran = broken_flow()
    flow.run(city="a", days=2)
    assert flow.resume().ok
    assert flow.results["last"].value == "aa"
    assert ran == ["first", "last", "last"]


def test_a_resume_takes_the_same_inputs_and_no_others() -> None:
    flow, ran = broken_flow()
    flow.run(city="a", days=2)
    with pytest.raises(FlowChangedError, match=r"other inputs than were given to resume\(\): 'city'.*run\(city=...\)"):
        flow.resume(city="b", days=2)
    assert ran == ["first", "last"]
    assert flow.resume(city="a").ok


def test_before_any_run_a_resume_is_a_run() -> None:
    flow = Flow(count)
    assert flow.resume(city="Paris", days=1).ok
    assert flow.value(forecast) == ["Paris"]


def test_an_override_changes_an_input_and_what_was_computed_from_it() -> None:
    flow = Flow(count)
    flow.run(city="Paris")
    flow.override(days, 1)
    assert flow.results[count].state is StepState.PENDING
    assert flow.resume(city="Paris", days=1).ok
    assert flow.value(forecast) == ["Paris"]


def test_an_override_of_another_type_is_refused() -> None:
    with pytest.raises(InputTypeError, match="parameter 'days' takes int, but was given a str"):
        Flow(count).override(days, "1")  # type: ignore[arg-type]


def test_an_override_before_the_first_run_is_its_input() -> None:
    flow = Flow(count)
    flow.override(city, "Oslo")
    with pytest.raises(InputError, match=r"'city' was given a value by override\(\), and another one"):
        flow.run(city="Paris")
    assert flow.run().ok
    assert flow.value(city) == "Oslo"
    with pytest.raises(MissingInputError):
        flow.run()  # a new run, without the overrides of the old one


def test_an_input_can_not_be_invalidated_since_nothing_makes_it() -> None:
    flow = Flow(count)
    flow.run(city="Paris")
    with pytest.raises(InputError, match=r"'city' is a parameter.*override\(\)"):
        flow.invalidate(count, city)
    assert flow.results.ok


def test_listeners_hear_of_inputs_before_the_run_begins() -> None:
    flow = Flow(count)
    heard: list[Observation] = []
    with flow.subscribe(heard.append) as subscription:
        flow.run(city="Paris")
        assert subscription.drain(60)
    assert [each.task for each in heard[:2]] == ["city", "days"]
    assert all(isinstance(each.event, ResultProvided) for each in heard[:2])


# ── with a checkpoint ────────────────────────────────────────────────────────────────────────────


def test_another_process_goes_on_with_the_inputs_that_are_stored(tmp_path: Path) -> None:
    path = tmp_path / "run.db"
    flow, _ = broken_flow(checkpoint=path)
    with flow:
        flow.run(city="a", days=2)
    again, ran = broken_flow(checkpoint=path)
    with again:
        with pytest.raises(FlowChangedError, match="'days'"):
            again.resume(days=3)
        assert not again.resume(city="a").ok  # its own first time
        assert again.resume().ok
    assert again.results["last"].value == "aa"
    assert ran == ["last", "last"]


def test_a_new_run_may_have_other_inputs(tmp_path: Path) -> None:
    path = tmp_path / "run.db"
    with Flow(count, checkpoint=path) as flow:
        flow.run(city="Paris")
        flow.run(city="Oslo")
    with Flow(count, checkpoint=path) as again:
        assert again.resume().ok
        assert again.value(city) == "Oslo"


def test_a_parameter_that_is_new_to_a_stored_run_takes_its_default_or_has_to_be_given() -> None:
    store = MemoryStore()
    with Flow(task(lambda: 1, name="one"), checkpoint=store) as flow:
        flow.run()
    with Flow(task(lambda: 1, name="one"), count, checkpoint=store) as wider:
        with pytest.raises(MissingInputError, match="'city'"):
            wider.resume()
        assert wider.resume(city="Paris").ok
    with Flow(task(lambda: 1, name="one"), count, checkpoint=store) as again:
        assert again.resume(city="Paris", days=3).ok
        assert again.value(forecast) == ["Paris"] * 3


@pytest.mark.parametrize("path", [None, "run.db"])
def test_a_task_that_is_new_to_a_stored_run_can_be_overridden(tmp_path: Path, path: str | None) -> None:
    store = MemoryStore() if path is None else tmp_path / path
    one, two = (task(lambda: 1, name=name) for name in ("one", "two"))
    with Flow(one, checkpoint=store) as flow:
        flow.run()
    with Flow(one, two, city, checkpoint=store) as wider:
        wider.override(city, "Oslo")
        wider.override(two, 5)
    with Flow(one, two, city, checkpoint=store) as again:
        assert again.resume().ok
        assert [again.value(each) for each in (city, two)] == ["Oslo", 5]


def test_a_parameter_of_another_type_now_is_a_change_of_the_flow() -> None:
    store = MemoryStore()
    with Flow(param("size", int), checkpoint=store) as flow:
        flow.run(size=1)
    with Flow(param("size", str), checkpoint=store) as other, pytest.raises(FlowChangedError, match="'size'"):
        other.resume()
    with Flow(param("size", str), checkpoint=store, on_change="rerun") as other:
        with pytest.raises(MissingInputError, match="'size'"):
            other.resume()
        assert other.resume(size="L").ok


def test_an_input_that_is_not_stored_has_to_be_given_again_where_it_is_needed() -> None:
    """It invalidates nothing: the attempts of one run have one idempotency key."""
    store = MemoryStore()
    keys: set[str] = set()
    secret = param("secret", str, persist=False)
    ran: list[str] = []

    @task(depends_on=[secret])
    def fetch(secret: str) -> int:
        ran.append(secret)
        keys.add(current().idempotency_key)
        if len(ran) == 1:
            raise ValueError
        return 1

    with Flow(fetch, checkpoint=store) as flow:
        flow.run(secret="a")
        assert not flow.results.ok
    with Flow(fetch, checkpoint=store) as flow:
        with pytest.raises(MissingInputError, match="'secret'"):
            flow.resume()
        assert flow.resume(secret="b").ok
    with Flow(fetch, checkpoint=store) as flow:
        assert flow.resume().ok  # nobody needs it any more
    assert ran == ["a", "b"]
    assert len(keys) == 1


def test_a_value_that_can_not_be_stored_is_refused_before_anything_runs() -> None:
    anything = param("anything", object)
    flow = Flow(anything, checkpoint=MemoryStore())
    with flow, pytest.raises((CheckpointError, TypeError), match="'anything'"):
        flow.run(anything=object())
    assert flow.results[anything].state is StepState.PENDING


# ── what is the same value ───────────────────────────────────────────────────────────────────────


class Alone:
    """Equal to nothing but itself, and hostile to the question."""

    @override
    def __eq__(self, other: object) -> bool:
        raise RuntimeError

    __hash__ = None  # type: ignore[assignment]


ALONE = Alone()


@pytest.mark.parametrize(
    ("one", "other", "kind"),
    [
        (1, 1, int),
        (1, 1.0, float),
        ([1], [1], list[int]),
        (math.nan, math.nan, float),
        ([math.nan], [float("nan")], list[float]),
        (ALONE, ALONE, Alone),
    ],
)
def test_values_that_are_the_same(one: object, other: object, kind: object) -> None:
    assert are_equal(one, other, kind)


@pytest.mark.parametrize(
    ("one", "other", "kind"),
    [(1, 2, int), ([1], [1, 2], list[int]), (math.nan, 0.0, float), (ALONE, Alone(), Alone), (object(), 1, object)],
)
def test_values_that_are_not(one: object, other: object, kind: object) -> None:
    """The control."""
    assert not are_equal(one, other, kind)
