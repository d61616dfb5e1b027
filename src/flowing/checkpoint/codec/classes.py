"""Plans for classes that are made of fields: attrs, dataclasses, NamedTuple and TypedDict.

Classes go through functions that cattrs writes for them, twice as fast as a loop over the fields. It writes and
compiles them when the plan is made; each gets its converters from here, so that cattrs chooses none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from flowing.checkpoint.codec.containers import convert_members
from flowing.checkpoint.codec.plan import (
    Misfit,
    Plan,
    Types,
    Unsupported,
    field_step,
    full_name,
    reading,
    wrong_type,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from flowing.checkpoint.codec.fields import Field, Key
    from flowing.checkpoint.codec.plan import Convert


def class_plan(kind: type[Any], fields: Sequence[Field], plans: Sequence[Plan], parameters: int) -> Plan:
    """Plan for an attrs class or a dataclass: an object with an item for each field."""
    shown = full_name(kind)
    unstructure, structure = _written_by_cattrs(kind, fields, plans, parameters)
    names = {each.name for each in fields}
    later = [(each.name, plan.decode) for each, plan in zip(fields, plans, strict=True) if each.argument is None]

    def encode(value: object) -> object:
        if type(value) is not kind:
            raise wrong_type(value, shown)
        return unstructure(value)

    def decode(data: object) -> object:
        reading(data, dict)
        stored = cast("dict[str, object]", data)  # JSON has no other keys
        if stored.keys() != names:
            raise Misfit(f"not the fields of {shown}")
        made = structure(stored, kind)
        for name, convert in later:
            object.__setattr__(made, name, convert(stored[name]))
        return made

    form = ", ".join(f"{each.name}: {plan.form}" for each, plan in zip(fields, plans, strict=True))
    foreign = any(each.foreign for each in plans)
    return Plan(shown, f"{shown}{{{form}}}", frozenset({kind}), encode, decode, foreign=foreign)


def _written_by_cattrs(
    kind: type[Any], fields: Sequence[Field], plans: Sequence[Plan], parameters: int
) -> tuple[Convert, Callable[[object, object], object]]:
    from cattrs import BaseConverter  # noqa: PLC0415 - a tenth of a second, for flows whose tasks return classes
    from cattrs.gen import make_dict_structure_fn, make_dict_unstructure_fn, override  # noqa: PLC0415 - the same

    overrides: dict[str, Any] = {
        each.name: override(
            unstruct_hook=_at_field(each.name, plan.encode, plan.plain if plan.accepts == plan.plain else None),
            struct_hook=_structure_hook(_at_field(each.name, plan.decode, None)),
            rename=each.name,
            omit=False if each.argument is not None else None,
        )
        for each, plan in zip(fields, plans, strict=True)
    }
    options: dict[str, Any] = {"_cattrs_use_linecache": False, "_cattrs_use_alias": False}
    shape = kind
    if parameters:  # the converters are given, so any type will do
        shape = cast("Any", kind)[tuple([object] * parameters)]
    converter = BaseConverter(detailed_validation=False)
    try:
        write = make_dict_unstructure_fn(shape, converter, _cattrs_include_init_false=True, **options, **overrides)
        read = make_dict_structure_fn(shape, converter, **options, **overrides)
    except Exception as error:
        raise Unsupported(full_name(kind), f"is a class that cattrs can't convert ({type(error).__name__})") from error
    return write, cast("Callable[[object, object], object]", read)  # called with what was looked at


def _structure_hook(convert: Convert) -> Callable[[object, object], object]:
    return lambda data, _: convert(data)


def _at_field(name: str, convert: Convert, plain: Types | None) -> Convert:
    """Convert a field, and say which one where that fails. `plain`: it is one look, done here."""

    def at_field(value: object) -> object:
        try:
            return convert(value)
        except Misfit as misfit:
            raise misfit.inside(field_step(name)) from None

    if plain is None:
        return at_field
    return lambda value: value if type(value) in plain else at_field(value)


def named_tuple_plan(kind: type[Any], plans: Sequence[Plan]) -> Plan:
    """Plan for a NamedTuple: a list of its items."""
    shown = full_name(kind)
    encoders, decoders = [each.encode for each in plans], [each.decode for each in plans]
    make = cast("Callable[[list[object]], object]", kind._make)  # every NamedTuple has it

    def encode(value: object) -> object:
        if type(value) is not kind:
            raise wrong_type(value, shown)
        return convert_members(encoders, cast("tuple[object, ...]", value), shown)  # looked at above

    def decode(data: object) -> object:
        reading(data, list)
        return make(convert_members(decoders, cast("list[object]", data), shown))  # looked at above

    form = ", ".join(f"{name}: {plan.form}" for name, plan in zip(kind._fields, plans, strict=True))
    foreign = any(each.foreign for each in plans)
    return Plan(shown, f"{shown}({form})", frozenset({kind}), encode, decode, foreign=foreign)


def typed_dict_plan(kind: type[Any], keys: Sequence[Key], plans: Sequence[Plan]) -> Plan:
    """Plan for a TypedDict: an object, with the items in the order of the value."""
    shown = full_name(kind)
    required = {each.name for each in keys if each.required}
    by_name = {each.name: plan for each, plan in zip(keys, plans, strict=True)}
    encoders = {name: _at_field(name, plan.encode, None) for name, plan in by_name.items()}
    decoders = {name: _at_field(name, plan.decode, None) for name, plan in by_name.items()}

    def convert(items: Mapping[object, object], converters: Mapping[object, Convert]) -> object:
        if not required <= items.keys() <= converters.keys():
            raise Misfit(f"a dict without the keys of {shown}, or with others")
        return {name: converters[name](item) for name, item in items.items()}

    def encode(value: object) -> object:
        if type(value) is not dict:
            raise wrong_type(value, shown)
        items = cast("dict[object, object]", value)  # looked at above
        if any(type(name) is not str for name in items):
            raise Misfit("a key that is not a str")
        return convert(items, cast("Mapping[object, Convert]", encoders))  # str is an object

    def decode(data: object) -> object:
        reading(data, dict)
        return convert(cast("dict[object, object]", data), cast("Mapping[object, Convert]", decoders))  # the same

    form = ", ".join(f"{each.name}{'' if each.required else '?'}: {by_name[each.name].form}" for each in keys)
    foreign = any(each.foreign for each in plans)
    return Plan(shown, f"{shown}{{{form}}}", frozenset({dict}), encode, decode, foreign=foreign)
