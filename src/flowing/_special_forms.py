"""Which of the special forms of `typing` stands in an annotation, whichever module it is from. Reads no further."""

from __future__ import annotations

import typing
from types import UnionType
from typing import Final

import typing_extensions

_TRANSPARENT: Final = (
    typing.Annotated,
    typing.Final,
    typing.ClassVar,
    typing_extensions.Required,
    typing_extensions.NotRequired,
    typing_extensions.ReadOnly,
)
_NEVER: Final = (typing.Never, typing.NoReturn, typing_extensions.Never)


# By identity: annotations and their origins can be any object, also one whose `==` raises.
def is_never(annotation: object) -> bool:
    """Tell whether there is no value of it: `Never`, `NoReturn`."""
    return any(annotation is each for each in _NEVER)


def is_union(origin: object) -> bool:
    """Tell whether an origin is that of `A | B` or `Union[A, B]`."""
    return origin is typing.Union or origin is UnionType


def is_literal(origin: object) -> bool:
    """Tell whether an origin is that of `Literal[…]`."""
    return origin is typing.Literal or origin is typing_extensions.Literal


def is_transparent(origin: object) -> bool:
    """Tell whether what stands first in the brackets is the type of the value, as with `Annotated[int, …]`."""
    return any(origin is each for each in _TRANSPARENT)
