"""Plans for lists, tuples, sets and dicts of planned items."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from flowing.checkpoint.codec.plan import Misfit, Plan, full_name, key_step, reading, wrong_type
from flowing.checkpoint.codec.text import dump

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from flowing.checkpoint.codec.plan import Convert


def list_plan(item: Plan) -> Plan:
    """Plan for a list. Items that JSON holds as they are cost one look each, in C."""
    return _sequence(list, f"list[{item.shown}]", f"list[{item.form}]", item)


def tuple_plan(item: Plan) -> Plan:
    """Plan for a tuple of any length."""
    return _sequence(tuple, f"tuple[{item.shown}, ...]", f"tuple[{item.form}, ...]", item)


def _sequence(kind: type[list[object] | tuple[object, ...]], shown: str, form: str, item: Plan) -> Plan:
    plain = item.plain

    def encode(value: object) -> object:
        if type(value) is not kind:
            raise wrong_type(value, shown)
        items = cast("Sequence[object]", value)  # looked at above
        return items if plain.issuperset(map(type, items)) else _each(item.encode, items)

    def decode(data: object) -> object:
        reading(data, list)
        items = cast("list[object]", data)  # looked at above
        made = items if plain.issuperset(map(type, items)) else _each(item.decode, items)
        return made if kind is list else kind(made)

    return Plan(shown, form, frozenset({kind}), encode, decode, foreign=item.foreign)


def _each(convert: Convert, items: Iterable[object]) -> list[object]:
    made: list[object] = []
    try:
        for item in items:
            made.append(convert(item))  # noqa: PERF401 - says where it got to
    except Misfit as misfit:
        raise misfit.inside(f"[{len(made)}]") from None
    return made


def items_plan(members: Sequence[Plan]) -> Plan:
    """Plan for a tuple of known length."""
    shown = f"tuple[{', '.join(each.shown for each in members) or '()'}]"
    form = f"tuple[{', '.join(each.form for each in members) or '()'}]"
    encoders, decoders = [each.encode for each in members], [each.decode for each in members]

    def encode(value: object) -> object:
        if type(value) is not tuple:
            raise wrong_type(value, shown)
        return convert_members(encoders, cast("tuple[object, ...]", value), shown)  # looked at above

    def decode(data: object) -> object:
        reading(data, list)
        return tuple(convert_members(decoders, cast("list[object]", data), shown))

    return Plan(shown, form, frozenset({tuple}), encode, decode, foreign=any(each.foreign for each in members))


def convert_members(converters: Sequence[Convert], items: Sequence[object], shown: str) -> list[object]:
    """Convert items one by one, each in its own way."""
    if len(items) != len(converters):
        raise Misfit(f"{len(items)} items where {shown} has {len(converters)}")
    made: list[object] = []
    try:
        for convert, item in zip(converters, items, strict=True):
            made.append(convert(item))
    except Misfit as misfit:
        raise misfit.inside(f"[{len(made)}]") from None
    return made


def set_plan(kind: type[set[Any] | frozenset[Any]], item: Plan) -> Plan:
    """Plan for a set: written in the order of the bytes of its items, so that equal sets are written alike."""
    shown = f"{kind.__name__}[{item.shown}]"

    def encode(value: object) -> object:
        if type(value) is not kind:
            raise wrong_type(value, shown)
        made: list[object] = []
        try:
            for each in cast("Iterable[object]", value):  # looked at above
                made.append(item.encode(each))  # noqa: PERF401 - raises from inside
        except Misfit as misfit:
            raise misfit.inside("{…}") from None
        return sorted(made, key=dump)

    def decode(data: object) -> object:
        reading(data, list)
        items = cast("list[object]", data)  # looked at above
        try:
            made = kind(map(item.decode, items))
        except TypeError:
            raise Misfit(f"an item that can't be in a {kind.__name__}") from None
        if len(made) != len(items):
            raise Misfit(f"an item that is in the {kind.__name__} twice")
        return made

    return Plan(shown, f"{kind.__name__}[{item.form}]", frozenset({kind}), encode, decode, foreign=item.foreign)


def dict_plan(key: Plan, item: Plan) -> Plan:
    """Plan for a dict: a JSON object where the keys are str, else a list of pairs. The order stays."""
    if key.accepts == key.plain == frozenset({str}):
        return _object_plan(item)
    pair = items_plan((key, item))
    shown = f"dict[{key.shown}, {item.shown}]"

    def encode(value: object) -> object:
        if type(value) is not dict:
            raise wrong_type(value, shown)
        made: list[object] = []
        for each_key, each in cast("dict[object, object]", value).items():  # looked at above
            try:
                written = key.encode(each_key)
            except Misfit as misfit:
                raise misfit.inside("<key>") from None
            made.append([written, _inside(item.encode, each, each_key)])
        return made

    def decode(data: object) -> object:
        reading(data, list)
        items = cast("list[object]", data)  # looked at above
        try:
            made = dict(cast("Iterable[tuple[object, object]]", map(pair.decode, items)))  # a pair is two items
        except TypeError:
            raise Misfit("a key that can't be in a dict") from None
        if len(made) != len(items):
            raise Misfit("a key that is in the dict twice")
        return made

    form = f"dict[{key.form}, {item.form}]"
    return Plan(shown, form, frozenset({dict}), encode, decode, foreign=key.foreign or item.foreign)


def _object_plan(item: Plan) -> Plan:
    shown, plain = f"dict[str, {item.shown}]", item.plain
    only_str = frozenset({str})

    def encode(value: object) -> object:
        if type(value) is not dict:
            raise wrong_type(value, shown)
        pairs = cast("dict[object, object]", value)  # looked at above
        if not only_str.issuperset(map(type, pairs)):
            found = full_name(type(next(key for key in pairs if type(key) is not str)))
            raise Misfit(f"a key of type {found} where str is expected", shown_type=found)
        if plain.issuperset(map(type, pairs.values())):
            return pairs
        return {key: _inside(item.encode, each, key) for key, each in pairs.items()}

    def decode(data: object) -> object:
        reading(data, dict)
        pairs = cast("dict[str, object]", data)  # JSON has no other keys
        if plain.issuperset(map(type, pairs.values())):
            return pairs
        return {key: _inside(item.decode, each, key) for key, each in pairs.items()}

    return Plan(shown, f"dict[str, {item.form}]", frozenset({dict}), encode, decode, foreign=item.foreign)


def _inside(convert: Convert, item: object, key: object) -> object:
    try:
        return convert(item)
    except Misfit as misfit:
        raise misfit.inside(key_step(key)) from None
