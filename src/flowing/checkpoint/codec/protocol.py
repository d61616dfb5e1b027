"""What a codec is: values of one task to bytes, and back. No codec, and nothing that knows a file."""

from __future__ import annotations

import enum
from typing import Final, Protocol


class NoAnnotation(enum.Enum):
    """The type of `NO_ANNOTATION`."""

    NO_ANNOTATION = "no annotation"


NO_ANNOTATION: Final = NoAnnotation.NO_ANNOTATION  # apart from `None`, which is a return annotation


class TaskCodec(Protocol):
    """Writes and reads the values of one task. Made when the flow is built; everything that can be refused then, was.

    `fingerprint` (64 bits, signed) differs wherever what was written could be read as something else: it covers the
    codec and the whole type.
    """

    @property
    def fingerprint(self) -> int:
        """What the stored results of the task have to have."""
        ...

    @property
    def shown_type(self) -> str:
        """The type of the task's values, for people."""
        ...

    def encode(self, value: object) -> bytes:
        """Write a value, and read it back to see that it comes back as it was.

        Raises:
            SerializationError: it would not; names the task, the type at fault and the way to it inside the value.
        """
        ...

    def decode(self, payload: bytes) -> object:
        """Read what `encode` wrote under the same fingerprint.

        Raises:
            ResultUnreadable: it is too large, too deep, or does not fit the type; names the task.
        """
        ...


class Codec(Protocol):
    """Makes a `TaskCodec` for each task. `name` is stored with a run, and a store refuses one that has another."""

    @property
    def name(self) -> str:
        """What is stored with a run."""
        ...

    def prepare(self, task: str, annotation: object) -> TaskCodec:
        """Make ready for the values of a task: `annotation` is evaluated, or `NO_ANNOTATION`.

        Whatever the codec has to import or compile, it does here, so that reading a file does neither (FAULTS S1).

        Raises:
            SerializationError: values of this type can't be stored; names the task, the type and the ways out.
        """
        ...
