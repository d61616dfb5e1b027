"""Pictures to draw, made by hand: graphs of every shape, states of every kind."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, TypeAlias

from flowing.results import StepState
from flowing.views.picture import DrawnTask, Picture

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

Shape: TypeAlias = "Sequence[Sequence[int]]"  # for each task, those that it depends on


def chain(size: int) -> Shape:
    return [[place - 1] if place else [] for place in range(size)]


def fan(size: int) -> Shape:
    return [[], *[[0]] * size, list(range(1, size + 1))]


def chains(count: int, length: int) -> Shape:
    return [[place - count] if place >= count else [] for place in range(count * length)]


def layered(size: int, layers: int, *, seed: int) -> Shape:
    """Make a random graph: one to three dependencies in the layer before, now and then one much earlier."""
    choose = random.Random(seed)
    by_layer: list[list[int]] = [[] for _ in range(layers)]
    shape: list[list[int]] = []
    for place in range(size):
        layer = place * layers // size
        before = by_layer[layer - 1] if layer else []
        needed = set(choose.sample(before, min(len(before), choose.randint(1, 3))))
        if layer > 1 and choose.random() < 0.15:
            needed.add(choose.choice(by_layer[choose.randrange(layer - 1)]))
        by_layer[layer].append(place)
        shape.append(sorted(needed))
    return shape


_BEGIN_S = 1_000_000_000.0
DIAMOND: Shape = [[], [0], [0], [1, 2]]

# With letters that a font may not have, or has wider than others, and with what means something in HTML or Mermaid.
NAMES = (
    "fetch_customers",
    "W" * 40,
    "日本語のタスク名",
    "emoji_🎉_party",
    "<b>bold</b><script>alert(1)</script>",
    'say "end" & go; #35; `tick` [a](b){c}',
    "ﷺ﷽𒐫",
    "x",
)


def succeeded(place: int) -> StepState:
    return StepState.SUCCEEDED


def mixed(place: int) -> StepState:
    """Give most tasks success, and some each other state."""
    states = list(StepState)
    return states[place // 3 % len(states)] if place % 3 == 0 else StepState.SUCCEEDED


def named(place: int) -> str:
    return f"{NAMES[place % len(NAMES)]}_{place}"


def picture(
    shape: Shape,
    *,
    state: Callable[[int], StepState] = succeeded,
    name: Callable[[int], str] = "task_{}".format,
    detached: Collection[int] = (),
    order_only: Collection[int] = (),
) -> Picture:
    """Draw a run in which a task takes a second after those that it depends on. `order_only` are whole tasks."""
    tasks: list[DrawnTask] = []
    for place, needed in enumerate(shape):
        started_s = max([tasks[each].ended_s or _BEGIN_S for each in needed], default=_BEGIN_S)
        ran = state(place) in {StepState.SUCCEEDED, StepState.FAILED}
        tasks.append(
            DrawnTask(
                name=name(place),
                state=state(place),
                detached=place in detached,
                attempts=int(ran),
                started_s=started_s if ran else None,
                duration_s=1.0 if ran else None,
                why="it broke" if state(place) is StepState.FAILED else "",
                dependencies=tuple(needed),
                order_only=frozenset(needed) if place in order_only else frozenset(),
            )
        )
    return Picture(tasks=tuple(tasks))


def gallery() -> dict[str, Picture]:
    """Collect what every drawing is tried on."""
    return {
        "one": picture([[]]),
        "chain": picture(chain(12)),
        "fan": picture(fan(9), state=mixed, name=named),
        "diamond": picture(DIAMOND, order_only={2}),
        "layered": picture(layered(60, 8, seed=2), state=mixed, name=named, order_only={20, 30}),
        "detached": picture([[], [0], [1], [2], [0], [4], [2]], detached={4, 5, 6}),
        "all detached": picture([[], [0], [0]], detached={0, 1, 2}),
        "lonely": picture([[]] * 12, state=lambda place: StepState.PENDING),
        "full": picture(layered(300, 14, seed=3), state=mixed),
        "folded": picture(fan(10_000), state=mixed),
        "many chains": picture(chains(1_000, 4)),
        "one long chain": picture(chain(2_000), state=mixed),
        "dense": picture([list(range(place)) for place in range(40)]),
        "tangle": picture(layered(3_000, 40, seed=7), state=mixed),
    }
