"""What the fields of a class are, with their types evaluated and its type variables replaced. Converts nothing."""

from __future__ import annotations

import dataclasses
import inspect
import typing
from typing import TYPE_CHECKING, Any, Final, cast, get_args, get_origin

import attrs
import typing_extensions

from flowing._record import record
from flowing._text import one_line, type_name
from flowing.checkpoint.codec.plan import Unsupported, full_name

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_BUILT_IN: Final = (str, int, float, complex, bytes, bytearray, list, tuple, set, frozenset, dict, BaseException)


@record
class Field:
    """A field of a class. `argument` is what the constructor calls it, None where it takes no such argument."""

    name: str
    annotation: object
    argument: str | None


@record
class Key:
    """A key of a TypedDict."""

    name: str
    annotation: object
    required: bool


def has_fields(kind: type[Any]) -> bool:
    """Whether a class is made of fields: attrs, or a dataclass."""
    return attrs.has(kind) or dataclasses.is_dataclass(kind)


def fields_of(kind: type[Any], arguments: Sequence[object]) -> tuple[Field, ...]:
    """Read the fields of an attrs class or a dataclass. Raises Unsupported if it is made of anything else."""
    shown = full_name(kind)
    if issubclass(kind, _BUILT_IN):
        raise Unsupported(shown, "is a built-in type with fields, and only the fields could be stored")
    hints = annotations_of(kind, arguments)
    arguments_of: dict[str, str | None]
    if attrs.has(kind):
        arguments_of = {each.name: each.alias if each.init else None for each in attrs.fields(kind)}
    else:
        arguments_of = {each.name: each.name if each.init else None for each in dataclasses.fields(kind)}
    _refuse_other_constructors(kind, {each for each in arguments_of.values() if each is not None})
    return tuple([Field(name, hints.get(name, typing.Any), argument) for name, argument in arguments_of.items()])


def _refuse_other_constructors(kind: type[Any], arguments: set[str]) -> None:
    parameters = list(inspect.signature(kind.__init__).parameters.values())[1:]
    named = {each.name for each in parameters if each.kind not in (each.VAR_POSITIONAL, each.VAR_KEYWORD)}
    needed = {each.name for each in parameters if each.name in named and each.default is each.empty}
    if not arguments <= named or not needed <= arguments:
        differing = ", ".join(sorted((arguments - named) | (needed - arguments)))
        why = f"has a constructor whose parameters are not its fields ({one_line(differing)})"
        raise Unsupported(full_name(kind), why)


def is_named_tuple(kind: type[Any]) -> bool:
    """Whether a class is a tuple whose items have names."""
    return issubclass(kind, tuple) and hasattr(cast("Any", kind), "_make")


def items_of(kind: type[Any], arguments: Sequence[object]) -> tuple[object, ...]:
    """Give the annotations of a NamedTuple's items, in order."""
    hints = annotations_of(kind, arguments)
    return tuple([hints.get(name, typing.Any) for name in kind._fields])


def keys_of(kind: type[Any], arguments: Sequence[object]) -> tuple[Key, ...]:
    """Give the keys of a TypedDict, in order.

    Python does not see `Required` and `NotRequired` where annotations are postponed, so they are looked at here.
    """
    keys: list[Key] = []
    for name, annotation in annotations_of(kind, arguments).items():
        required, inner = name in kind.__required_keys__, annotation
        while (origin := get_origin(inner)) in _QUALIFIERS:
            required = origin is not typing_extensions.NotRequired and (
                origin is typing_extensions.Required or required
            )
            inner = get_args(inner)[0]
        keys.append(Key(name, inner, required))
    return tuple(keys)


_QUALIFIERS: Final = frozenset(
    {typing_extensions.Required, typing_extensions.NotRequired, typing_extensions.ReadOnly, typing.Annotated}
)


def annotations_of(kind: type[Any], arguments: Sequence[object]) -> dict[str, object]:
    """Evaluate the annotations of a class and its bases, with `arguments` in place of its type parameters."""
    # A class inside a function is no global, and its annotations may name it.
    names = {each.__name__: each for each in kind.__mro__ if "<locals>" in each.__qualname__}
    try:
        hints = typing_extensions.get_type_hints(kind, localns=names, include_extras=True)
    except Exception as error:  # noqa: BLE001 - an annotation is an expression of the user's, and may raise anything
        why = f"has annotations that can't be evaluated ({one_line(f'{type_name(error)}: {error}')})"
        raise Unsupported(full_name(kind), why) from None
    if not any(getattr(each, "__parameters__", ()) for each in hints.values()) and not _has_variables(hints):
        return hints
    solved = _solve(kind, arguments)
    return {name: substitute(each, solved[_owner(kind, name)]) for name, each in hints.items()}


def _has_variables(hints: Mapping[str, object]) -> bool:
    return any(isinstance(each, typing.TypeVar) for each in hints.values())


def _owner(kind: type[Any], name: str) -> type[Any]:
    """Find the class whose annotation of a field counts: the same type variable may mean two things in two classes."""
    bases = _bases(kind)
    return next((each for each in bases if name in inspect.get_annotations(each)), kind)


def _bases(kind: type[Any]) -> tuple[type[Any], ...]:
    """List a class and those it is made from. A TypedDict has them beside its `__mro__`."""
    if not typing_extensions.is_typeddict(kind):
        return kind.__mro__
    originals = [get_origin(each) or each for each in vars(kind).get("__orig_bases__", ())]
    above = [each for base in originals if typing_extensions.is_typeddict(base) for each in _bases(base)]
    return (kind, *above)


def _solve(kind: type[Any], arguments: Sequence[object]) -> dict[type[Any], Mapping[object, object]]:
    """Say for a class and its generic bases what each of their type variables stands for."""
    parameters = getattr(kind, "__parameters__", ())
    solved: dict[type[Any], Mapping[object, object]] = {each: {} for each in _bases(kind)}
    solved[kind] = dict(zip(parameters, arguments, strict=False))
    for base in vars(kind).get("__orig_bases__", ()):
        origin = cast("type[Any] | None", get_origin(base))
        if origin is not None and origin in solved:
            solved |= _solve(origin, [substitute(each, solved[kind]) for each in get_args(base)])
    return solved


def substitute(annotation: object, solved: Mapping[object, object]) -> object:
    """Put types in place of type variables; those that nothing is known of stay."""
    if isinstance(annotation, typing.TypeVar):
        return solved.get(annotation, annotation)
    parameters = () if isinstance(annotation, type) else getattr(annotation, "__parameters__", ())
    if not parameters:
        return annotation
    subscriptable = cast("Any", annotation)  # what has parameters takes them in brackets
    return subscriptable[tuple([solved.get(each, each) for each in parameters])]
