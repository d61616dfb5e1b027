"""Which classes a class is one of, with their arguments: from typeshed where Python itself does not say. No verdicts.

The classes of the standard library are written in C or without type arguments; what their stubs say of them stands
in a table here. All others are asked for their `__orig_bases__`.
"""

from __future__ import annotations

import collections
import collections.abc as abc
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from os import PathLike
from pathlib import PurePath
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias, TypeVar

from typing_extensions import get_protocol_members, is_protocol

from flowing._check.evaluate import class_annotations
from flowing._check.forms import Anything, Instance, Items, Unreadable, one_of, read

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from flowing._check.forms import Form

Variance: TypeAlias = Literal["same", "covariant", "contravariant", "unknown"]

T = TypeVar("T")
K = TypeVar("K")
V = TypeVar("V")
T_co = TypeVar("T_co", covariant=True)
K_co = TypeVar("K_co", covariant=True)
V_co = TypeVar("V_co", covariant=True)
T_contra = TypeVar("T_contra", contravariant=True)

# class -> its parameters, the classes that it is one of
_TYPESHED: Final[Mapping[type[Any], tuple[tuple[Any, ...], tuple[Any, ...]]]] = {
    abc.Container: ((T_co,), ()),
    abc.Iterable: ((T_co,), ()),
    abc.Iterator: ((T_co,), (abc.Iterable[T_co],)),
    abc.Reversible: ((T_co,), (abc.Iterable[T_co],)),
    abc.Generator: ((T_co, T_contra, V_co), (abc.Iterator[T_co],)),
    abc.Collection: ((T_co,), (abc.Iterable[T_co], abc.Container[T_co], abc.Sized)),
    abc.Sequence: ((T_co,), (abc.Reversible[T_co], abc.Collection[T_co])),
    abc.MutableSequence: ((T,), (abc.Sequence[T],)),
    abc.Set: ((T_co,), (abc.Collection[T_co],)),
    abc.MutableSet: ((T,), (abc.Set[T],)),
    abc.Mapping: ((K, V_co), (abc.Collection[K],)),
    abc.MutableMapping: ((K, V), (abc.Mapping[K, V],)),
    abc.KeysView: ((K_co,), (abc.MappingView, abc.Set[K_co])),
    abc.ValuesView: ((V_co,), (abc.MappingView, abc.Collection[V_co])),
    abc.ItemsView: ((K_co, V_co), (abc.MappingView, abc.Set[tuple[K_co, V_co]])),
    abc.MappingView: ((), (abc.Sized,)),
    abc.Awaitable: ((T_co,), ()),
    abc.Coroutine: ((T_co, T_contra, V_co), (abc.Awaitable[V_co],)),
    abc.AsyncIterable: ((T_co,), ()),
    abc.AsyncIterator: ((T_co,), (abc.AsyncIterable[T_co],)),
    abc.AsyncGenerator: ((T_co, T_contra), (abc.AsyncIterator[T_co],)),
    list: ((T,), (abc.MutableSequence[T],)),
    tuple: ((T_co,), (abc.Sequence[T_co],)),
    set: ((T,), (abc.MutableSet[T],)),
    frozenset: ((T_co,), (abc.Set[T_co],)),
    dict: ((K, V), (abc.MutableMapping[K, V], abc.Reversible[K])),
    str: ((), (abc.Sequence[str],)),
    bytes: ((), (abc.Sequence[int],)),
    bytearray: ((), (abc.MutableSequence[int],)),
    range: ((), (abc.Sequence[int],)),
    collections.deque: ((T,), (abc.MutableSequence[T],)),
    collections.defaultdict: ((K, V), (dict[K, V],)),
    collections.OrderedDict: ((K, V), (dict[K, V],)),
    collections.Counter: ((T,), (dict[T, int],)),
    collections.ChainMap: ((K, V), (abc.MutableMapping[K, V],)),
    MappingProxyType: ((K, V_co), (abc.Mapping[K, V_co],)),
    PurePath: ((), (PathLike[str],)),
    PathLike: ((T_co,), ()),
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
        abc.Awaitable,
        abc.AsyncIterable,
        abc.AsyncIterator,
        AbstractContextManager,
        AbstractAsyncContextManager,
        PathLike,
    }
)


def ancestor(given: Form, wanted: type[object]) -> Instance | Items | None:
    """Give what a value is, seen as one of `wanted`: `list[int]` as a `Sequence` is `Sequence[int]`; None if it isn't."""
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
    return Instance(tuple, (one_of(items.members),)) if items.members else Instance(tuple, (read(Never),))


def bases(instance: Instance) -> list[Form]:
    """Give the classes right above, with their arguments."""
    kind = instance.kind
    if is_named_tuple(kind):
        return [_fields(instance)]
    if kind in _TYPESHED:
        annotations: Sequence[object] = _TYPESHED[kind][1]
    elif "__orig_bases__" in vars(kind):
        annotations = vars(kind)["__orig_bases__"]
    else:
        return [_without_arguments(kind, base) for base in kind.__bases__]
    return [read(each, _solved(instance)) for each in annotations]
