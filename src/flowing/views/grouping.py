"""Which tasks can be drawn as one: a number for each task, equal for those that go together. No drawing."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from flowing.views.picture import DrawnTask, Picture

Groups: TypeAlias = tuple[int, ...]


def equal_siblings(picture: Picture, dependents: Sequence[Sequence[int]]) -> Groups:
    """Put tasks together that have the same dependencies, dependents and state. O(tasks + edges)."""
    return _numbered(
        [
            (_kind(each), frozenset(each.dependencies), each.order_only, tuple(dependents[place]))
            for place, each in enumerate(picture.tasks)
        ]
    )


def alike(picture: Picture, dependents: Sequence[Sequence[int]]) -> Groups:
    """Put tasks together whose ancestors are alike and whose descendants are alike, states included. O(tasks + edges).

    Two that are alike have equally long ways behind them, so groups do not depend on each other in a circle.
    """
    numbers: dict[Hashable, int] = {}
    size = len(picture.tasks)
    from_above = [0] * size
    for place, each in enumerate(picture.tasks):
        seen = _kind(each), frozenset([from_above[needed] for needed in each.dependencies])
        from_above[place] = numbers.setdefault(seen, len(numbers))
    from_below = [0] * size
    numbers = {}
    for place in reversed(range(size)):
        beneath = frozenset([from_below[dependent] for dependent in dependents[place]])
        from_below[place] = numbers.setdefault((_kind(picture.tasks[place]), beneath), len(numbers))
    return _numbered(list(zip(from_above, from_below, strict=True)))


def in_rows(picture: Picture, groups: Groups) -> Groups:
    """Put groups together, too, that follow each other with nothing beside them, in one state. O(tasks + edges)."""
    above: dict[int, set[int]] = {}
    below: dict[int, set[int]] = {}
    kinds: dict[int, Hashable] = {}
    for place, each in enumerate(picture.tasks):
        kinds.setdefault(groups[place], _kind(each))
        for needed in each.dependencies:
            above.setdefault(groups[place], set()).add(groups[needed])
            below.setdefault(groups[needed], set()).add(groups[place])
    row_of: dict[int, int] = {}
    for group in groups:  # a group first comes after those that it depends on
        if group in row_of:
            continue
        before = above.get(group, set())
        row_of[group] = group
        if len(before) == 1:
            (last,) = before
            if len(below[last]) == 1 and kinds[last] == kinds[group]:
                row_of[group] = row_of[last]
    return tuple([row_of[group] for group in groups])


def by_depth(picture: Picture) -> Groups:
    """Put tasks of one state and one depth together. O(tasks + edges)."""
    depths = _depths(picture)
    return _numbered([(depth, _kind(each)) for depth, each in zip(depths, picture.tasks, strict=True)])


def in_bands(picture: Picture, groups_max: int) -> Groups:
    """Cut the graph by depth into bands, detached tasks apart, whatever their states. O(tasks + edges)."""
    depths = _depths(picture)
    bands_max = max(1, groups_max // 2)
    width = -(-(max(depths) + 1) // bands_max)
    return _numbered([(depth // width, each.detached) for depth, each in zip(depths, picture.tasks, strict=True)])


def _depths(picture: Picture) -> Sequence[int]:
    """Count the steps of the longest way to each task."""
    depths: list[int] = []
    for each in picture.tasks:
        depths.append(max([depths[needed] + 1 for needed in each.dependencies], default=0))
    return depths


def _kind(task: DrawnTask) -> tuple[str, bool]:
    return task.state.value, task.detached


def _numbered(keys: Sequence[Hashable]) -> Groups:
    numbers: dict[Hashable, int] = {}
    return tuple([numbers.setdefault(key, len(numbers)) for key in keys])
