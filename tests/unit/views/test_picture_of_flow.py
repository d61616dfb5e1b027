"""A picture of a flow has what its results say, which edges carry no value, and never a value."""

from __future__ import annotations

import pytest
from typing_extensions import override

from flowing import Depends, Flow, param, task
from flowing._no_value import NO_VALUE
from flowing.results import StepState
from flowing.views.picture_of_flow import describe_value, picture_of

CANARY = "hunter2-is-the-secret"


def sample() -> Flow:
    @task
    def load() -> list[str]:
        return [CANARY]

    @task(depends_on=[load])
    def parse(load: list[str]) -> dict[str, str]:
        return {CANARY: CANARY}

    @task(after=[load], retry=1, retry_backoff_base_ms=0)
    def check(secret: str = CANARY) -> None:
        hidden = secret * 2
        raise ValueError(len(hidden))

    @task(depends_on=[parse], when=lambda load: True, after=[check])
    def never(parse: object, load: object = Depends(load)) -> None: ...

    @task(depends_on=[parse], detached=True)
    def tell(parse: object) -> None: ...

    return Flow(never, fail_fast=False)


def test_each_row_of_the_results_is_there_in_order() -> None:
    flow = sample()
    flow.run()
    shown = picture_of(flow._state, flow.tasks, title="sample")
    assert [each.name for each in shown.tasks] == list(flow.results)
    for each, result in zip(shown.tasks, flow.results.values(), strict=True):
        assert each.state is result.state
        assert each.attempts == result.attempts
        assert each.duration_s == result.duration_s
        assert each.detached is result.detached
        assert (each.traceback is None) is (result.error is None)
        if result.started_at is not None:
            assert each.started_s == result.started_at.timestamp()
    by_name = {each.name: each for each in shown.tasks}
    assert by_name["check"].why == "ValueError: 42"
    assert by_name["never"].root_cause == "check"
    assert by_name["load"].value == "list, 1 item"
    assert shown.title == "sample"
    assert shown.run_id


def test_edges_without_a_value_are_known() -> None:
    flow = sample()
    shown = picture_of(flow._state, flow.tasks)
    names = [each.name for each in shown.tasks]
    order_only = {each.name: {names[needed] for needed in each.order_only} for each in shown.tasks}
    assert order_only == {"load": set(), "parse": set(), "check": {"load"}, "never": {"check"}, "tell": set()}
    assert {names[needed] for needed in shown.tasks[names.index("never")].dependencies} == {"load", "parse", "check"}


def test_no_value_and_no_argument_is_in_any_drawing(tmp_path_factory: pytest.TempPathFactory) -> None:
    """[S11] Types and sizes are; tracebacks have lines, and no locals."""
    flow = sample()
    flow.run()
    path = tmp_path_factory.mktemp("report") / "report.html"
    flow.to_html(path)
    page = path.read_text("utf-8")
    for drawing in (page, flow.to_svg(), flow.to_mermaid(), str(flow._repr_mimebundle_())):
        assert CANARY not in drawing
    assert "dict, 1 item" in page
    assert "ValueError: 42" in page


def test_a_canary_in_an_error_is_shown() -> None:
    """Control: an error's message is not a value, and is what a reader has to see."""

    def body() -> None:
        raise ValueError(CANARY)

    flow = Flow(task(body, name="body"))
    flow.run()
    assert CANARY in flow.to_svg()


class Hostile(list[int]):
    """A container whose length is a trap."""

    @override
    def __len__(self) -> int:
        raise AssertionError


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (NO_VALUE, ""),
        (None, "NoneType"),
        ("abc", "str, 3 characters"),
        (b"a", "bytes, 1 byte"),
        ({1, 2}, "set, 2 items"),
        (tuple(range(5000)), "tuple, 5,000 items"),
        (12, "int"),
        (Hostile(), "Hostile"),
    ],
)
def test_a_value_is_a_type_and_a_size(value: object, said: str) -> None:
    """[S11] Nothing of the value itself is asked or shown."""
    assert describe_value(value) == said


def test_an_override_is_marked() -> None:
    flow = sample()
    flow.run()
    load = flow.tasks[0]
    flow.override(load, ["mine"])
    assert picture_of(flow._state, flow.tasks).tasks[0].overridden
    assert "overridden" in flow.to_svg()


def test_a_hundred_tracebacks_are_kept_at_most() -> None:
    def body() -> None:
        raise ValueError

    flow = Flow(*[task(body, name=f"t{number}") for number in range(120)], fail_fast=False)
    flow.run()
    shown = picture_of(flow._state, flow.tasks)
    assert shown.counts == {StepState.FAILED: 120}
    assert sum(each.traceback is not None for each in shown.tasks) == 100


def test_an_input_is_no_override() -> None:
    city = param("city", str)

    @task
    def greet(city: str = Depends(city)) -> str:
        return city

    flow = Flow(greet)
    flow.run(city=CANARY)
    shown = picture_of(flow._state, flow.tasks)
    assert [each.why for each in shown.tasks] == ["input", ""]
    assert "SUCCEEDED · input" in flow.to_svg()
    assert CANARY not in flow.to_svg()
