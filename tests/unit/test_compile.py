"""From tasks to a graph: what a flow takes in, and in which order."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import find, given
from hypothesis import strategies as st

from flowing import Depends, DuplicateTaskError, Flow, Task, bind, task
from flowing._compile import Compiled, compile_flow
from flowing.core import Limits, Node, Policy, compile_graph
from tests.opcodes import instructions

if TYPE_CHECKING:
    from random import Random


def compiled(*terminals: Task[object], discover_detached: bool = True) -> Compiled:
    return compile_flow(terminals, Limits(), discover_detached=discover_detached)


@task
def first() -> int:
    return 1


@task(depends_on=[first])
def second(first: int) -> int:
    return first


@task(depends_on=[second], after=[first])
def third(second: int) -> int:
    return second


def test_a_terminal_brings_what_it_needs_and_no_more() -> None:
    assert [each.name for each in compiled(second).tasks] == ["first", "second"]
    assert [each.name for each in compiled(third, first).tasks] == ["first", "second", "third"]


def test_numbers_bodies_and_tasks_agree() -> None:
    made = compiled(third)
    assert [made.numbers[each] for each in made.tasks] == [0, 1, 2]
    assert [body.name for body in made.bodies] == list(made.graph.names)
    assert made.bodies[2].inputs == (1,)
    assert made.graph.dependencies[2] == (1, 0)


def test_the_order_of_definition_decides_where_the_graph_does_not() -> None:
    tasks: list[Task[int]] = [task(lambda: 1, name=f"t{number}") for number in range(5)]
    assert [each.name for each in compiled(*reversed(tasks)).tasks] == ["t0", "t1", "t2", "t3", "t4"]


# ── the same graph as the core makes of names ────────────────────────────────────────────────────


@st.composite
def declared(draw: st.DrawFn) -> list[Task[int]]:
    """Draw tasks that depend on each other, with and without a value, some of them detached."""
    tasks: list[Task[int]] = []
    for number in range(draw(st.integers(1, 8))):
        needed = [each for each in tasks if draw(st.booleans())]
        cut = draw(st.integers(0, len(needed)))
        is_detached = draw(st.booleans()) or any(each.options.detached for each in needed)
        options: dict[str, Any] = {"after": needed[cut:], "detached": is_detached, "retry": draw(st.integers(0, 1))}
        tasks.append(task(lambda **values: len(values), name=f"t{number}", depends_on=needed[:cut], **options))
    return tasks


def node_of(step: Task[int]) -> Node:
    needed = tuple(each.name for each in step.dependencies)
    policy = Policy(retries=step.options.retry) if step.options.retry else Policy()
    return Node(step.name, needed, policy=policy, detached=step.options.detached)


@given(declared(), st.randoms())
def test_the_graph_of_tasks_is_the_graph_of_their_names(tasks: list[Task[int]], random: Random) -> None:
    """D18: numbered by declaration, whatever the order in which the flow is given them."""
    made = compiled(*random.sample(tasks, len(tasks)))
    assert made.graph == compile_graph([node_of(each) for each in tasks], Limits())


def test_the_twin_property_catches_the_order_of_naming() -> None:
    """Control: the graph of the same names in another order is another one."""
    find(declared(), lambda tasks: compiled(*tasks).graph != compile_graph(list(map(node_of, tasks[::-1])), Limits()))


# ── bodies ───────────────────────────────────────────────────────────────────────────────────────


def show(*args: object, **kwargs: object) -> tuple[tuple[object, ...], dict[str, object]]:
    return args, kwargs


BODIES: list[tuple[str, Task[Any], object]] = [
    ("by name", task(show, depends_on=[second, first]), ((), {"second": "second", "first": "first"})),
    ("by default", task(lambda a=Depends(second), b=Depends(first): (a, b), name="x"), ("second", "first")),
    ("twice", task(lambda first, a=Depends(first): (first, a), name="x", depends_on=[first]), ("first", "first")),
    (
        "other order",
        task(lambda second, first: (second, first), name="x", depends_on=[first, second]),
        ("second", "first"),
    ),
    (
        "positional",
        task(lambda a=1, b=Depends(first), /, c=Depends(second): (a, b, c), name="x"),
        (1, "first", "second"),
    ),
    ("bound", bind(show, 1, Depends(second), a=Depends(first), b=2), ((1, "second"), {"a": "first", "b": 2})),
    ("bound, twice", bind(show, Depends(first), a=Depends(first)), (("first",), {"a": "first"})),
]


@pytest.mark.parametrize(("step", "expected"), [pytest.param(*each, id=name) for name, *each in BODIES])
@pytest.mark.parametrize("gated", [False, True])
def test_a_body_gets_the_values_of_its_tasks(step: Task[Any], expected: object, *, gated: bool) -> None:
    """Whatever else its gates take."""
    if gated:
        step = step.with_options(when=lambda first, x=Depends(third): (first, x), validate=lambda x=Depends(second): x)
    made = compiled(step)
    body = made.bodies[-1]
    values = [made.tasks[number].name for number in body.inputs]
    assert body.call(values) == expected
    if gated:
        assert body.when is not None
        assert body.when(values) == ("first", "third")
        assert body.validate is not None
        assert body.validate(values) == "second"


def test_a_task_without_gates_shares_what_it_depends_on_with_the_graph() -> None:
    """[G12] Of a million tasks, each object counts."""
    made = compiled(third, second)
    assert made.bodies[1].inputs is made.graph.dependencies[1]
    assert made.bodies[1].call is second.wired
    assert made.bodies[2].inputs is not made.graph.dependencies[2]  # control: it takes one of two


# ── options ──────────────────────────────────────────────────────────────────────────────────────


def test_milliseconds_become_seconds_and_tasks_without_retries_share_a_policy() -> None:
    eager = third.with_options(
        name="eager", retry=3, retry_backoff_base_ms=250, retry_max_backoff_ms=4_000, jitter=True
    )
    made = compiled(eager)
    assert made.graph.policies[-1] == Policy(retries=3, backoff_base_s=0.25, backoff_max_s=4, jitter=True)
    assert made.graph.policies[0] is made.graph.policies[1]


def test_an_attached_task_that_misses_one_dependency_stays_out() -> None:
    @task
    def root() -> int:
        return 1

    @task
    def elsewhere() -> int:
        return 1

    @task(depends_on=[root, elsewhere], detached=True)
    def tell(root: int, elsewhere: int) -> None: ...

    @task(after=[tell], detached=True)
    def tell_more() -> None: ...

    assert [each.name for each in compiled(root).tasks] == ["root"]
    assert [each.name for each in compiled(root, elsewhere).tasks] == ["root", "elsewhere", "tell", "tell_more"]
    assert [each.name for each in compiled(root, elsewhere, discover_detached=False).tasks] == ["root", "elsewhere"]


def test_two_attached_tasks_of_one_name_are_refused_like_any_others() -> None:
    """[G4] Neither may silently win."""

    @task
    def root() -> int:
        return 1

    @task
    def other() -> int:
        return 1

    task(lambda: None, name="tell", after=[root], detached=True)

    def tell() -> None: ...

    task(tell, after=[other], detached=True)
    with pytest.raises(
        DuplicateTaskError,
        match=r"'tell'(.*, which joined it because it is detached;){2}.*name=.*, or name .*discover_detached=False",
    ):
        compiled(root, other)
    assert compiled(root, other, discover_detached=False).graph.names == ("root", "other")


def test_a_flow_is_compiled_without_recursion_and_in_linear_time() -> None:
    """[G12] Ten times the tasks, ten times the instructions."""

    def chain(length: int) -> Task[int]:
        last: Task[int] = task(lambda: 0, name="0")
        for number in range(1, length):
            last = task(lambda: 0, name=str(number), after=[last])
        return last

    # CPython 3.13 does not tell of everything when it traces code for the first time.
    _, short, long = (instructions(partial(compiled, chain(length))) for length in (300, 300, 3_000))
    assert 300 * 10 < short * 9 < long < short * 12


def test_a_redefinition_takes_the_place_of_the_earlier_one_whatever_it_depends_on() -> None:
    """D6: as when a notebook's cell is run again after an edit; what hung on the old one goes with it."""

    @task
    def first() -> int:
        return 1

    @task(depends_on=[first])
    def second(first: int) -> int:
        return first + 1

    def define(dependency: Task[int]) -> Task[dict[str, int]]:
        @task(depends_on=[dependency], detached=True)
        def store(**values: int) -> dict[str, int]:
            return values

        return store

    old = define(first)
    task(lambda store: store, name="after_old", depends_on=[old], detached=True)
    new = define(second)
    flow = Flow(second)
    assert flow.run().ok
    assert [each.name for each in flow.tasks] == ["first", "second", "store"]
    assert flow.value(new) == {"second": 2}
