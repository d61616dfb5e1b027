"""What can be simulated, and with which inputs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from flowing import ConfigError, Depends, Flow, InputError, InputTypeError, MissingInputError, StepState, param, task
from flowing.testing import Simulation, crash_everywhere, exhaust, explore, simulate

if TYPE_CHECKING:
    from collections.abc import Callable

count = param("count", int)
names = param("names", list[str], default=["a"])


@task
def repeat(names: list[str] = Depends(names), count: int = Depends(count)) -> list[str]:
    names += ["more"]  # so that it would be seen if two runs shared a list
    return names * count


@pytest.fixture
def flow() -> Flow:
    return Flow(repeat)


@pytest.mark.parametrize(
    "simulated",
    [
        lambda what: simulate(what, bodies="real"),
        lambda what: explore(what, runs=1, bodies="stub"),
        lambda what: exhaust(what, bodies="stub"),
        lambda what: crash_everywhere(what, bodies="stub"),
    ],
    ids=["simulate", "explore", "exhaust", "crash_everywhere"],
)
def test_only_a_flow_can_be_simulated(simulated: Callable[[object], object], flow: Flow) -> None:
    with pytest.raises(ConfigError, match=r"task 'repeat' is no flow, .* make one that has it: Flow\(repeat\)"):
        simulated(repeat)
    with pytest.raises(ConfigError, match="only a Flow can be simulated, and a value of type list is none"):
        simulated([flow])


def test_parameters_have_the_values_that_are_given_and_else_their_defaults(flow: Flow) -> None:
    for who in (count, "count"):
        run = simulate(flow, bodies="real", replace={who: 2})
        assert run.results[repeat].value == ["a", "more", "a", "more"]
        assert run.results[count].attempts == 0
    run = simulate(flow, bodies="real", replace={count: 1, names: ["b"]})
    assert run.results[repeat].value == ["b", "more"]


def test_a_value_that_is_missing_is_refused_as_in_a_run(flow: Flow) -> None:
    with pytest.raises(MissingInputError, match="no value was given for parameter 'count'"):
        simulate(flow, bodies="real")
    assert simulate(flow, bodies="stub").results["repeat"].value == "repeat(names,count)"


@pytest.mark.parametrize("bodies", ["real", "stub"])
@pytest.mark.parametrize("wrong", ["two", True, lambda: 2])
def test_a_value_of_another_type_is_refused_as_in_a_run(flow: Flow, bodies: str, wrong: object) -> None:
    with pytest.raises(InputTypeError, match="parameter 'count' takes int"):
        simulate(flow, bodies=bodies, replace={count: wrong})  # type: ignore[arg-type]  # one of the two


def test_an_input_is_given_once(flow: Flow) -> None:
    flow.override(count, 3)
    assert len(_values(simulate(flow, bodies="real"))) == 6
    with pytest.raises(InputError, match="given a value by override"):
        simulate(flow, bodies="real", replace={count: 1})


def test_the_flow_is_not_given_the_inputs(flow: Flow) -> None:
    simulate(flow, bodies="real", replace={count: 1})
    assert flow.results[count].state == StepState.PENDING
    with pytest.raises(MissingInputError):
        flow.run()


def test_no_two_runs_share_a_default(flow: Flow) -> None:
    def check(run: Simulation) -> None:
        assert _values(run) == ["a", "more"]

    assert explore(flow, runs=5, bodies="real", replace={count: 1}, check=check).runs == 5


def test_a_crash_loses_no_input() -> None:
    double = task(lambda count: 2 * count, name="double", depends_on=[count])
    assert crash_everywhere(Flow(double), bodies="real", replace={count: 2}).crashes > 2


def _values(run: Simulation) -> list[str]:
    return run.results[repeat].value
