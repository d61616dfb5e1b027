"""Bring your own shell: run a graph with nothing but flowing's pure core, and a loop of a dozen lines.

Run it with `python examples/own_shell.py`. The core says what to start and what follows from what happened; when, where
and how it happens is the loop's own business: here one body after the other, and time only passes in back-offs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from flowing import core

Body = Callable[[Mapping[str, object]], object]


def run(bodies: Mapping[str, Body], state: core.State) -> core.State:
    """Take the run from wherever it stands to its end."""
    names, now_s = state.graph.names, 0.0
    while decisions := core.decide(state, 1):
        state = core.transition(state, core.answer(decisions[0], now_s))
        match decisions[0]:
            case core.Start(task, attempt, epoch):
                state = core.transition(state, attempt_body(bodies[names[task]], state, task, (attempt, epoch, now_s)))
            case core.Delay(task, attempt, epoch, delay_s):
                now_s += delay_s
                state = core.transition(state, core.BackoffElapsed(task, attempt, epoch))
            case _:
                pass  # there is nothing to do but to say so
    return state


def attempt_body(body: Body, state: core.State, task: int, fence: tuple[int, int, float]) -> core.Event:
    """Call the body with what it depends on, and say what happened."""
    attempt, epoch, now_s = fence
    inputs = {
        state.graph.names[needed]: core.value_of(state.table[needed]) for needed in state.graph.dependencies[task]
    }
    try:
        return core.AttemptSucceeded(task, attempt, epoch, now_s, body(inputs))
    except Exception as error:  # noqa: BLE001 - whatever it is, it is the body's
        return core.AttemptFailed(task=task, attempt=attempt, epoch=epoch, at_s=now_s, error=error, retryable=True)


# ── a graph to try it on ─────────────────────────────────────────────────────────────────────────


def make_bodies() -> Mapping[str, Body]:
    """Make four bodies; the first one fails at its first attempt."""
    weather: list[str] = []

    def fetch(_inputs: Mapping[str, object]) -> str:
        weather.append("18 degrees")
        if len(weather) == 1:
            raise ConnectionError("no answer")
        return weather[-1]

    return {
        "fetch": fetch,
        "place": lambda _inputs: "Lisbon",
        "report": lambda inputs: f"{inputs['place']}: {inputs['fetch']}",
        "announce": lambda inputs: print(inputs["report"]),
    }


GRAPH = core.compile_graph(
    [
        core.Node("fetch", policy=core.Policy(retries=3)),
        core.Node("place"),
        core.Node("report", ("fetch", "place")),
        core.Node("announce", ("report",), detached=True),
    ],
    core.Limits(workers=1),
)


def main() -> None:
    """Run the graph, and print each task's status."""
    first = core.initial(GRAPH)
    last = run(make_bodies(), core.transition(first, core.RunRequested(at_s=0.0, wall_s=0.0, run_id="example")))
    for name, row in zip(GRAPH.names, last.table, strict=True):
        print(f"{name:10}{type(row).__name__}, attempts: {row.attempt}")


if __name__ == "__main__":
    main()
