"""The inputs of a run: whether they are what the parameters ask for, and what a run still needs. Runs nothing."""

from __future__ import annotations

from operator import attrgetter
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, final

from flowing._no_value import NO_VALUE
from flowing._text import one_line
from flowing.core.state import has_result
from flowing.core.status import Provided, Succeeded
from flowing.errors import FlowChangedError, FlowingError, InputError, UnknownInputError
from flowing.task import Param, missing_input

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from flowing.core.state import State
    from flowing.task import Task

_NAMES_SHOWN: Final = 10


@final
class Inputs:
    """The parameters of one flow, by name in the order of their definition. Never changes."""

    __slots__ = ("_numbers", "params")

    def __init__(self, tasks: Iterable[Task[object]], numbers: Mapping[Task[object], int]) -> None:
        found: list[Param[Any]] = [each for each in tasks if isinstance(each, Param)]
        in_order = sorted(found, key=attrgetter("number"))
        self.params: Final[Mapping[str, Param[Any]]] = MappingProxyType({each.name: each for each in in_order})
        self._numbers: Final = numbers

    def check(self, given: Mapping[str, object], call: str) -> None:
        """Look at what a call was given.

        Raises:
            UnknownInputError: the flow has no such parameter.
            InputTypeError: a value is not of its parameter's type.
        """
        unknown = [name for name in given if name not in self.params]
        if unknown:
            raise self._unknown(unknown, call)
        for name, value in given.items():
            self.params[name].check(value)

    def to_begin(self, state: State, given: Mapping[str, object]) -> Mapping[int, object]:
        """Give the values, by number, for a new run, whose state is as yet untouched but for overrides.

        Raises:
            MissingInputError: a parameter without a default was given no value.
            InputError: a parameter was given a value, and overridden too.
        """
        overridden = {name for name, each in self.params.items() if has_result(state.table[self._numbers[each]])}
        twice = sorted(overridden & given.keys())
        if twice:
            message = (
                f"parameter {twice[0]!r} was given a value by override(), and another one for the same run; give it "
                f"only one of the two"
            )
            raise InputError(message, parameters=twice)
        return self._values([name for name in self.params if name not in overridden], given)

    def to_go_on(self, state: State, given: Mapping[str, object]) -> Mapping[int, object]:
        """Give the values, by number, that a run lacks which goes on: one that is stored, and was not given them.

        Raises:
            FlowChangedError: a value is another than the run's.
            MissingInputError: a parameter has no value any more, or is new, and was given none.
        """
        lacking = [name for name, each in self.params.items() if not has_result(state.table[self._numbers[each]])]
        other = [name for name in given if name not in lacking and self._differs(state, name, given[name])]
        if other:
            raise _changed(other)
        return self._values(lacking, given)

    def refuse_invalidation(self, steps: Iterable[Task[object]]) -> None:
        """Raise `InputError` where one is a parameter."""
        for each in steps:
            if each.name in self.params:
                message = (
                    f"invalidate(): {each.name!r} is a parameter, whose value nothing makes; give it another one with "
                    f"override(), or begin a new run with run({each.name}=...)"
                )
                raise InputError(message, parameters=[each.name])

    def _values(self, names: Iterable[str], given: Mapping[str, object]) -> Mapping[int, object]:
        wanted = [self.params[name] for name in names]
        missing = [each.name for each in wanted if each.required and each.name not in given]
        if missing:
            raise missing_input(missing)
        return {
            self._numbers[each]: given[each.name] if each.name in given else each.fresh_default() for each in wanted
        }

    def _differs(self, state: State, name: str, value: object) -> bool:
        row = state.table[self._numbers[self.params[name]]]
        assert isinstance(row, Succeeded | Provided), row
        return row.value is not NO_VALUE and not are_equal(row.value, value, self.params[name].type)

    def _unknown(self, names: list[str], call: str) -> UnknownInputError:
        known = list(self.params)
        shown = ", ".join(known[:_NAMES_SHOWN]) + (", …" if len(known) > _NAMES_SHOWN else "")
        have = f"its parameters are {shown}" if known else "it has none; declare one with param()"
        plural = "parameters" if len(names) > 1 else "a parameter"
        listed = ", ".join(repr(one_line(name, length_max=80)) for name in names[:_NAMES_SHOWN])
        message = f"{call} was given {listed}, which the flow does not have as {plural}: {have}"
        return UnknownInputError(message, parameters=names)


def are_equal(one: object, other: object, kind: object) -> bool:
    """Tell whether two values of a type are the same: by `==`, or, where that says nothing, by how they are written."""
    if one is other:
        return True
    try:
        if (one == other) is True:
            return True
        from flowing.checkpoint import JsonCodec  # noqa: PLC0415 - loads what most runs don't need

        codec = JsonCodec().prepare("", kind)
        return codec.encode(one) == codec.encode(other)
    except FlowingError:
        return False
    except Exception:  # noqa: BLE001 - an `__eq__` of the user's may raise anything
        return False


def _changed(names: list[str]) -> FlowChangedError:
    listed = ", ".join(map(repr, names))
    call = ", ".join([f"{name}=..." for name in names])
    message = (
        f"the run goes on with other inputs than were given to resume(): {listed}; leave them out to keep those of the "
        f"run, begin a new one with run({call}), or change one of this run with override()"
    )
    return FlowChangedError(message, task=names[0])
