"""Records to rows and back, and the checksum that every row has. Pure; knows no connection."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias, assert_never, cast, final

from typing_extensions import override

from flowing._record import record
from flowing.checkpoint.records import (
    AttemptMarked,
    EndNoted,
    FailureSaved,
    OverrideSaved,
    ResultDropped,
    ResultSaved,
    RunSummary,
    Saved,
    StoredError,
)
from flowing.core.status import FRESH, Past

if TYPE_CHECKING:
    from collections.abc import Iterator

# What `outcome.kind` means. Never renumbered.
_RESULT: Final = 1
_STALE_RESULT: Final = 2
_OVERRIDE: Final = 3
_FAILURE: Final = 4
_SKIPPED: Final = 5
_CANCELLED: Final = 6
_MARKED: Final = 7
_DROPPED: Final = 8
_ENDS: Final[dict[int, Literal["SKIPPED", "CANCELLED"]]] = {_SKIPPED: "SKIPPED", _CANCELLED: "CANCELLED"}

# The columns of `outcome`, after the id, the task and before the content and the checksum: kind, attempt, attempts of
# earlier resumes, invalidations, when the attempt began, how long it took, and the fingerprint of the type.
Numbers: TypeAlias = tuple[int, int, int, int, float, float, int]
_NUMBERS: Final = struct.Struct(">qqqqddqQQ")
_CHECKSUM: Final = struct.Struct(">q")
_COPIED_MAX: Final = 4096  # from here on a second call is cheaper than a copy
_IDENTITY: Final = struct.Struct(">qdQQ")
_CHANGING: Final = struct.Struct(">qqqqq")
_MASK: Final = 2**64 - 1
_SIGN: Final = 2**63


class Unfit(Exception):  # noqa: N818 - never leaves the package
    """A row is not what was written."""


def run_key(run_id: str) -> bytes:
    """Make what stands for a run in the checksums of its rows."""
    return blake2b(run_id.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def numbers_of(saved: Saved) -> Numbers:
    """Lay out a record in the columns of `outcome`."""
    past = saved.past
    match saved:
        case ResultSaved():
            kind = _STALE_RESULT if saved.stale else _RESULT
            attempt, made_for = saved.attempt, saved.fingerprint
            return kind, attempt, past.attempts, past.invalidations, saved.began_s, saved.duration_s, made_for
        case OverrideSaved():
            return _OVERRIDE, 0, past.attempts, past.invalidations, 0.0, 0.0, saved.fingerprint
        case FailureSaved():
            return _FAILURE, saved.attempt, past.attempts, past.invalidations, saved.began_s, saved.duration_s, 0
        case EndNoted():
            kind = _SKIPPED if saved.state == "SKIPPED" else _CANCELLED
            return kind, saved.attempt, past.attempts, past.invalidations, 0.0, 0.0, 0
        case AttemptMarked():
            return _MARKED, saved.attempt, past.attempts, past.invalidations, saved.began_s, 0.0, 0
        case ResultDropped():
            return _DROPPED, 0, past.attempts, past.invalidations, 0.0, 0.0, 0
        case _:
            assert_never(saved)


def content_of(saved: Saved) -> bytes:
    """Give what a record has beside numbers."""
    match saved:
        case ResultSaved() | OverrideSaved():
            return saved.payload
        case FailureSaved():
            return _error_to_text(saved.error)
        case EndNoted():
            return saved.reason.encode("utf-8", "surrogatepass")
        case AttemptMarked() | ResultDropped():
            return b""
        case _:
            assert_never(saved)


def saved_from(task: str, numbers: Numbers, content: bytes) -> Saved:
    """Make the record that a row was laid out from. The checksum has been looked at."""
    kind, attempt, past_attempts, invalidations, began_s, duration_s, made_for = numbers
    past = Past(past_attempts, invalidations) if past_attempts or invalidations else FRESH
    if kind == _RESULT:
        return ResultSaved(task, content, made_for, attempt, past, began_s, duration_s)
    if kind == _STALE_RESULT:
        return ResultSaved(task, content, made_for, attempt, past, began_s, duration_s, stale=True)
    if kind == _OVERRIDE:
        return OverrideSaved(task, content, made_for, past)
    if kind == _FAILURE:
        return FailureSaved(task, _error_from_text(content), attempt, past, began_s, duration_s)
    if kind in _ENDS:
        return EndNoted(task, _ENDS[kind], content.decode("utf-8", "surrogatepass"), attempt, past)
    if kind == _MARKED:
        return AttemptMarked(task, attempt, past, began_s)
    if kind == _DROPPED:
        return ResultDropped(task, past)
    raise Unfit


@final
class SavedRows(Mapping[str, Saved]):
    """The records of a run by task. Those of results are made when they are asked for.

    Until then a row is a tuple of plain values, which the garbage collector does not go through again and again: with
    10^5 results that is a third of the time to load them.
    """

    __slots__ = ("_rows",)

    def __init__(self, rows: Mapping[str, Saved | tuple[Numbers, bytes]]) -> None:
        self._rows: Final = rows

    @override
    def __getitem__(self, task: str) -> Saved:
        row = self._rows[task]
        return saved_from(task, *row) if type(row) is tuple else cast("Saved", row)  # no record is a tuple

    @override
    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    @override
    def __len__(self) -> int:
        return len(self._rows)


def compact(task: str, numbers: Numbers, content: bytes) -> Saved | tuple[Numbers, bytes]:
    """Give what `SavedRows` keeps of a row. Whatever can be wrong with the row is found here."""
    return (numbers, content) if numbers[0] == _RESULT else saved_from(task, numbers, content)


def _error_to_text(error: StoredError) -> bytes:
    parts = [error.type_name, error.summary, error.traceback_text]
    return json.dumps(parts, ensure_ascii=False).encode("utf-8", "surrogatepass")


def _error_from_text(content: bytes) -> StoredError:
    parts: Any = json.loads(content.decode("utf-8", "surrogatepass"))
    return StoredError(*parts)


# ── checksums: 64 bits, signed as SQLite holds them ──────────────────────────────────────────────


def checksum_of(key: bytes, name: bytes, numbers: Numbers, content: bytes) -> int:
    """Sum up a row of `outcome`: the run, the task, every column, and where each ends (FAULTS S12)."""
    head = _NUMBERS.pack(*numbers, len(name), len(content)) + key + name
    if len(content) <= _COPIED_MAX:
        hashed = blake2b(head + content, digest_size=8)
    else:
        hashed = blake2b(head, digest_size=8)
        hashed.update(content)
    checksum: int = _CHECKSUM.unpack(hashed.digest())[0]
    return checksum


def checksum_of_declaration(key: bytes, content: bytes) -> int:
    """Sum up a row of `declaration`."""
    return _short(b"declaration", key, content)


def checksum_of_crashes(key: bytes, number: int, crashes: int) -> int:
    """Sum up a row of `crash`."""
    return _short(b"crash", key, struct.pack(">qq", number, crashes))


def _short(*parts: bytes) -> int:
    hashed = blake2b(digest_size=8)
    for part in parts:
        hashed.update(part)
    return int.from_bytes(hashed.digest(), "big", signed=True)


def add_up(*checksums: int) -> int:
    """Add checksums, in 64 bits."""
    return ((sum(checksums) + _SIGN) & _MASK) - _SIGN


# ── the row of a run ─────────────────────────────────────────────────────────────────────────────


@record(kw_only=True)
class RunRow:
    """A row of `run`. `openings` counts how often a holder found marks of it; `commits` counts transactions."""

    number: int
    run_id: str
    began_s: float
    codec: str
    epoch: int = 0
    finished: bool = False
    openings: int = 0
    commits: int = 0
    digest: int = 0

    @property
    def summary(self) -> RunSummary:
        """What a list of runs shows."""
        return RunSummary(self.run_id, self.began_s, self.epoch, self.finished, self.codec)

    @property
    def stamp(self) -> int:
        """What tells marks of this run, made since the last crash that was counted, from all others. Never 0."""
        return (_short(b"stamp", run_key(self.run_id), struct.pack(">qd", self.openings, self.began_s)) & _MASK) | 1

    @property
    def changing(self) -> tuple[int, int, int, int, int]:
        """The columns that commits change, in their order."""
        return self.epoch, int(self.finished), self.openings, self.commits, self.digest

    @property
    def identity(self) -> bytes:
        """What the checksum covers of the columns that never change."""
        run_id, codec = (text.encode("utf-8", "surrogatepass") for text in (self.run_id, self.codec))
        return _IDENTITY.pack(self.number, self.began_s, len(run_id), len(codec)) + run_id + codec

    @property
    def columns(self) -> tuple[object, ...]:
        """The whole row, with its checksum."""
        checksum = checksum_of_run(self.identity, self.changing)
        return (self.number, self.run_id, self.began_s, self.codec, *self.changing, checksum)


def checksum_of_run(identity: bytes, changing: tuple[int, int, int, int, int]) -> int:
    """Sum up a row of `run`."""
    return _short(b"run", identity, _CHANGING.pack(*changing))


def run_row_from(columns: tuple[object, ...]) -> RunRow:
    """Read a row of `run`, with its texts as bytes.

    Raises:
        Unfit: it is not what was written.
    """
    try:
        number, run_id, began_s, codec, epoch, finished, openings, commits, digest, checksum = cast("Any", columns)
        row = RunRow(
            number=number,
            run_id=run_id.decode("utf-8"),
            began_s=began_s,
            codec=codec.decode("utf-8"),
            epoch=epoch,
            finished=bool(finished),
            openings=openings,
            commits=commits,
            digest=digest,
        )
        if row.columns == (*row.columns[:-1], checksum) and finished in (0, 1):
            return row
    except (struct.error, TypeError, ValueError, AttributeError):
        pass
    raise Unfit
