"""Functions written for a graph, one for each task, as a module of a user has them; and what they should give."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from shared.graphs import last_of, name_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.graphs import Graph, Needs

_FUNCTIONS_AT_ONCE: Final = 1_000  # for one long text, the compiler takes longer than linear


def written(graph: Graph) -> list[Callable[..., int]]:
    """Write and compile a function for each task, with annotated parameters named as the tasks that it needs.

    It gives the length of the longest path to it: one more than the largest value that it takes. Annotations are
    evaluated, as they are without `from __future__ import annotations`.
    """
    names: dict[str, Callable[..., int]] = {}
    for first in range(0, len(graph), _FUNCTIONS_AT_ONCE):
        lines = [_line(number, needs) for number, needs in enumerate(graph[first : first + _FUNCTIONS_AT_ONCE], first)]
        code = compile("".join(lines), "written.py", "exec", dont_inherit=True)
        exec(code, names)  # noqa: S102 - the text is written here
    return [names[name_of(number)] for number in range(len(graph))]


def _line(number: int, needs: Needs) -> str:
    names = [name_of(needed) for needed in needs]
    parameters = ", ".join(f"{name}: int" for name in names)
    largest = f"max({', '.join(names)})" if len(names) > 1 else "".join(names) or "0"
    return f"def {name_of(number)}({parameters}) -> int: return 1 + {largest}\n"


def expected(graph: Graph) -> list[int]:
    """Give the values of the tasks that no other needs."""
    values: list[int] = []
    for needs in graph:
        values.append(1 + max((values[needed] for needed in needs), default=0))
    return [values[number] for number in last_of(graph)]
