"""Whether a value is what an annotation says, looked at member by member. Converts nothing, and knows no task.

What can't be known of a value at run time (the signature of a function, the members of a protocol) counts as fitting.
"""

from __future__ import annotations

import collections.abc
import typing
from types import NoneType
from typing import TYPE_CHECKING, Any, Final, NamedTuple, cast, get_args, get_origin

import typing_extensions

from flowing._special_forms import is_literal, is_never, is_transparent, is_union
from flowing._task.functions import show_type
from flowing._text import one_line, type_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_PROMOTED: Final[Mapping[object, tuple[type[Any], ...]]] = {int: (), float: (int,), complex: (int, float)}  # PEP 484
_KEY_SHOWN_MAX: Final = 60
_SHOWN_MAX: Final = 200


class Misfit(NamedTuple):
    """What stands where an annotation asks for something else: never which value (FAULTS S11), and the way to it."""

    what: str
    where: str = ""

    def inside(self, step: str) -> Misfit:
        """Add the step that led here, seen from the container."""
        return Misfit(self.what, step + self.where)


def misfit(value: object, annotation: object) -> Misfit | None:
    """Say what of a value is not what the annotation asks for, or None if it fits. O(size of the value)."""
    try:
        return _misfit(value, annotation)
    except RecursionError:
        return Misfit("containers nested too deep, or one inside itself")


def is_annotation(annotation: object) -> bool:
    """Tell whether an object is a type that can be read here: a name in quotes, or a value, is none."""
    if annotation is None or isinstance(annotation, type) or get_origin(annotation) is not None:
        return True
    kinds = (typing.NewType, typing_extensions.TypeAliasType, typing.TypeVar)
    return annotation is typing.Any or isinstance(annotation, kinds)


def show_annotation(annotation: object) -> str:
    """Write an annotation as a user does."""
    if annotation is None or annotation is NoneType:
        return "None"
    if annotation is typing.Any:
        return "Any"
    if isinstance(annotation, type) and not get_args(annotation):
        name, module = annotation.__qualname__, annotation.__module__
        return one_line(name if module == "builtins" else f"{module}.{name}", length_max=_SHOWN_MAX)
    return one_line(repr(annotation).replace("typing.", ""), length_max=_SHOWN_MAX)


def _misfit(value: object, annotation: object) -> Misfit | None:
    origin = get_origin(annotation)
    if origin is None:
        return _misfit_name(value, annotation)
    arguments = get_args(annotation)
    if is_union(origin):
        return _misfit_all(value, arguments)
    if is_literal(origin):
        is_one = any(type(value) is type(each) and value == each for each in arguments)
        return None if is_one else Misfit(f"another {type_name(value)}")
    if is_transparent(origin):
        return _misfit(value, arguments[0])
    if isinstance(origin, typing_extensions.TypeAliasType):
        return _misfit(value, origin.__value__)
    if origin is type:
        return _misfit_class(value, arguments)
    if isinstance(origin, type):
        return _misfit_kind(value, origin) or _misfit_members(value, origin, arguments)
    return None


def _misfit_name(value: object, annotation: object) -> Misfit | None:
    """Look at a value for a type without brackets."""
    if annotation is None or annotation is typing.Any:
        return None if annotation is typing.Any else _misfit_kind(value, NoneType)
    if is_never(annotation):
        return Misfit(show_type(value))
    if isinstance(annotation, typing.NewType):
        return _misfit(value, annotation.__supertype__)
    if isinstance(annotation, typing_extensions.TypeAliasType):
        return _misfit(value, annotation.__value__)
    if isinstance(annotation, typing.TypeVar):
        return _misfit_all(value, annotation.__constraints__ or (annotation.__bound__ or object,))
    if typing_extensions.is_typeddict(annotation):
        return _misfit_keys(value, cast("type[Any]", annotation))  # proof: a TypedDict is a class
    return _misfit_kind(value, annotation) if isinstance(annotation, type) else None


def _misfit_all(value: object, annotations: Iterable[object]) -> Misfit | None:
    """Find one that fits; else say what is wrong by one that looked inside."""
    faults = list[Misfit]()
    for each in annotations:
        fault = _misfit(value, each)
        if fault is None:
            return None
        faults.append(fault)
    return next((fault for fault in faults if fault.where), Misfit(show_type(value)))


def _misfit_kind(value: object, kind: type[Any]) -> Misfit | None:
    """Look at the class of a value. A bool is no number here: whoever gives one for a number means something else."""
    kinds: tuple[type[Any], ...] = (kind,)
    if kind in _PROMOTED:
        if type(value) is bool:
            return Misfit("a bool")
        kinds += _PROMOTED[kind]
    if getattr(kind, "_is_protocol", False) and not getattr(kind, "_is_runtime_protocol", False):
        return None
    return None if isinstance(value, kinds) else Misfit(show_type(value))


def _misfit_class(value: object, arguments: tuple[Any, ...]) -> Misfit | None:
    if not isinstance(value, type):
        return Misfit(show_type(value))
    wanted = get_origin(arguments[0]) or arguments[0]
    is_known = isinstance(wanted, type) and not getattr(wanted, "_is_protocol", False)
    return None if not is_known or issubclass(value, wanted) else Misfit("another class")


# ── members ──────────────────────────────────────────────────────────────────────────────────────


def _misfit_members(value: object, origin: type[Any], arguments: tuple[Any, ...]) -> Misfit | None:
    if origin is tuple:
        return _misfit_tuple(cast("tuple[object, ...]", value), arguments)  # proof: its class was looked at
    if issubclass(origin, collections.abc.Mapping):
        return _misfit_items(cast("Mapping[object, object]", value), arguments)  # proof: as above
    if issubclass(origin, collections.abc.Collection) and len(arguments) == 1:
        members = enumerate(cast("Iterable[object]", value))  # proof: as above
        return _first((_misfit(each, arguments[0]), f"[{place}]") for place, each in members)
    return None


def _misfit_tuple(value: tuple[object, ...], arguments: tuple[Any, ...]) -> Misfit | None:
    if len(arguments) == 2 and arguments[1] is ...:  # noqa: PLR2004 - a member and the dots
        arguments = (arguments[0],) * len(value)
    if len(arguments) != len(value):
        return Misfit(f"a tuple of length {len(value)}")
    pairs = enumerate(zip(value, arguments, strict=True))
    return _first((_misfit(each, annotation), f"[{place}]") for place, (each, annotation) in pairs)


def _misfit_items(value: Mapping[object, object], arguments: tuple[Any, ...]) -> Misfit | None:
    if len(arguments) != 2:  # noqa: PLR2004 - keys and items: another kind of mapping says something else
        return None
    key, item = arguments
    keys = _first((_misfit(name, key), "[a key]") for name in value)
    return keys or _first((_misfit(each, item), f"[{_show_key(name)}]") for name, each in value.items())


def _misfit_keys(value: object, kind: type[Any]) -> Misfit | None:
    """Look at what is given for a TypedDict."""
    if not isinstance(value, dict):
        return Misfit(show_type(value))
    items = cast("dict[object, object]", value)  # proof: it is a dict, and everything is an object
    annotations: dict[str, object] = {**typing_extensions.get_type_hints(kind, include_extras=True)}
    missing = [name for name in annotations if name not in items and _is_required(kind, name, annotations[name])]
    unknown = [name for name in items if name not in annotations]
    if missing or unknown:
        return Misfit(f"a dict without {_show_key(missing[0])}" if missing else f"a dict with {_show_key(unknown[0])}")
    return _first((_misfit(each, annotations[str(name)]), f"[{_show_key(name)}]") for name, each in items.items())


def _is_required(kind: type[Any], name: str, annotation: object) -> bool:
    """Look at the annotation too: Python does not see `NotRequired` where annotations are postponed."""
    origin = get_origin(annotation)
    if origin is typing_extensions.Required or origin is typing_extensions.NotRequired:
        return origin is typing_extensions.Required
    return name in kind.__required_keys__


def _first(looked_at: Iterable[tuple[Misfit | None, str]]) -> Misfit | None:
    """Give the first member that does not fit, with the step to it."""
    return next((fault.inside(step) for fault, step in looked_at if fault is not None), None)


def _show_key(name: object) -> str:
    return one_line(repr(name), length_max=_KEY_SHOWN_MAX) if type(name) is str else show_type(name)
