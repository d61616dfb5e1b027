"""Records to rows and back, and the checksum that every row has. Pure; knows no connection."""

from __future__ import annotations

import json
import struct
from hashlib import blake2b
from typing import Any, Final, Literal, assert_never, cast

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

# What the first byte of `outcome.head` means. Never renumbered.
_RESULT: Final = 1
_STALE_RESULT: Final = 2
_OVERRIDE: Final = 3
_FAILURE: Final = 4
_SKIPPED: Final = 5
_CANCELLED: Final = 6
_MARKED: Final = 7
_DROPPED: Final = 8
_ENDS: Final[dict[int, Literal["SKIPPED", "CANCELLED"]]] = {_SKIPPED: "SKIPPED", _CANCELLED: "CANCELLED"}

# `outcome.head`: kind, attempt, attempts of earlier resumes, invalidations, when the attempt began, how long it took,
# and the fingerprint of the type. One column for seven numbers: a row is read in two thirds of the time.
_HEAD: Final = struct.Struct(">BIIIddq")
_CHECKSUM: Final = struct.Struct(">q")
COPIED_MAX: Final = 4096  # bytes; above that, any call is cheaper than a copy
_IDENTITY: Final = struct.Struct(">qdQQ")
_CHANGING: Final = struct.Struct(">qqqqq")
_MASK: Final = 2**64 - 1
_SIGN: Final = 2**63


class Unfit(Exception):  # noqa: N818 - never leaves the package
    """A row is not what was written."""


def run_key(run_id: str) -> bytes:
    """Make what stands for a run in the checksums of its rows."""
    return blake2b(run_id.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def columns_of(saved: Saved) -> tuple[bytes, bytes]:
    """Lay out a record in the columns of `outcome`: head, and content."""
    past = saved.past
    earlier, dropped = past.attempts, past.invalidations
    match saved:
        case ResultSaved():
            kind, made_for = _STALE_RESULT if saved.stale else _RESULT, saved.fingerprint
            head = _HEAD.pack(kind, saved.attempt, earlier, dropped, saved.began_s, saved.duration_s, made_for)
            return head, saved.payload
        case OverrideSaved():
            return _HEAD.pack(_OVERRIDE, 0, earlier, dropped, 0.0, 0.0, saved.fingerprint), saved.payload
        case FailureSaved():
            head = _HEAD.pack(_FAILURE, saved.attempt, earlier, dropped, saved.began_s, saved.duration_s, 0)
            return head, _error_to_text(saved.error)
        case EndNoted():
            kind = _SKIPPED if saved.state == "SKIPPED" else _CANCELLED
            reason = saved.reason.encode("utf-8", "surrogatepass")
            return _HEAD.pack(kind, saved.attempt, earlier, dropped, 0.0, 0.0, 0), reason
        case AttemptMarked():
            return _HEAD.pack(_MARKED, saved.attempt, earlier, dropped, saved.began_s, 0.0, 0), b""
        case ResultDropped():
            return _HEAD.pack(_DROPPED, 0, earlier, dropped, 0.0, 0.0, 0), b""
        case _:
            assert_never(saved)


def saved_from(task: str, head: bytes, content: bytes) -> Saved:
    """Make the record that a row was laid out from. The checksum has been looked at."""
    kind, attempt, earlier, dropped, began_s, duration_s, made_for = _HEAD.unpack(head)
    past = Past(earlier, dropped) if earlier or dropped else FRESH
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


def _error_to_text(error: StoredError) -> bytes:
    parts = [error.type_name, error.summary, error.traceback_text]
    return json.dumps(parts, ensure_ascii=False).encode("utf-8", "surrogatepass")


def _error_from_text(content: bytes) -> StoredError:
    parts: Any = json.loads(content.decode("utf-8", "surrogatepass"))
    type_name, summary, text = parts
    if (type(type_name), type(summary), type(text)) != (str, str, str):
        raise Unfit
    return StoredError(type_name, summary, text)


# ── checksums: 64 bits, signed as SQLite holds them ──────────────────────────────────────────────


def checksum_of(key: bytes, name: bytes, head: bytes, content: bytes) -> int:
    """Sum up a row of `outcome`: the run, the task and every column (FAULTS S12). The length of `head` never varies."""
    if len(content) <= COPIED_MAX:
        digest = blake2b(b"".join((key, head, name, b"\0", content)), digest_size=8).digest()
    else:
        hashed = blake2b(key + head + name + b"\0", digest_size=8)
        hashed.update(content)
        digest = hashed.digest()
    checksum: int = _CHECKSUM.unpack(digest)[0]
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
