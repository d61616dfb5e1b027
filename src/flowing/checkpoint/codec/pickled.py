"""The codec for people who trust everybody who can write the file. The one module that knows pickle."""

from __future__ import annotations

import pickle
from typing import Final, final

from flowing._text import describe_error, one_line
from flowing.checkpoint.codec.json_codec import SIZE_MAX_BYTES, fingerprint_of
from flowing.errors import ConfigError, ResultUnreadable, SerializationError


@final
class PickleCodec:
    """Stores values as pickles.

    **Reading a pickle runs what its writer wants.** Use it only where everybody who can write the file may run
    programs as you. It asks nothing of annotations, checks that a value comes back with its class, and promises
    nothing about what a class makes of its own state.

    Args:
        trusted: True, in as many words: you trust everybody who can write the file.
        size_max_bytes: Largest stored value. Default: 256 MiB.
    """

    __slots__ = ("_size_max_bytes",)

    def __init__(self, *, trusted: bool, size_max_bytes: int = SIZE_MAX_BYTES) -> None:
        if trusted is not True:
            message = (
                "PickleCodec runs what the writer of the file wants: say PickleCodec(trusted=True) if you trust "
                "everybody who can write it, else use JsonCodec()"
            )
            raise ConfigError(message)
        self._size_max_bytes: Final = size_max_bytes

    @property
    def name(self) -> str:
        """What is stored with a run, so that no other codec reads it."""
        return "pickle"

    def prepare(self, task: str, annotation: object) -> PickleTaskCodec:
        """Take any annotation."""
        del annotation
        return PickleTaskCodec(task, self._size_max_bytes)


@final
class PickleTaskCodec:
    """Writes and reads the values of one task as pickles."""

    __slots__ = ("_size_max_bytes", "_task", "fingerprint", "shown_type")

    def __init__(self, task: str, size_max_bytes: int) -> None:
        self._task: Final = task
        self._size_max_bytes: Final = size_max_bytes
        self.fingerprint: Final = fingerprint_of("pickle 1")
        self.shown_type: Final = "pickled"

    def encode(self, value: object) -> bytes:
        """Write a value, and read it back: as `TaskCodec.encode`."""
        try:
            payload = pickle.dumps(value, protocol=5)
        except Exception as error:
            raise self._refuse(value, describe_error(error, length_max=200)) from error
        if len(payload) > self._size_max_bytes:
            raise self._refuse(value, f"{len(payload)} bytes, and the codec has size_max_bytes={self._size_max_bytes}")
        try:
            again = pickle.loads(payload)  # noqa: S301 - what was written a few lines ago
        except Exception as error:
            raise self._refuse(value, describe_error(error, length_max=200)) from error
        if type(again) is not type(value):
            raise self._refuse(value, "it comes back with another class")
        return payload

    def _refuse(self, value: object, why: str) -> SerializationError:
        name = one_line(type(value).__name__)
        message = (
            f"the result of task {one_line(self._task)!r} of type {name} can't be stored: {why}; return what can be "
            f"pickled, or declare the task with persist=False"
        )
        return SerializationError(message, task=self._task, shown_type=name)

    def decode(self, payload: bytes) -> object:
        """Read a value, which runs what its writer wants: as `TaskCodec.decode`."""
        if len(payload) > self._size_max_bytes:
            raise self._unreadable(f"{len(payload)} bytes, and the codec has size_max_bytes={self._size_max_bytes}")
        try:
            return pickle.loads(payload)  # noqa: S301 - PickleCodec(trusted=True)
        except Exception as error:
            raise self._unreadable(describe_error(error, length_max=200)) from error

    def _unreadable(self, why: str) -> ResultUnreadable:
        message = (
            f"the stored result of task {one_line(self._task)!r} can't be unpickled: {why}; bring back what it is made "
            f"of, or let the task run again with on_unreadable='recompute'"
        )
        return ResultUnreadable(message, task=self._task)
