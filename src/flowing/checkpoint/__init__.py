"""Results that survive the process: stores, codecs, and what is stored. Loaded only when a flow has a checkpoint."""

from flowing.checkpoint.codec.foreign import Hook
from flowing.checkpoint.codec.json_codec import JsonCodec
from flowing.checkpoint.codec.pickled import PickleCodec
from flowing.checkpoint.codec.protocol import NO_ANNOTATION, Codec, TaskCodec
from flowing.checkpoint.declaration import Changed, Declaration, Definition, Differences, changes_between
from flowing.checkpoint.kept_errors import restore_error, store_error
from flowing.checkpoint.memory import MemoryStore
from flowing.checkpoint.records import (
    AttemptMarked,
    Change,
    EndNoted,
    FailureSaved,
    OverrideSaved,
    ResultDropped,
    ResultSaved,
    RunBegun,
    RunFinished,
    RunResumed,
    RunSummary,
    Saved,
    SavedRun,
    StoredError,
)
from flowing.checkpoint.sqlite.store import SqliteStore
from flowing.checkpoint.store import OnFiles, Store

__all__ = [
    "NO_ANNOTATION",
    "AttemptMarked",
    "Change",
    "Changed",
    "Codec",
    "Declaration",
    "Definition",
    "Differences",
    "EndNoted",
    "FailureSaved",
    "Hook",
    "JsonCodec",
    "MemoryStore",
    "OnFiles",
    "OverrideSaved",
    "PickleCodec",
    "ResultDropped",
    "ResultSaved",
    "RunBegun",
    "RunFinished",
    "RunResumed",
    "RunSummary",
    "Saved",
    "SavedRun",
    "SqliteStore",
    "Store",
    "StoredError",
    "TaskCodec",
    "changes_between",
    "restore_error",
    "store_error",
]
