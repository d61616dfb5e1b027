"""Plans for values that are one of several types, or one of several values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

from flowing._text import one_line
from flowing.checkpoint.codec.anything import SCALARS
from flowing.checkpoint.codec.plan import NO_TYPES, Misfit, Plan, full_name, reading, scalar, wrong_type

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flowing.checkpoint.codec.plan import Convert, Types

_NONE: Final[Types] = frozenset({type(None)})
_PAIR: Final = 2


def union_plan(members: Sequence[Plan]) -> Plan:
    """Plan for a union: the first member in its order that takes the value.

    Scalars are written as they are, for JSON tells them apart; None too where no other member is written as None.
    Anything else is `[number of the member, value]`: a number and no name, so that no text of a file ever chooses a
    class. A fingerprint of the union guards the order.
    """
    if len(members) == 1:
        return members[0]
    shown = " | ".join(each.shown for each in members)
    accepts: Types = frozenset[type[object]]().union(*(each.accepts for each in members))
    if all(each.accepts == each.plain for each in members):
        return scalar(shown, accepts)
    others = [each for each in members if each.accepts != _NONE]
    optional = len(others) < len(members) and not any(each.nullable for each in others)
    if not optional:
        others = list(members)
    encode, decode = _only(others[0]) if len(others) == 1 else _tagged(others, shown)
    return Plan(
        shown,
        f"({' | '.join(each.form for each in members)})",
        accepts,
        _or_none(encode) if optional else encode,
        _or_none(decode) if optional else decode,
        plain=_NONE if optional else NO_TYPES,
        nullable=optional,
        foreign=any(each.foreign for each in members),
    )


def _only(member: Plan) -> tuple[Convert, Convert]:
    return member.encode, member.decode


def _or_none(convert: Convert) -> Convert:
    return lambda value: None if value is None else convert(value)


def _tagged(members: Sequence[Plan], shown: str) -> tuple[Convert, Convert]:
    by_class: dict[type[object], list[tuple[int, Convert]]] = {}
    for number, member in enumerate(members):
        for kind in member.accepts:
            by_class.setdefault(kind, []).append((number, member.encode))
    decoders = [member.decode for member in members]

    def encode(value: object) -> object:
        refused: Misfit | None = None
        for number, encode_member in by_class.get(type(value), ()):
            try:
                return [number, encode_member(value)]
            except Misfit as misfit:
                refused = misfit
        raise refused or wrong_type(value, shown)

    def decode(data: object) -> object:
        reading(data, list)
        pair = cast("list[object]", data)  # looked at above
        if len(pair) != _PAIR or type(pair[0]) is not int or not 0 <= pair[0] < len(decoders):
            raise Misfit(f"not a member of {shown}")
        return decoders[pair[0]](pair[1])

    return encode, decode


def literal_plan(values: Sequence[object]) -> Plan:
    """Plan for one of several values: written as they are if all are JSON's, else as their place in the order."""
    # By class and value: True is 1 to a dict.
    as_they_are = all(type(each) in SCALARS for each in values)
    written: dict[tuple[type[object], object], object] = {}
    for place, each in enumerate(values):
        written.setdefault((type(each), each), each if as_they_are else place)
    read = {(type(data), data): value for (_, value), data in written.items()}
    shown = one_line(f"Literal[{', '.join(_show(each) for each in values)}]")
    accepts: Types = frozenset(kind for kind, _ in written)

    def encode(value: object) -> object:
        if type(value) not in accepts:
            raise wrong_type(value, shown)
        try:
            return written[type(value), value]
        except KeyError:
            raise Misfit(f"a value that is not in {shown}") from None

    def decode(data: object) -> object:
        if type(data) not in SCALARS or (type(data), data) not in read:
            raise Misfit(f"not a value of {shown}")
        return read[type(data), data]

    form = f"literal{[_show(each) for each in values]}"
    return Plan(shown, form, accepts, encode, decode, nullable=as_they_are and type(None) in accepts)


def _show(value: object) -> str:
    """Write one value of a `Literal`, which is part of the program and no secret."""
    name = getattr(value, "_name_", None)
    return repr(value) if name is None else f"{full_name(type(value))}.{name}"
