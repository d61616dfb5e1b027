"""Parameters of a flow: tasks without a body, whose values are given to each run. Knows no flow and no run."""

from __future__ import annotations

import copy
import keyword
import sys
from functools import partial
from types import FunctionType
from typing import TYPE_CHECKING, Any, Final, Never, TypeAlias, TypeVar, final, get_overloads, overload

import attrs
from typing_extensions import override

from flowing._task.declared import Task
from flowing._task.functions import module_of, qualified_name_of, show_type
from flowing._task.options import DEFAULTS, NAME_LENGTH_MAX, UNSET, Options, checked_name
from flowing._task.references import import_by_name, name_leads_to
from flowing._task.wiring import Call
from flowing._text import one_line, type_name
from flowing.errors import ConfigError, InputTypeError, MissingInputError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import FrameType

T = TypeVar("T")
R_co = TypeVar("R_co", covariant=True)

RESERVED: Final = frozenset({"rerun_detached"})  # what `resume()` takes besides inputs


@final
@attrs.frozen(eq=False, repr=False)
class Param(Task[R_co]):
    """A value that each run is given: a task without a body, made by `param()`.

    `type` is what `run()` checks the value against; `default` is None where one is `required`.
    """

    type: object = attrs.field(kw_only=True)
    default: object = attrs.field(kw_only=True)
    required: bool = attrs.field(kw_only=True)
    description: str = attrs.field(kw_only=True)

    @override
    def with_options(self, **options: object) -> Never:
        """Refuse: nothing is attempted, so there is nothing to set."""
        message = (
            f"parameter {self.name!r} has no options: it runs nothing; make another one with "
            f"param(name, type, default=..., description=..., persist=...)"
        )
        raise ConfigError(message)

    def check(self, value: object) -> None:
        """Raise `InputTypeError` where a value is not of the parameter's type (strictly: nothing is converted)."""
        from flowing._task.fitting import misfit, show_annotation  # noqa: PLC0415 - for flows with parameters

        fault = misfit(value, self.type)
        if fault is not None:
            place = f" at {fault.where}" if fault.where else ""
            message = (
                f"parameter {self.name!r} takes {show_annotation(self.type)}, but was given {fault.what}{place}; "
                f"give a value of that type, or declare the parameter with another"
            )
            raise InputTypeError(message, parameters=[self.name])

    def fresh_default(self) -> object:
        """Give the default, which nobody shares: a run may do to it what it likes."""
        return copy.deepcopy(self.default)

    @override
    def __repr__(self) -> str:
        return f"<parameter {self.name!r} at {one_line(self.where.rpartition('/')[2])}>"

    @override
    def __reduce_ex__(self, protocol: object) -> tuple[object, ...]:
        function = self.wired.function
        module, name = module_of(function), qualified_name_of(function)
        if name_leads_to(module, name, self):
            return import_by_name, (module, name)
        default = UNSET if self.required else self.default
        place = self.where.rpartition(":")
        return _made, (self.name, self.type, default, self.description, self.options, (module, place[0], int(place[2])))


@overload
def param(  # noqa: D418 - editors show the docstring of an overload
    name: str, kind: type[T], /, *, default: T = ..., description: str = "", persist: bool = True
) -> Param[T]:
    """Declare a value that each run is given.

    After `city = param("city", str)` it is `flow.run(city="Paris")`. Tasks depend on it as on a task: by its name, with
    `Depends(city)`, or in `bind`. Give it the name of the variable, so that it pickles.

    Args:
        name: What `run()` and `resume()` call it; a Python name.
        kind: The type of the value. It is checked when it is given, and never converted: an int does for a float, a
            bool for no number.
        default: The value of a run that is given none. It is copied here, and again for each run. Default: none, the
            value is required.
        description: What the value means, for people and for agents. Default: nothing.
        persist: Store the value in the flow's checkpoint, if it has one. Without (a password, an open connection), a
            `resume()` in another process has to be given it again where a task still needs it. Default: True.

    Raises:
        ConfigError: the name, the type or the description can't be one, or the default can't be copied.
        InputTypeError: the default is not of the type.
    """


@overload
def param(
    name: str, kind: object, /, *, default: object = ..., description: str = "", persist: bool = True
) -> Param[Any]: ...


def param(
    name: str, kind: object, /, *, default: object = UNSET, description: str = "", persist: bool = True
) -> Param[Any]:
    """Declare a value that each run is given."""
    made = _made(
        _checked_name(name),
        _checked_type(kind, name),
        UNSET if default is UNSET else _copied(default, name),
        _checked_description(description, name),
        _checked_options(persist, name),
        _place(sys._getframe(1)),  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] - nothing else knows where
    )
    if default is not UNSET:
        made.check(default)
    return made


param.__doc__ = get_overloads(param)[0].__doc__  # checkers read it there, `help()` reads it here


_Place: TypeAlias = "tuple[str, str, int]"  # module, file and line


def _place(frame: FrameType) -> _Place:
    return str(frame.f_globals.get("__name__", "__main__")), frame.f_code.co_filename, frame.f_lineno


def _made(  # noqa: PLR0917 - as a pickle has them
    name: str, kind: object, default: object, description: str, options: Options, place: _Place
) -> Param[Any]:
    required = default is UNSET
    return Param(
        name=name,
        body=Call(_stand_in(name, kind, default, place)),
        options=options,
        dependencies=(),
        type=kind,
        default=None if required else default,
        required=required,
        description=description,
    )


def _stand_in(name: str, kind: object, default: object, place: _Place) -> FunctionType:
    """Make a function that says what a task's function says: name, place and type.

    It is called only where nobody gives values: by a simulation, or a shell of somebody's own.
    """
    give = partial(_given_nothing, name, default)

    def stand_in() -> object:
        return give()

    module, file, line = place
    code = stand_in.__code__.replace(co_filename=file, co_firstlineno=line, co_name=name, co_qualname=name)
    names = vars(sys.modules[module]) if module in sys.modules else {"__name__": module}
    made = FunctionType(code, names, name, None, stand_in.__closure__)  # in whose names the type was written
    made.__annotations__ = {"return": kind}
    return made


def _given_nothing(name: str, default: object) -> object:
    if default is UNSET:
        raise missing_input([name])
    return copy.deepcopy(default)


def missing_input(names: Sequence[str]) -> MissingInputError:
    """Say which parameters were given no value."""
    shown = ", ".join(map(repr, names))
    call = ", ".join([f"{name}=..." for name in names])
    message = (
        f"no value was given for {'parameter' if len(names) == 1 else 'parameters'} {shown}; give it to the run: "
        f"flow.run({call}), or declare the parameter with a default"
    )
    return MissingInputError(message, parameters=names)


# ── what may be given to param() ─────────────────────────────────────────────────────────────────


def _checked_name(name: object) -> str:
    shown = repr(one_line(name, length_max=80)) if isinstance(name, str) else show_type(name)
    if not isinstance(name, str) or not name.isidentifier() or keyword.iskeyword(name) or len(name) > NAME_LENGTH_MAX:
        message = f"a parameter is named {shown}, which run(name=...) can't take; give it a Python name"
        raise ConfigError(message)
    if name in RESERVED:
        message = f"a parameter is named {shown}, which is an option of resume(); give it another name"
        raise ConfigError(message)
    return checked_name(name, param)


def _checked_type(kind: object, name: str) -> object:
    from flowing._task.fitting import is_annotation  # noqa: PLC0415 - for flows with parameters

    if not is_annotation(kind):
        shown = f"the string {one_line(kind, length_max=80)!r}" if isinstance(kind, str) else show_type(kind)
        message = f"the type of parameter {name!r} is {shown}; give the type itself, such as int or list[str] | None"
        raise ConfigError(message)
    return kind


def _checked_description(description: object, name: str) -> str:
    if not isinstance(description, str):
        message = f"parameter {name!r} has description={show_type(description)}; it must be a string"
        raise ConfigError(message)
    return description


def _checked_options(persist: object, name: str) -> Options:
    if not isinstance(persist, bool):
        message = f"parameter {name!r} has persist={show_type(persist)}; it must be True or False"
        raise ConfigError(message)
    return DEFAULTS if persist else _UNSTORED


_UNSTORED: Final = Options(persist=False)


def _copied(default: object, name: str) -> object:
    try:
        return copy.deepcopy(default)
    except Exception as error:
        message = (
            f"the default of parameter {name!r}, {show_type(default)}, can't be copied ({type_name(error)}), and runs "
            f"may not share it; give the value to run(), or make it in a task"
        )
        raise ConfigError(message) from error
