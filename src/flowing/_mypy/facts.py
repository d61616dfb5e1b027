"""What a declaration says, as far as mypy can know it. Facts only: no reading, no judgement."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mypy.nodes import Context, SymbolNode
    from mypy.types import CallableType, Type


class Dependency(NamedTuple):
    """One task that a declaration names, and what it makes."""

    name: str | None  # None: mypy does not know it
    value: Type
    place: Context
    node: SymbolNode | None = None


class Unread(NamedTuple):
    """A part of a list that could not be read. Without a `why` there is nothing to report: mypy does, or will."""

    place: Context
    why: str | None


class Dependencies(NamedTuple):
    """The tasks of a list, as far as it can be read."""

    read: Sequence[Dependency] = ()
    unread: Sequence[Unread] = ()

    @property
    def complete(self) -> bool:
        """Whether these are all of them, each with its name."""
        return not self.unread


class Default(enum.Enum):
    """What is known of a parameter's default when it is not a `Depends` that can be read."""

    REQUIRED = "there is none"
    PLAIN = "a value that is no Depends"
    HIDDEN = "maybe a Depends"


class Parameter(NamedTuple):
    """One parameter that a dependency may fill, or that must be filled."""

    name: str
    type: Type
    default: Default | Dependency
    place: Context
    by_position_only: bool = False


class Function(NamedTuple):
    """A function's parameters, and the type of the values that its `**kwargs` takes."""

    parameters: Sequence[Parameter]
    more: Type | None
    signature: CallableType | None  # None: a lambda, which takes anything


class Body(NamedTuple):
    """The function of a task, or of one of its gates; without `function` if it could not be read."""

    function: Function | None
    place: Context
    option: str | None = None


class Declaration(NamedTuple):
    """One `@task` or `task(...)`."""

    name: str | None
    body: Body
    depends_on: Dependencies | None  # None: there is no such option
    after: Dependencies
    gates: Mapping[str, Body]


class Kind(enum.Enum):
    """What a finding is about."""

    WRONG = "flowing-wiring"
    UNCHECKED = "flowing-unchecked"


class Finding(NamedTuple):
    """What to tell the user, and where."""

    kind: Kind
    message: str
    place: Context


class Judge(Protocol):
    """What the rules must ask mypy."""

    def fits(self, value: Type, taken: Type, signature: CallableType | None) -> bool:
        """Tell whether a parameter of that type, in a function of that signature, takes the value."""
        ...

    def show(self, value: Type, taken: Type) -> tuple[str, str]:
        """Write two types so that they can be told apart."""
        ...
