"""The options of a task and what each may be. Pure: knows no task and calls nothing of the user's."""

from __future__ import annotations

import enum
import math
import sys
import unicodedata
from functools import wraps
from typing import TYPE_CHECKING, Any, Final, Literal, ParamSpec, TypeAlias, TypeVar, get_args

import attrs

from flowing._record import record
from flowing._task.functions import place_of
from flowing._text import one_line, type_name
from flowing.errors import ConfigError, UnknownOptionError

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterable
    from concurrent.futures import Executor

P = ParamSpec("P")
R = TypeVar("R")


class Unset(enum.Enum):
    """The type of `UNSET`."""

    UNSET = enum.auto()


UNSET: Final = Unset.UNSET  # "leave this option as it is", where None is a value of its own

# A class that is an executor makes one when it is called, as any other function that is given here.
ExecutorOption: TypeAlias = "Executor | Callable[[], Executor] | Processes | Unset | None"
Verdict: TypeAlias = "bool | Coroutine[Any, Any, bool]"  # what `retry_until` returns, `async def` or not
ExceptionTypes: TypeAlias = "type[Exception] | tuple[type[Exception], ...]"

NAME_LENGTH_MAX: Final = 200
_BITS_SHOWN_MAX: Final = 128  # Python refuses to write ints beyond some thousand digits
_REFUSED_IN_NAMES: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


def _number(value: float) -> float:
    """Keep the number; an int that no float can hold becomes the largest float, so that sums with it can't overflow."""
    return sys.float_info.max if type(value) is int and value > sys.float_info.max else value


def _as_tuple(types: ExceptionTypes) -> tuple[type[Exception], ...]:
    return types if isinstance(types, tuple) else (types,)


@record
class Options:
    """How a task is attempted. Only values that `checked` returned reach a task."""

    retry: int = 0
    retry_backoff_base_ms: float = attrs.field(default=1000, converter=_number)
    retry_max_backoff_ms: float = attrs.field(default=30_000, converter=_number)
    jitter: bool = False
    retry_on: tuple[type[Exception], ...] = attrs.field(default=(Exception,), converter=_as_tuple)
    timeout_s: float | None = attrs.field(default=None, converter=attrs.converters.optional(_number))
    detached: bool = False
    persist: bool = True
    version: str | None = None
    at_most_once: bool = False
    executor: ExecutorOption = UNSET


DEFAULTS: Final = Options()


def checked(options: Options, *, task: str) -> Options:
    """Return the options if each is what it may be, or raise `ConfigError` (FAULTS G10)."""
    if options is DEFAULTS:
        return options
    _check_retry(options.retry, task)
    _check_duration("retry_backoff_base_ms", options.retry_backoff_base_ms, task)
    _check_duration("retry_max_backoff_ms", options.retry_max_backoff_ms, task)
    _check_bool("jitter", options.jitter, task)
    _check_types(options.retry_on, task)
    if options.timeout_s is not None:
        _check_duration("timeout_s", options.timeout_s, task)
    _check_bool("detached", options.detached, task)
    _check_bool("persist", options.persist, task)
    _check_version(options.version, task)
    _check_bool("at_most_once", options.at_most_once, task)
    if not is_executor_option(options.executor):
        raise _refused("executor", options.executor, task, EXECUTORS_ALLOWED)
    if options.at_most_once and (options.retry or not options.persist):
        fault = f"retry={options.retry}" if options.retry else "persist=False"
        message = (
            f"task {one_line(task)!r} has at_most_once=True and {fault}; let go of one of them: it could run again"
        )
        raise ConfigError(message)
    return DEFAULTS if options == DEFAULTS else options  # one record for the many tasks without options


def checked_name(name: object, function: Callable[..., object]) -> str:
    """Return the name as a plain `str`, or raise `ConfigError` (FAULTS G11)."""
    if isinstance(name, str):
        plain = str.__str__(name)
        fault = _fault_of_name(plain)
        if fault is None:
            return plain
        shown = f"{one_line(plain, length_max=80)!r} {fault}"
    else:
        shown = f"is {_shown(name)}"
    raise ConfigError(
        f"the name of the task at {one_line(place_of(function))}: {shown}; give name= a string of 1 to "
        f"{NAME_LENGTH_MAX} visible characters"
    )


def _fault_of_name(name: str) -> str | None:
    if not name or name.isspace():
        return "is empty"
    if len(name) > NAME_LENGTH_MAX:
        return f"has {len(name)} characters"
    if not name.isprintable() and any(unicodedata.category(each) in _REFUSED_IN_NAMES for each in name):
        return "has control, format or surrogate characters"
    return None


def _check_retry(value: object, task: str) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise _refused("retry", value, task, "a whole number of extra attempts, 0 or more")


def _check_duration(option: str, value: object, task: str) -> None:
    """Accept finite numbers from 0, and above 0 for a timeout; an int too large for a float is just a long time."""
    zero = option != "timeout_s"
    if (
        isinstance(value, (int, float))
        and not isinstance(value, bool)
        and (0 < value < math.inf or (zero and value == 0))
    ):
        return
    unit = "milliseconds" if zero else "seconds"
    allowed = f"a finite number of {unit}, {'0 or more' if zero else 'more than 0, or None for no limit'}"
    raise _refused(option, value, task, allowed)


def _check_bool(option: str, value: object, task: str) -> None:
    if not isinstance(value, bool):
        raise _refused(option, value, task, "True or False")


def _check_version(value: object, task: str) -> None:
    if value is not None and not isinstance(value, str):
        raise _refused("version", value, task, "a string, or None")


def _check_types(types: tuple[object, ...], task: str) -> None:
    for each in types:
        if not _is_exception_type(each):
            allowed = "a subclass of Exception or a tuple of such classes (what isn't an Exception is never retried)"
            raise _refused("retry_on", each, task, allowed)


def _is_exception_type(value: object) -> bool:
    return isinstance(value, type) and issubclass(value, Exception)


StartMethod: TypeAlias = Literal["forkserver", "spawn", "fork"]


@record
class Processes:
    """Processes of each run's own, at most so many at a time. `processes()` makes it."""

    workers: int
    start_method: StartMethod


def processes(workers: int, *, start_method: StartMethod = "forkserver") -> Processes:
    """Run bodies in processes, started when they are needed: `Flow(..., executor=flowing.processes(4))`.

    A body that is timed out or cancelled is killed. One that crashes its process fails alone, with `ProcessDied`, and
    is tried again if its task says so.

    Args:
        workers: Most processes at a time.
        start_method: As in `multiprocessing`. "fork" is quick, and not safe in a program with threads.
            Default: "forkserver".

    Raises:
        ConfigError: an option has a value that it cannot take.
    """
    if not _is_count(workers):
        raise ConfigError(f"processes() has workers={_shown(workers)}; it must be a whole number, 1 or more")
    if start_method not in get_args(StartMethod):
        allowed = ", ".join(map(repr, get_args(StartMethod)))
        raise ConfigError(f"processes() has start_method={_shown(start_method)}; it must be one of {allowed}")
    return Processes(workers, start_method)


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1


EXECUTORS_ALLOWED: Final = (
    "an executor, a function that makes one, flowing.processes(...), or None for threads of this process"
)


def is_executor_option(value: object) -> bool:
    """Tell whether it can say where a body runs."""
    if value is UNSET or value is None or isinstance(value, Processes):
        return True
    return callable(value) or callable(getattr(value, "submit", None))


def refuse_executor(options: Options, *, task: str) -> None:
    """Raise `ConfigError` where an `async def` is to run in an executor."""
    if options.executor is not UNSET and options.executor is not None:
        raise ConfigError(
            f"task {one_line(task)!r} is an `async def`, which runs on the event loop, and has executor=...; "
            f"leave executor out, or make the task a plain def"
        )


def knowing_its_options(function: Callable[P, R], call: str) -> Callable[P, R]:
    """Give the function such that an option which it does not have is refused with the one that may be meant.

    Python would raise a `TypeError`, which names none before 3.13. What `inspect.signature` says stays as it is.
    """
    known = frozenset(function.__kwdefaults__ or ())

    @wraps(function)
    def checked_call(*args: P.args, **options: P.kwargs) -> R:
        if not known.issuperset(options):
            raise unknown_option(call, options, known)
        return function(*args, **options)

    return checked_call


def unknown_option(call: str, given: Iterable[str], known: Iterable[str]) -> UnknownOptionError:
    """Word the error for the first of the options that are not known."""
    from difflib import get_close_matches  # noqa: PLC0415 - for a mistake

    names = sorted(known)
    wrong = next(each for each in given if each not in names)
    similar = get_close_matches(wrong, names, n=1)
    way_out = f"did you mean {similar[0]!r}?" if similar else f"its options are {', '.join(names)}"
    return UnknownOptionError(f"{call} has no option {one_line(wrong, length_max=80)!r}; {way_out}")


def _refused(option: str, value: object, task: str, allowed: str) -> ConfigError:
    return ConfigError(f"task {one_line(task)!r} has {option}={_shown(value)}; it must be {allowed}")


def _shown(value: object) -> str:
    """Show what gets into an option by mistake, numbers, strings and types; of the rest only the type."""
    if value is None or type(value) is bool or type(value) is float:
        return repr(value)
    if type(value) is int:
        return repr(value) if value.bit_length() <= _BITS_SHOWN_MAX else f"an int of {value.bit_length()} bits"
    if type(value) is str:
        return repr(one_line(value, length_max=80))
    if isinstance(value, type):
        return one_line(value.__name__, length_max=80)
    return f"<{type_name(value)}>"
