"""Values without an annotation: exactly the JSON types, nothing that merely looks like one of them."""

from __future__ import annotations

from typing import Final, cast

from flowing.checkpoint.codec.plan import Misfit, Plan, Types, full_name, key_step

SCALARS: Final[Types] = frozenset({str, int, float, bool, type(None)})
_STR: Final[Types] = frozenset({str})
EXPECTED: Final = "a JSON type (dict with str keys, list, str, int, float, bool, None)"


def json_plan(shown: str, *, depth_max: int) -> Plan:
    """Plan for whatever JSON can hold."""

    def check(value: object) -> object:
        _look(value, depth_max)
        return value

    return Plan(shown, "json", SCALARS | {list, dict}, check, _as_it_is, plain=SCALARS, nullable=True)


def _as_it_is(data: object) -> object:
    return data


def _look(value: object, deeper: int) -> None:
    kind = type(value)
    if kind in SCALARS:
        return
    if not deeper:
        raise Misfit("containers nested too deep, or one inside itself")
    if kind is list:
        items = cast("list[object]", value)  # a list holds objects
        if not SCALARS.issuperset(map(type, items)):
            for index, item in enumerate(items):
                _look_inside(item, f"[{index}]", deeper)
    elif kind is dict:
        pairs = cast("dict[object, object]", value)  # a dict too
        if not _STR.issuperset(map(type, pairs)):
            key = next(key for key in pairs if type(key) is not str)
            raise Misfit(f"a dict with a key of type {full_name(type(key))}", shown_type=full_name(type(key)))
        if not SCALARS.issuperset(map(type, pairs.values())):
            for key, item in pairs.items():
                _look_inside(item, key_step(key), deeper)
    else:
        found = full_name(kind)
        raise Misfit(f"a value of type {found} where {EXPECTED} is expected", shown_type=found)


def _look_inside(item: object, step: str, deeper: int) -> None:
    try:
        _look(item, deeper - 1)
    except Misfit as misfit:
        raise misfit.inside(step) from None
