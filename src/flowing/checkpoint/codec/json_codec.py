"""The codec that flowing uses unless told otherwise: typed JSON, the type taken from the return annotation.

No class is ever chosen by stored text, and nothing is imported or compiled while a value is read.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Final, final

from flowing._record import record
from flowing._text import one_line
from flowing.checkpoint.codec.alike import are_alike
from flowing.checkpoint.codec.plan import Misfit, Plan, Unsupported
from flowing.checkpoint.codec.planner import Planner
from flowing.checkpoint.codec.protocol import NO_ANNOTATION
from flowing.checkpoint.codec.sizes import SIZED, least_size_of
from flowing.checkpoint.codec.suggest import annotation_for
from flowing.checkpoint.codec.text import dump, dump_scalar, is_deeper, parse
from flowing.errors import ConfigError, ResultUnreadable, SerializationError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flowing.checkpoint.codec.foreign import Hook
    from flowing.checkpoint.codec.plan import Types

SIZE_MAX_BYTES: Final = 256 * 1024 * 1024
_SIZE_LIMIT: Final = 900_000_000  # SQLite takes 10^9 bytes a row
_FORMAT: Final = "json 1"  # changes when what is written changes


@record
class Limits:
    """How large and how deeply nested a stored value may be; looked at before any of it is read."""

    size_max_bytes: int
    depth_max: int


@final
class JsonCodec:
    """Stores values as typed JSON.

    Args:
        hooks: How to store classes that flowing can't store by itself.
        size_max_bytes: Largest stored value. Default: 256 MiB.
        depth_max: Most containers inside each other. Default: 200; beyond about 300 Python's own limit of recursion
            has to be raised too.
    """

    __slots__ = ("_closed", "_hooks", "_limits")

    def __init__(
        self, *, hooks: Sequence[Hook[Any]] = (), size_max_bytes: int = SIZE_MAX_BYTES, depth_max: int = 200
    ) -> None:
        _whole("size_max_bytes", size_max_bytes, most=_SIZE_LIMIT)
        _whole("depth_max", depth_max, most=100_000)
        self._hooks: Final = tuple(hooks)
        self._closed: Final[Types] = frozenset(each.kind for each in self._hooks)
        self._limits: Final = Limits(size_max_bytes, depth_max)

    @property
    def name(self) -> str:
        """What is stored with a run, so that no other codec reads it."""
        return "json"

    def prepare(self, task: str, annotation: object) -> JsonTaskCodec:
        """Plan for the values of a task: as `Codec.prepare`.

        Raises:
            SerializationError: values of this type can't be stored.
        """
        try:
            plan = Planner(self._hooks, depth_max=self._limits.depth_max).plan(annotation)
        except (Unsupported, RecursionError) as refused:
            raise _refusal(task, annotation, refused) from None
        return JsonTaskCodec(task, plan, self._limits, self._closed, annotated=annotation is not NO_ANNOTATION)


def _whole(option: str, value: object, *, most: int) -> None:
    if type(value) is not int or not 1 <= value <= most:
        shown = one_line(repr(value), length_max=80) if isinstance(value, int | float | str | None) else type(value)
        message = f"JsonCodec has {option}={shown}; it must be a whole number from 1 to {most}"
        raise ConfigError(message)


def _refusal(task: str, annotation: object, refused: Unsupported | RecursionError) -> SerializationError:
    if isinstance(refused, Unsupported):
        shown, why = refused.shown_type, refused.why
    else:
        shown, why = one_line(repr(annotation), length_max=200), "is a type that leads back to itself"
    message = (
        f"task {one_line(task)!r} returns {shown}, which {why}, so a checkpoint can't hold its result; annotate the "
        f"task with types that can be stored, give the codec a Hook for {shown}, declare the task with persist=False, "
        f"or use PickleCodec(trusted=True)"
    )
    return SerializationError(message, task=task, shown_type=shown)


@final
class JsonTaskCodec:
    """Writes and reads the values of one task by a plan."""

    __slots__ = ("_annotated", "_closed", "_limits", "_plain", "_plan", "_task", "fingerprint", "shown_type")

    def __init__(self, task: str, plan: Plan, limits: Limits, closed: Types, *, annotated: bool) -> None:
        self._task: Final = task
        self._plan: Final = plan
        self._plain: Final = plan.plain
        self._limits: Final = limits
        self._closed: Final = closed
        self._annotated: Final = annotated
        self.fingerprint: Final = fingerprint_of(f"{_FORMAT} {plan.form}")
        self.shown_type: Final = one_line(plan.shown if annotated else "not annotated")

    def encode(self, value: object) -> bytes:
        """Write a value, and read it back: as `TaskCodec.encode`."""
        # The general way gives the same bytes (tests compare them), in ten times the time.
        kind = type(value)
        if kind in SIZED and not self._closed:  # a hook may make it smaller
            size_bytes = least_size_of(value)
            if size_bytes > self._limits.size_max_bytes:
                raise self._refuse(self._too_large(size_bytes, "at least "), value)
        payload = self._encode_plain(value) if kind in self._plain else None
        if payload is None:
            payload = self._encode_and_read_back(value)
        if len(payload) > self._limits.size_max_bytes:
            raise self._refuse(self._too_large(len(payload)), value)
        return payload

    def _encode_plain(self, value: object) -> bytes | None:
        try:
            return dump_scalar(value)
        except ValueError:
            return None  # an int of too many digits: the general way says so

    def _encode_and_read_back(self, value: object) -> bytes:
        try:
            return self._written(value)
        except Misfit as misfit:
            raise self._refuse(misfit, value) from misfit.__cause__
        except RecursionError:
            raise self._refuse(Misfit("containers nested too deep, or one inside itself"), value) from None
        except MemoryError:
            raise self._refuse(Misfit("more than fits in memory"), value) from None
        except Exception as error:
            # The user's classes and hooks take part; a message of theirs may hold values (FAULTS S11).
            raised = Misfit(f"{type(error).__name__} while it was stored and read back")
            raise self._refuse(raised, value) from error

    def _written(self, value: object) -> bytes:
        plan, depth_max = self._plan, self._limits.depth_max
        payload = dump(plan.encode(value))
        if len(payload) > self._limits.size_max_bytes:
            raise self._too_large(len(payload))
        if len(payload) > depth_max and is_deeper(payload, depth_max):
            raise Misfit(f"containers nested more than {depth_max} deep")
        again = plan.decode(parse(payload))
        if dump(plan.encode(again)) != payload:
            raise Misfit("what was stored is read back as another value")
        if plan.foreign and not are_alike(value, again, closed=self._closed):
            raise Misfit("what was stored is read back as a value of other types")
        return payload

    def _too_large(self, size_bytes: int, at_least: str = "") -> _TooLarge:
        most = self._limits.size_max_bytes
        return _TooLarge(f"{at_least}{size_bytes} bytes, and the codec has size_max_bytes={most}")

    def _refuse(self, misfit: Misfit, value: object) -> SerializationError:
        where = one_line(misfit.where, length_max=300)
        shown = misfit.shown_type or self.shown_type
        place = f" at {where}" if where else ""
        if isinstance(misfit, _TooLarge):
            ways = "return less"
        else:
            ways = "return what the annotation says" if self._annotated else _annotate(value)
        message = (
            f"the result of task {one_line(self._task)!r} can't be stored: {one_line(misfit.why)}{place}; {ways}, give "
            f"the codec a Hook or other limits, or declare the task with persist=False"
        )
        return SerializationError(message, task=self._task, shown_type=shown, where=where)

    def decode(self, payload: bytes) -> object:
        """Read a value: as `TaskCodec.decode`."""
        limits = self._limits
        if len(payload) > limits.size_max_bytes:
            raise self._unreadable(self._too_large(len(payload)).why)
        if len(payload) > limits.depth_max and is_deeper(payload, limits.depth_max):
            raise self._unreadable(f"it is nested more than {limits.depth_max} deep")
        try:
            data = parse(payload)
            return data if type(data) in self._plain else self._plan.decode(data)
        except Misfit as misfit:
            place = f" at {misfit.where}" if misfit.where else ""
            raise self._unreadable(f"{misfit.why}{place}") from misfit.__cause__
        except Exception as error:  # the user's classes and hooks take part, and stored data may be anything
            raise self._unreadable(f"{type(error).__name__} while it was read") from error

    def _unreadable(self, why: str) -> ResultUnreadable:
        message = (
            f"the stored result of task {one_line(self._task)!r} does not fit {self.shown_type}: {one_line(why)}; "
            f"change the type back, or let the task run again with on_unreadable='recompute'"
        )
        return ResultUnreadable(message, task=self._task)


def _annotate(value: object) -> str:
    """Say what to write, if it can be told."""
    annotation = annotation_for(value)
    return f"annotate what the task returns{'' if annotation is None else f', as `-> {one_line(annotation)}`'}"


class _TooLarge(Misfit):
    """A value takes more bytes than the codec allows."""


def fingerprint_of(form: str) -> int:
    """Shorten the full description of a type to 64 bits, as SQLite holds them."""
    return int.from_bytes(blake2b(form.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big", signed=True)
