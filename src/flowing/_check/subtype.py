"""Whether a value of one type fits where another is asked for, as mypy decides it. A third answer says what nobody can.

A wrong "fits" hides a mistake and a wrong "misfit" invents one, so whatever only a checker can see (the members of a
protocol, the stubs of a library) is undecided.
"""

from __future__ import annotations

import collections.abc
import enum
import typing
from types import BuiltinFunctionType, FunctionType, MethodType, NoneType
from typing import TYPE_CHECKING, Any, Final, assert_never

from flowing._check.forms import (
    OBJECT,
    Anything,
    ClassOf,
    Function,
    Instance,
    Items,
    Keys,
    Nothing,
    OneOf,
    Renamed,
    Unreadable,
    Value,
    Variable,
    one_of,
)
from flowing._check.lineage import (
    ancestor,
    arguments,
    as_sequence,
    is_structural,
    lacks_for_sure,
    may_have_more_bases,
    members_of,
    variances,
)
from flowing._check.show import show
from flowing._check.typed_dict import items_of
from flowing._check.verdict import Undecided, Verdict, all_of, any_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flowing._check.forms import Form
    from flowing._check.lineage import Variance


_PROMOTIONS: Final = {int: float, float: complex}  # PEP 484; bytearray and memoryview are no bytes (mypy 2)
_HASHABLE: Final = frozenset({int, bool, float, complex, str, bytes, tuple, frozenset, range, NoneType})
_FUNCTIONS: Final = frozenset({FunctionType, MethodType, BuiltinFunctionType})
_ONLY_IN_STUBS: Final = (typing.IO, typing.TextIO, typing.BinaryIO)


def fits(given: Form, wanted: Form) -> Verdict:
    """Say whether a value of type `given` may be passed where `wanted` is asked for. Never raises."""
    try:
        return _fits(given, _solvable(wanted))
    except RecursionError:
        return Undecided("the types are nested too deeply to be compared")


def _solvable(wanted: Form) -> Form:
    """Replace a type variable that stands for all of the value: it becomes that value's type, if its bound allows."""
    match wanted:
        case Variable(_, bound, ()):
            return bound
        case OneOf(members):
            return one_of([_solvable(each) for each in members])
        case _:
            return wanted


def _fits(given: Form, wanted: Form) -> Verdict:
    """Decide what holds for any form, then look at the given one."""
    if isinstance(given, (Anything, Nothing)) or isinstance(wanted, Anything) or wanted in (OBJECT, given):
        return True
    if isinstance(given, OneOf):
        return all_of(_fits(each, wanted) for each in given.members)
    if isinstance(given, Variable):
        return _variable_fits(given, wanted)
    if isinstance(wanted, OneOf):
        return _fits_one_of(given, wanted)
    if isinstance(given, Unreadable):
        return _same(given, wanted)
    if isinstance(wanted, Unreadable):
        return Undecided(wanted.why)
    if isinstance(wanted, Variable):
        return _fits_variable(given, wanted)
    if isinstance(wanted, Nothing):
        return False
    return _kind_fits(given, wanted)


def _same(given: Unreadable, wanted: Form) -> Verdict:
    if isinstance(wanted, Unreadable) and given.what is not None and given.what == wanted.what:
        return True
    return Undecided(given.why)


def _fits_one_of(given: Form, wanted: OneOf) -> Verdict:
    verdict = any_of(_fits(given, each) for each in wanted.members)
    if verdict is True or not isinstance(given, Instance):
        return verdict
    values = _values_of(given.kind)
    return verdict if values is None else all_of(_fits(each, wanted) for each in values.members)


def _values_of(kind: type[Any]) -> OneOf | None:
    """Take `bool` and an enum apart into all their values."""
    if kind is bool:
        return OneOf(tuple([Value(bool, each) for each in (True, False)]))
    members: Mapping[str, object] = vars(kind).get("_member_map_", {})
    if not members or issubclass(kind, enum.Flag):
        return None
    return OneOf(tuple([Value(kind, each) for each in members.values()]))


def _variable_fits(given: Variable, wanted: Form) -> Verdict:
    """Decide for a type variable of the function that makes the value, which only the call would solve."""
    least = one_of(given.constraints) if given.constraints else given.bound
    if _fits(least, wanted) is True:
        return True
    return Undecided(f'the type variable "{given.name}" of a result is not known at run time')


def _fits_variable(given: Form, wanted: Variable) -> Verdict:
    """Decide for a type variable inside another type, or with constraints, on which other arguments have a say."""
    most = one_of(wanted.constraints) if wanted.constraints else wanted.bound
    if _fits(given, most) is False:
        return False
    return Undecided(f'what the type variable "{wanted.name}" of a parameter stands for is not solved at run time')


def _kind_fits(
    given: Instance | Items | Value | Function | ClassOf | Renamed | Keys,
    wanted: Instance | Items | Value | Function | ClassOf | Renamed | Keys,
) -> Verdict:
    match given:
        case Value(kind):
            return False if isinstance(wanted, Value) else _fits(Instance(kind), wanted)
        case Renamed(_, base):
            return _fits(base, wanted)
        case Items(members):
            return _items_fit(given, members, wanted)
        case Keys(kind):
            return _keys_fit(kind, wanted)
        case Function():
            return _function_fits(given, wanted)
        case ClassOf():
            return _class_fits(given, wanted)
        case Instance():
            return _instance_fits(given, wanted)
        case _:
            assert_never(given)


# ── instances ────────────────────────────────────────────────────────────────────────────────────


def _instance_fits(given: Instance, wanted: Form) -> Verdict:
    match wanted:
        case Instance():
            return _class_of_instance_fits(given, wanted)
        case Items(members):
            above = ancestor(given, tuple)
            return _any_base(given) if above is None else _tuple_fits(above, members)
        case Function():
            return _called_fits(given, wanted)
        case Value():
            is_only_one = _values_of(given.kind) == OneOf((wanted,))  # which mypy sees inside a union alone
            return Undecided(_both(given, wanted)) if is_only_one else False
        case ClassOf():
            return Undecided(_both(given, wanted)) if issubclass(given.kind, type) else False
        case _:
            return _any_base(given)


def _class_of_instance_fits(given: Instance, wanted: Instance) -> Verdict:
    above = ancestor(given, wanted.kind)
    if isinstance(above, Items):
        above = as_sequence(above)
    if above is not None:
        return _arguments_fit(above, wanted)
    if any(_fits(Instance(_PROMOTIONS[each]), wanted) is True for each in given.kind.__mro__ if each in _PROMOTIONS):
        return True
    if wanted.kind is collections.abc.Hashable:
        return _is_hashable(given)
    if is_structural(wanted.kind):
        return _structure_fits(given, wanted)
    hidden = wanted.kind in _ONLY_IN_STUBS and may_have_more_bases(given.kind)
    if hidden or _is_registered(given.kind, wanted.kind):
        return Undecided(_both(given, wanted))
    return _any_base(given)


def _any_base(given: Instance) -> Verdict:
    """Refuse, unless the class is built on `Any`, and may be anything."""
    if typing.Any in given.kind.__mro__:
        return Undecided(f'"{show(given)}" is built on Any')
    return False


def _is_registered(given: type[object], wanted: type[object]) -> bool:
    """Say whether Python takes it for one, though no base says so: stubs may, or not."""
    try:
        return issubclass(given, wanted)
    except Exception:  # noqa: BLE001 - a __subclasscheck__ of the user's may raise anything
        return True


def _both(given: Form, wanted: Form) -> str:
    return f'whether "{show(given)}" is "{show(wanted)}" is known only to a type checker'


def _arguments_fit(given: Instance, wanted: Instance) -> Verdict:
    count = max(len(given.args), len(wanted.args))
    pairs = zip(arguments(given, count), arguments(wanted, count), variances(given.kind, count), strict=True)
    return all_of(_argument_fits(one, other, variance) for one, other, variance in pairs)


def _argument_fits(given: Form, wanted: Form, variance: Variance) -> Verdict:
    match variance:
        case "covariant":
            return _fits(given, wanted)
        case "contravariant":
            return _fits(wanted, given)
        case "same":
            return _both_ways(given, wanted)
        case "unknown":
            return _unknown_variance(given, wanted)
        case _:
            assert_never(variance)


def _both_ways(given: Form, wanted: Form) -> Verdict:
    return all_of(_fits(one, other) for one, other in ((given, wanted), (wanted, given)))


def _unknown_variance(given: Form, wanted: Form) -> Verdict:
    there, back = _fits(given, wanted), _fits(wanted, given)
    if there is back or isinstance(there, Undecided):
        return there
    if isinstance(back, Undecided):
        return back
    return Undecided(f'whether "{show(given)}" may vary to "{show(wanted)}" is inferred only by a type checker')


def _is_hashable(given: Instance) -> Verdict:
    if given.kind in _HASHABLE:
        return True
    if is_structural(given.kind) or given.kind.__module__ == "collections.abc":
        return Undecided(_both(given, Instance(collections.abc.Hashable)))
    found = next(vars(base)["__hash__"] for base in given.kind.__mro__ if "__hash__" in vars(base))
    if found is None and given.kind.__module__ == "builtins":
        return False
    return True if found is object.__hash__ else Undecided(_both(given, Instance(collections.abc.Hashable)))


def _structure_fits(given: Instance, wanted: Instance) -> Verdict:
    if lacks_for_sure(given.kind, members_of(wanted.kind)) is not None:
        return _any_base(given)
    return Undecided(f'whether "{show(given)}" fits the protocol "{show(wanted)}" is known only to a type checker')


# ── tuples, typed dicts, functions, classes ──────────────────────────────────────────────────────


def _items_fit(given: Items, members: tuple[Form, ...], wanted: Form) -> Verdict:
    if isinstance(wanted, Items):
        return _tuple_fits(given, wanted.members)
    if isinstance(wanted, Instance) and wanted.kind is tuple:
        return all_of(_fits(each, arguments(wanted, 1)[0]) for each in members)
    return _fits(as_sequence(given), wanted)


def _tuple_fits(given: Instance | Items, wanted: tuple[Form, ...]) -> Verdict:
    match given:
        case Items(members):
            if len(members) != len(wanted):
                return False
            return all_of(_fits(one, other) for one, other in zip(members, wanted, strict=True))
        case Instance():
            member = arguments(given, 1)[0]
            if isinstance(member, Unreadable):
                return Undecided(member.why)
            return isinstance(member, Anything)
        case _:
            assert_never(given)


_TYPED_DICT: Final = Instance(collections.abc.Mapping, (Instance(str), OBJECT))


def _keys_fit(given: type[object], wanted: Form) -> Verdict:
    if not isinstance(wanted, Keys):
        return _fits(_TYPED_DICT, wanted)
    here, there = items_of(given), items_of(wanted.kind)
    if isinstance(here, Undecided):
        return here
    if isinstance(there, Undecided):
        return there
    if any(name not in here or here[name][0] != required for name, (required, _) in there.items()):
        return False
    return all_of(_both_ways(here[name][1], form) for name, (_, form) in there.items())


def _function_fits(given: Function, wanted: Form) -> Verdict:
    match wanted:
        case Function(parameters, result):
            return all_of((_parameters_fit(given.parameters, parameters), _fits(given.result, result)))
        case Instance(collections.abc.Hashable):
            return True
        case Instance(kind) if is_structural(kind):
            lacks = lacks_for_sure(FunctionType, members_of(kind))
            return Undecided(_both(given, wanted)) if lacks is None else False
        case Instance(kind) if kind in _FUNCTIONS:
            return Undecided(_both(given, wanted))
        case _:
            return False


def _parameters_fit(given: tuple[Form, ...] | None, wanted: tuple[Form, ...] | None) -> Verdict:
    if given is None or wanted is None:
        return True
    if len(given) != len(wanted):
        return False
    return all_of(_fits(other, one) for one, other in zip(given, wanted, strict=True))


def _called_fits(given: Instance, wanted: Function) -> Verdict:
    """Decide for an object that is wanted as a function: its class must say how it is called."""
    if lacks_for_sure(given.kind, {"__call__"}) is not None:
        return _any_base(given)
    return Undecided(_both(given, wanted))


def _class_fits(given: ClassOf, wanted: Form) -> Verdict:
    of = given.instance
    match wanted:
        case ClassOf(other):
            return _fits(of, other)
        case Instance(kind) if issubclass(kind, type):
            return True if isinstance(of, Anything) else _metaclass_fits(of, kind)
        case Instance(kind) if is_structural(kind):
            return Undecided(_both(given, wanted))
        case Function():
            return Undecided(_both(given, wanted))
        case _:
            return False


def _metaclass_fits(of: Form, wanted: type[object]) -> Verdict:
    match of:
        case Instance(kind):
            return issubclass(type(kind), wanted)
        case _:
            return Undecided(_both(ClassOf(of), Instance(wanted)))
