"""From an annotation to a plan: which kind of type it is, and which plans it is made of. Converts no value."""

from __future__ import annotations

import collections.abc
import dataclasses
import typing
from types import NoneType
from typing import TYPE_CHECKING, Any, Final, get_args, get_origin

import attrs
import typing_extensions

from flowing._special_forms import is_literal, is_never, is_transparent, is_union
from flowing._text import one_line
from flowing.checkpoint.codec.anything import json_plan
from flowing.checkpoint.codec.classes import class_plan, named_tuple_plan, typed_dict_plan
from flowing.checkpoint.codec.containers import dict_plan, items_plan, list_plan, set_plan, tuple_plan
from flowing.checkpoint.codec.fields import fields_of, is_named_tuple, items_of, keys_of, substitute
from flowing.checkpoint.codec.foreign import array_plan, hook_plan, model_fields, model_plan
from flowing.checkpoint.codec.plan import Plan, Unsupported, full_name
from flowing.checkpoint.codec.protocol import NO_ANNOTATION
from flowing.checkpoint.codec.scalars import NEVER, scalar_plan
from flowing.checkpoint.codec.unions import literal_plan, union_plan

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from flowing.checkpoint.codec.foreign import Hook

_NESTED_MAX: Final = 50

# What an abstract type may be at run time, among the types that can be stored; the first that fits is taken.
_CONCRETE: Final[Mapping[object, tuple[Any, ...]]] = {
    collections.abc.Sequence: (list, tuple),
    collections.abc.MutableSequence: (list,),
    collections.abc.Collection: (list, tuple, set, frozenset),
    collections.abc.Iterable: (list, tuple, set, frozenset),
    collections.abc.Reversible: (list, tuple),
    collections.abc.Set: (set, frozenset),
    collections.abc.MutableSet: (set,),
    collections.abc.Mapping: (dict,),
    collections.abc.MutableMapping: (dict,),
}


class Planner:
    """Makes the plans for one annotation, and knows which classes it is in the middle of."""

    __slots__ = ("_depth_max", "_hooks", "_nested", "_underway")

    def __init__(self, hooks: Sequence[Hook[Any]], *, depth_max: int) -> None:
        self._hooks: Final[Mapping[object, Hook[Any]]] = {each.kind: each for each in hooks}
        self._underway: Final[dict[object, list[Plan]]] = {}
        self._depth_max: Final = depth_max
        self._nested = 0

    def plan(self, annotation: object) -> Plan:
        """Plan for the values that an annotation allows. Raises Unsupported, with the innermost type at fault."""
        self._nested += 1
        if self._nested > _NESTED_MAX:
            raise Unsupported(_show(annotation), f"is a type nested more than {_NESTED_MAX} deep")
        try:
            origin = get_origin(annotation)
            if origin is None or getattr(annotation, "__unpacked__", False):
                return self._plan_name(annotation)
            return self._plan_brackets(annotation, origin, get_args(annotation))
        finally:
            self._nested -= 1

    def _plan_name(self, annotation: object) -> Plan:
        """Plan for what has no brackets."""
        if annotation is typing.Any or annotation is object or annotation is NO_ANNOTATION:
            return json_plan("JSON", depth_max=self._depth_max)
        if annotation is None:
            return self.plan(NoneType)
        if is_never(annotation):
            return NEVER
        if isinstance(annotation, typing.NewType):
            return self.plan(annotation.__supertype__)
        if isinstance(annotation, typing_extensions.TypeAliasType):
            return self.plan(annotation.__value__)
        if isinstance(annotation, typing.TypeVar):
            return self._plan_variable(annotation)
        if isinstance(annotation, type):
            return self._plan_class(annotation, annotation, ())
        raise Unsupported(_show(annotation), "is not a type that can be read at run time")

    def _plan_variable(self, variable: typing.TypeVar) -> Plan:
        """Plan for a type variable that nothing is known of but its limits."""
        if variable.__constraints__:
            return union_plan([self.plan(each) for each in variable.__constraints__])
        return self.plan(typing.Any if variable.__bound__ is None else variable.__bound__)

    def _plan_brackets(self, annotation: object, origin: object, arguments: tuple[Any, ...]) -> Plan:
        if is_union(origin):
            return union_plan([self.plan(each) for each in arguments])
        if is_literal(origin):
            return literal_plan(arguments)
        if is_transparent(origin):
            return self.plan(arguments[0])
        if isinstance(origin, typing_extensions.TypeAliasType):
            return self.plan(substitute(origin.__value__, dict(zip(origin.__type_params__, arguments, strict=False))))
        if isinstance(origin, type):
            return self._plan_class(annotation, origin, arguments)
        raise Unsupported(_show(annotation), "is not a type that can be read at run time")

    def _plan_class(self, annotation: object, kind: type[Any], arguments: tuple[Any, ...]) -> Plan:
        hook = self._hooks.get(kind)
        if hook is not None:
            return hook_plan(hook)
        single = scalar_plan(kind)
        if single is not None:
            return single
        if kind in (list, set, frozenset, dict, tuple):
            return self._plan_container(kind, arguments)
        if kind in _CONCRETE:
            return union_plan([self._plan_container(each, _repeated(each, arguments)) for each in _CONCRETE[kind]])
        array = array_plan(kind)
        return array if array is not None else self._plan_fields(annotation, kind, arguments)

    def _plan_container(self, kind: type[Any], arguments: tuple[Any, ...]) -> Plan:
        if kind is dict:
            key, item = arguments or (str, typing.Any)
            return dict_plan(self.plan(key), self.plan(item))
        if kind is tuple:
            return self._plan_tuple(arguments)
        item_plan = self.plan(arguments[0] if arguments else typing.Any)
        return list_plan(item_plan) if kind is list else set_plan(kind, item_plan)

    def _plan_tuple(self, arguments: tuple[Any, ...]) -> Plan:
        if not arguments:  # `tuple` or `tuple[()]`, which can't be told apart here
            return tuple_plan(self.plan(typing.Any))
        if arguments[-1] is ...:
            return tuple_plan(self.plan(arguments[0]))
        return items_plan([self.plan(each) for each in arguments])

    def _plan_fields(self, annotation: object, kind: type[Any], arguments: tuple[Any, ...]) -> Plan:
        """Plan for a class that is made of other types; inside itself, what is planned so far stands for it."""
        if annotation in self._underway:
            return _later(kind, self._underway[annotation])
        made = self._underway[annotation] = []
        try:
            plan = self._plan_of_fields(kind, arguments)
        finally:
            del self._underway[annotation]
        made.append(plan)
        return plan

    def _plan_of_fields(self, kind: type[Any], arguments: tuple[Any, ...]) -> Plan:
        parameters = getattr(kind, "__parameters__", ())
        if any(not isinstance(each, typing.TypeVar) for each in parameters):
            raise Unsupported(full_name(kind), "has type parameters of a kind that is not supported")
        if typing_extensions.is_typeddict(kind):
            keys = keys_of(kind, arguments)
            return typed_dict_plan(kind, keys, [self.plan(each.annotation) for each in keys])
        if is_named_tuple(kind):
            return named_tuple_plan(kind, [self.plan(each) for each in items_of(kind, arguments)])
        described = model_fields(kind)
        if described is not None:
            return model_plan(kind, {name: self._describe(each) for name, each in described.items()})
        if attrs.has(kind) or dataclasses.is_dataclass(kind):
            fields = fields_of(kind, arguments)
            return class_plan(kind, fields, [self.plan(each.annotation) for each in fields], len(parameters))
        raise Unsupported(full_name(kind), "is a class that flowing does not know how to store")

    def _describe(self, annotation: object) -> str:
        try:
            return self.plan(annotation).form
        except Unsupported:
            return _show(annotation)


def _later(kind: type[Any], made: list[Plan]) -> Plan:
    """Stand for a class inside itself: its plan is complete before any value is converted."""
    accepts = frozenset({dict if typing_extensions.is_typeddict(kind) else kind})
    name = full_name(kind)

    def encode(value: object) -> object:
        return made[0].encode(value)

    def decode(data: object) -> object:
        return made[0].decode(data)

    return Plan(name, name, accepts, encode, decode)


def _repeated(kind: type[Any], arguments: tuple[Any, ...]) -> tuple[Any, ...]:
    return (*arguments, ...) if kind is tuple and arguments else arguments


def _show(annotation: object) -> str:
    return one_line(full_name(annotation) if isinstance(annotation, type) else repr(annotation), length_max=200)
