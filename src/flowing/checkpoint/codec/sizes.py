"""How large a value is at least, before any of it is written: so that what is far too large is refused at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

if TYPE_CHECKING:
    from flowing.checkpoint.codec.plan import Types

_BYTES: Final[Types] = frozenset({bytes, bytearray})
_LONG: Final[Types] = _BYTES | {str}
SIZED: Final[Types] = _LONG | {list, tuple, set, frozenset, dict}  # of which it can be told
_MEMBERS_MAX: Final = 16  # looked at; of more, each is less likely to be large, and it would take longer


def least_size_of(sized: object) -> int:
    """Give what a value of `SIZED` takes in bytes at least: a text as long as it is, bytes a third longer. O(1)."""
    kind, value = type(sized), cast("Any", sized)  # each branch looks for its exact type
    if kind is str:
        return len(value)
    if kind in _BYTES:
        return len(value) * 4 // 3
    if len(value) > _MEMBERS_MAX:
        return 0
    members = value.values() if kind is dict else value
    return sum([least_size_of(each) for each in members if type(each) in _LONG])
