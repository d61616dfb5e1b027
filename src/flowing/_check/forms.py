"""What annotations say, as values: a record for each kind of type, and how to read and write it. Compares nothing."""

from __future__ import annotations

import collections.abc
import typing
from types import EllipsisType, NoneType
from typing import TYPE_CHECKING, Any, Final, TypeAlias, cast, get_args, get_origin

import typing_extensions
from typing_extensions import TypeAliasType, is_typeddict

from flowing._record import record
from flowing._special_forms import is_literal, is_never, is_transparent, is_union
from flowing._text import type_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


@record
class Anything:
    """`Any`: fits everything, and everything fits it."""


@record
class Nothing:
    """`Never` or `NoReturn`: there is no such value."""


@record
class Instance:
    """A value of a class. Without `args` a generic class has `Any` for each."""

    kind: type[object]
    args: tuple[Form, ...] = ()


@record
class Items:
    """A tuple of known length; `tuple[int, ...]` is an `Instance`."""

    members: tuple[Form, ...]


@record
class OneOf:
    """A union of two members or more, none of them a union."""

    members: tuple[Form, ...]


@record
class Value:
    """One value of a `Literal`. The class tells `True` from `1`."""

    kind: type[object]
    value: object


@record
class Function:
    """`Callable[[int], str]`; no parameters for `Callable[..., str]`."""

    parameters: tuple[Form, ...] | None
    result: Form


@record
class ClassOf:
    """`type[int]`: the class itself."""

    instance: Form


@record
class Renamed:
    """A `NewType`."""

    origin: object
    base: Form


@record
class Keys:
    """A `TypedDict`. Its items are read when they are needed: they may lead back to it."""

    kind: type[object]


@record(eq=False)
class Variable:
    """A `TypeVar` that nothing has solved. Never equal to another one: each function solves its own."""

    name: str
    bound: Form
    constraints: tuple[Form, ...]


@record(eq=False)
class Unreadable:
    """What can't be read at run time, and why. `what` is the annotation where two equal ones mean the same type."""

    shown: str
    why: str
    what: object = None


Form: TypeAlias = (
    Anything | Nothing | Instance | Items | OneOf | Value | Function | ClassOf | Renamed | Keys | Variable | Unreadable
)

OBJECT: Final = Instance(object)
_NO_VARIABLES: Final[Mapping[object, Form]] = {}


def read(annotation: object, solved: Mapping[object, Form] = _NO_VARIABLES) -> Form:
    """Read an evaluated annotation, with type variables replaced as in `solved`. Never raises."""
    try:
        return _read(annotation, solved)
    except RecursionError:
        why = f'"{show_annotation(annotation)}" leads back to itself, which can\'t be compared at run time'
        return Unreadable(show_annotation(annotation), why, annotation)
    except Exception as error:  # noqa: BLE001 - an alias is evaluated here, and annotations can be any object
        why = f'"{show_annotation(annotation)}" can\'t be read at run time ({type(error).__name__})'
        return Unreadable(show_annotation(annotation), why)


def _read(annotation: object, solved: Mapping[object, Form]) -> Form:
    origin = get_origin(annotation)
    if origin is None or getattr(annotation, "__unpacked__", False):
        return _read_name(annotation, solved)
    args = get_args(annotation)
    if is_union(origin):
        return one_of([_read(each, solved) for each in args])
    if is_literal(origin):
        return one_of([Instance(NoneType) if each is None else Value(_class_of(each), each) for each in args])
    if is_transparent(origin):
        return _read(args[0], solved)
    if isinstance(origin, TypeAliasType):
        given = [_read(each, solved) for each in args]
        return _read(origin.__value__, dict(zip(origin.__type_params__, given, strict=True)))
    if isinstance(origin, type):
        return _read_generic(origin, args, annotation, solved)
    return _unreadable(annotation)


def _class_of(value: object) -> type[object]:
    return type(value)


def _read_name(annotation: object, solved: Mapping[object, Form]) -> Form:
    """Read what has no brackets."""
    if annotation is typing.Any:
        return Anything()
    if is_never(annotation):
        return Nothing()
    if annotation is None:
        return Instance(NoneType)
    if isinstance(annotation, typing.TypeVar):
        return solved[annotation] if annotation in solved else _variable(annotation, solved)
    if isinstance(annotation, typing.NewType):
        return Renamed(annotation, _read(annotation.__supertype__, solved))
    if isinstance(annotation, TypeAliasType):
        return _read_alias(annotation, solved)
    if isinstance(annotation, type) and not getattr(annotation, "__unpacked__", False):
        return _read_class(annotation)
    return _unreadable(annotation)


def _read_alias(alias: TypeAliasType, solved: Mapping[object, Form]) -> Form:
    if isinstance(alias.__value__, str):
        why = f'the type alias "{alias.__name__}" is a string, which is not evaluated'
        return Unreadable(alias.__name__, why, alias)
    return _read(alias.__value__, solved)


def _read_class(kind: type[Any]) -> Form:
    if is_typeddict(kind):
        return Keys(kind)
    if kind is type:
        return ClassOf(Anything())
    if _is_callable(kind):
        return Function(None, Anything())
    if any(_has_default(each) for each in getattr(kind, "__parameters__", ())):
        why = f'"{kind.__name__}" has type parameters with defaults, which are not read at run time'
        return Instance(kind, tuple([Unreadable("?", why) for _ in kind.__parameters__]))
    return Instance(kind)


def _is_callable(kind: object) -> bool:
    callable_itself: object = collections.abc.Callable  # pyright: ignore[reportUnknownMemberType] - a name alone
    return kind is callable_itself


def _has_default(parameter: object) -> bool:
    return bool(getattr(parameter, "has_default", bool)())


def _read_generic(
    origin: type[Any], args: tuple[object, ...], annotation: object, solved: Mapping[object, Form]
) -> Form:
    if origin is tuple:
        return _read_tuple(args, annotation, solved)
    if origin is type:
        return ClassOf(_read(args[0], solved)) if args else ClassOf(Anything())
    if _is_callable(origin):
        return _read_callable(args, annotation, solved)
    if is_typeddict(origin):
        return _unreadable(annotation)
    return Instance(origin, tuple([_read(each, solved) for each in args]))


def _read_tuple(args: tuple[object, ...], annotation: object, solved: Mapping[object, Form]) -> Form:
    if annotation is typing.Tuple:  # noqa: UP006 - the bare name, written by users
        return Instance(tuple)
    match args:
        case (member, EllipsisType()):
            return Instance(tuple, (_read(member, solved),))
        case _ if any(_is_unpacked(each) for each in args):
            return _unreadable(annotation)
        case _:
            return Items(tuple([_read(each, solved) for each in args]))


def _is_unpacked(annotation: object) -> bool:
    return bool(getattr(annotation, "__unpacked__", False)) or get_origin(annotation) is typing_extensions.Unpack


def _read_callable(args: tuple[object, ...], annotation: object, solved: Mapping[object, Form]) -> Form:
    match args:
        case ():
            return Function(None, Anything())
        case (EllipsisType(), result):
            return Function(None, _read(result, solved))
        case (list(), result):
            # proof: it is a list, and everything is an object
            parameters = cast("list[object]", args[0])
            if any(_is_unpacked(each) for each in parameters):
                return _unreadable(annotation)
            return Function(tuple([_read(each, solved) for each in parameters]), _read(result, solved))
        case _:
            return _unreadable(annotation)


def _variable(variable: typing.TypeVar, solved: Mapping[object, Form]) -> Variable:
    bound = OBJECT if variable.__bound__ is None else read(variable.__bound__, solved)
    return Variable(variable.__name__, bound, tuple([read(each, solved) for each in variable.__constraints__]))


def _unreadable(annotation: object) -> Unreadable:
    """Say that there is no form for it. What depends on where it stands is never equal to another one."""
    shown = show_annotation(annotation)
    if isinstance(annotation, (str, typing.ForwardRef)):
        return Unreadable(shown, f'the name "{shown}" is not known at run time')
    means_the_same = annotation is typing_extensions.LiteralString
    why = f'"{shown}" can\'t be compared at run time'
    return Unreadable(shown, why, annotation if means_the_same else None)


def one_of(forms: Iterable[Form]) -> Form:
    """Join forms, flat and each once."""
    members: list[Form] = []
    for form in forms:
        members += form.members if isinstance(form, OneOf) else [form]
    each_once = [each for position, each in enumerate(members) if each not in members[:position]]
    return each_once[0] if len(each_once) == 1 else OneOf(tuple(each_once))


def parts(form: Form) -> tuple[Form, ...]:
    """Give the types that a type is made of."""
    match form:
        case Instance(_, members) | Items(members) | OneOf(members):
            return members
        case Function(parameters, result):
            return (*(parameters or ()), result)
        case ClassOf(inside) | Renamed(_, inside):
            return (inside,)
        case _:
            return ()


def show_annotation(annotation: object) -> str:
    """Write an annotation that has no form, in few words."""
    if isinstance(annotation, typing.ForwardRef):
        return annotation.__forward_arg__
    if isinstance(annotation, str):
        return annotation
    name = getattr(annotation, "__name__", None)
    if isinstance(name, str) and get_origin(annotation) is None:
        return name
    try:
        return repr(annotation).replace("typing_extensions.", "").replace("typing.", "")
    except Exception:  # noqa: BLE001 - an annotation can be any object, and its __repr__ may raise anything
        return f"an object of type {type_name(annotation)}"
