"""Which classes a class is one of, with their arguments: from typeshed where Python itself does not say. No verdicts.

The classes of the standard library are written in C or without type arguments; what their stubs say of them stands
in a table here. All others are asked for their `__orig_bases__`.
"""

from __future__ import annotations

import collections
import sys
from collections import abc
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from os import PathLike
from pathlib import PurePath
from types import MappingProxyType, ModuleType, NoneType
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple, TypeAlias, TypeVar, cast

from typing_extensions import get_protocol_members, is_protocol

from flowing._check.evaluate import class_annotations
from flowing._check.forms import Anything, Instance, Items, Nothing, Unreadable, one_of, read

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from flowing._check.forms import Form

Variance: TypeAlias = Literal["same", "covariant", "contravariant", "unknown"]


class _Stub(NamedTuple):
    """A class as typeshed has it: a sign for the variance of each type parameter, and the classes right above.

    The arguments of those are parameters of the class, by number, or classes, or tuples of such.
    """

    signs: str
    bases: tuple[tuple[Any, ...], ...]


_VARIANCES: Final[Mapping[str, Variance]] = {"=": "same", "+": "covariant", "-": "contravariant"}
_UNKNOWN: Final[tuple[Variance, ...]] = ("unknown",)
_TYPESHED: Final[Mapping[type[Any], _Stub]] = {
    abc.Container: _Stub("+", ()),
    abc.Iterable: _Stub("+", ()),
    abc.Iterator: _Stub("+", ((abc.Iterable, 0),)),
    abc.Reversible: _Stub("+", ((abc.Iterable, 0),)),
    abc.Generator: _Stub("+-+", ((abc.Iterator, 0),)),
    abc.Collection: _Stub("+", ((abc.Iterable, 0), (abc.Container, 0), (abc.Sized,))),
    abc.Sequence: _Stub("+", ((abc.Reversible, 0), (abc.Collection, 0))),
    abc.MutableSequence: _Stub("=", ((abc.Sequence, 0),)),
    abc.Set: _Stub("+", ((abc.Collection, 0),)),
    abc.MutableSet: _Stub("=", ((abc.Set, 0),)),
    abc.Mapping: _Stub("=+", ((abc.Collection, 0),)),
    abc.MutableMapping: _Stub("==", ((abc.Mapping, 0, 1),)),
    abc.MappingView: _Stub("", ((abc.Sized,),)),
    abc.KeysView: _Stub("+", ((abc.MappingView,), (abc.Set, 0))),
    abc.ValuesView: _Stub("+", ((abc.MappingView,), (abc.Collection, 0))),
    abc.ItemsView: _Stub("++", ((abc.MappingView,), (abc.Set, (0, 1)))),
    abc.Awaitable: _Stub("+", ()),
    abc.Coroutine: _Stub("+-+", ((abc.Awaitable, 2),)),
    abc.AsyncIterable: _Stub("+", ()),
    abc.AsyncIterator: _Stub("+", ((abc.AsyncIterable, 0),)),
    abc.AsyncGenerator: _Stub("+-", ((abc.AsyncIterator, 0),)),
    list: _Stub("=", ((abc.MutableSequence, 0),)),
    tuple: _Stub("+", ((abc.Sequence, 0),)),
    set: _Stub("=", ((abc.MutableSet, 0),)),
    frozenset: _Stub("+", ((abc.Set, 0),)),
    dict: _Stub("==", ((abc.MutableMapping, 0, 1), (abc.Reversible, 0))),
    str: _Stub("", ((abc.Sequence, str),)),
    bytes: _Stub("", ((abc.Sequence, int),)),
    bytearray: _Stub("", ((abc.MutableSequence, int),)),
    range: _Stub("", ((abc.Sequence, int),)),
    collections.deque: _Stub("=", ((abc.MutableSequence, 0),)),
    collections.defaultdict: _Stub("==", ((dict, 0, 1),)),
    collections.OrderedDict: _Stub("==", ((dict, 0, 1),)),
    collections.Counter: _Stub("=", ((dict, 0, int),)),
    collections.ChainMap: _Stub("==", ((abc.MutableMapping, 0, 1),)),
    MappingProxyType: _Stub("++", ((abc.Mapping, 0, 1),)),
    PurePath: _Stub("", ((PathLike, str),)),
    PathLike: _Stub("+", ()),
}
_STRUCTURAL: Final = frozenset(
    {
        abc.Hashable,
        abc.Sized,
        abc.Iterable,
        abc.Iterator,
        abc.Reversible,
        abc.Container,
        abc.Collection,
        abc.Generator,
        abc.Awaitable,
        abc.Coroutine,
        abc.AsyncIterable,
        abc.AsyncIterator,
        abc.AsyncGenerator,
        AbstractContextManager,
        AbstractAsyncContextManager,
        PathLike,
    }
)


def ancestor(given: Form, wanted: type[object]) -> Instance | Items | None:
    """Give a value's type seen as a `wanted`: `list[int]` as a `Sequence` is `Sequence[int]`; None if it is none."""
    waiting: list[Form] = [given]
    for form in waiting:  # which grows meanwhile, and ends where the classes do
        match form:
            case Items():
                if wanted is tuple:
                    return form
                waiting.append(as_sequence(form))
            case Instance(kind):
                if kind is wanted:
                    return form
                waiting += bases(form)
            case _:
                pass
    return None


def as_sequence(items: Items) -> Instance:
    """Forget the length of a tuple."""
    return Instance(tuple, (one_of(items.members) if items.members else Nothing(),))


def bases(instance: Instance) -> list[Form]:
    """Give the classes right above, with their arguments."""
    kind = instance.kind
    if is_named_tuple(kind):
        return [_fields(instance)]
    if kind in _TYPESHED:
        stub = _TYPESHED[kind]
        given = arguments(instance, len(stub.signs))
        return [Instance(base, tuple([_filled(each, given) for each in args])) for base, *args in stub.bases]
    if "__orig_bases__" in vars(kind):
        return [read(each, _solved(instance)) for each in vars(kind)["__orig_bases__"]]
    return [_without_arguments(kind, base) for base in kind.__bases__]


def _filled(argument: object, given: Sequence[Form]) -> Form:
    match argument:
        case int():
            return given[argument]
        case tuple():
            members = cast("tuple[object, ...]", argument)  # proof: it is a tuple, and everything is an object
            return Items(tuple([_filled(each, given) for each in members]))
        case _:
            return read(argument)


def _without_arguments(kind: type[object], base: type[object]) -> Form:
    """Give a base that is written without arguments: it needs none, or a stub knows them."""
    why = f'the type arguments of "{base.__name__}" as a base of "{kind.__name__}" are not known at run time'
    return Instance(base, tuple([Unreadable("?", why)] * _count(base)))


def _count(kind: type[object]) -> int:
    return len(_TYPESHED[kind].signs) if kind in _TYPESHED else len(_parameters(kind))


def _solved(instance: Instance) -> Mapping[object, Form]:
    parameters = _parameters(instance.kind)
    return dict(zip(parameters, arguments(instance, len(parameters)), strict=False))


def arguments(instance: Instance, count: int) -> tuple[Form, ...]:
    """Give `count` arguments, with what was left out."""
    missing = max(0, count - len(instance.args))
    if instance.args and issubclass(instance.kind, (abc.Generator, abc.AsyncGenerator)):
        return instance.args + (Instance(NoneType),) * missing
    return instance.args + (Anything(),) * missing


def is_named_tuple(kind: type[object]) -> bool:
    """Say whether this very class, not one above it, lists the fields."""
    return tuple in kind.__bases__ and "_fields" in vars(kind)


def _fields(instance: Instance) -> Items:
    """Give a `NamedTuple` as the tuple that it is."""
    annotations = class_annotations(instance.kind)
    names: tuple[str, ...] = vars(instance.kind)["_fields"]
    solved = _solved(instance)
    return Items(tuple([read(annotations.get(name, Any), solved) for name in names]))


def _parameters(kind: type[object]) -> tuple[object, ...]:
    """Give the type variables of a class; where it is no `Generic` but, say, a `dict[str, T]`, those of its bases."""
    own: tuple[object, ...] | None = getattr(kind, "__parameters__", None)
    if own is not None:
        return own
    above: Iterable[object] = vars(kind).get("__orig_bases__", ())
    return tuple(dict.fromkeys(each for base in above for each in getattr(base, "__parameters__", ())))


def variances(kind: type[object], count: int) -> list[Variance]:
    """Say how each of `count` type arguments of a class varies."""
    if kind in _TYPESHED:
        known: list[Variance] = [_VARIANCES[sign] for sign in _TYPESHED[kind].signs]
    else:
        known = [_variance(each) for each in _parameters(kind)]
    known.extend(_UNKNOWN * (count - len(known)))
    return known[:count]


def _variance(parameter: object) -> Variance:
    if not isinstance(parameter, TypeVar) or getattr(parameter, "__infer_variance__", False):
        return "unknown"
    if parameter.__covariant__:
        return "covariant"
    return "contravariant" if parameter.__contravariant__ else "same"


def is_structural(kind: type[object]) -> bool:
    """Say whether a class is a protocol, which others fit by what they have."""
    return kind in _STRUCTURAL or is_protocol(kind)


def members_of(protocol: type[object]) -> AbstractSet[str]:
    """List what an object must have to fit a protocol."""
    if is_protocol(protocol):
        return get_protocol_members(protocol)
    needed: list[frozenset[str]] = [getattr(base, "__abstractmethods__", frozenset()) for base in protocol.__mro__]
    return frozenset[str]().union(*needed)


def lacks_for_sure(kind: type[object], members: AbstractSet[str]) -> str | None:
    """Name a special method that no checker can find in the class; None where there is none.

    Only special methods: what else an object has can be set by its `__init__`, where nothing here sees it.
    """
    if may_have_more_bases(kind) or any(base is ModuleType or "__getattr__" in vars(base) for base in kind.__mro__):
        return None
    return next((name for name in sorted(members) if _is_special(name) and not _finds(kind, name)), None)


def _is_special(name: str) -> bool:
    return name.startswith("__") and name.endswith("__")


def _finds(kind: type[object], name: str) -> bool:
    return next((vars(base)[name] for base in kind.__mro__ if name in vars(base)), None) is not None


def may_have_more_bases(kind: type[object]) -> bool:
    """Say whether stubs may know more than Python: of a class built on unlisted ones of the standard library."""
    modules = {base.__module__.partition(".")[0] for base in kind.__mro__ if base not in _TYPESHED}
    return not modules.isdisjoint(sys.stdlib_module_names - {"builtins", "abc", "enum", "typing"})
