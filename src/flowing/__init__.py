"""Run a graph of functions in one process: typed, resumable, and nothing is run twice."""

from typing import TYPE_CHECKING

from flowing._task.options import processes
from flowing.errors import (
    AttemptCancelled,
    AttemptUncertain,
    BlockingSleepError,
    CheckpointCorrupt,
    CheckpointError,
    CheckpointLocked,
    CheckpointVersionError,
    ConfigError,
    CrashLoop,
    CycleError,
    DetachedDependencyError,
    DuplicateTaskError,
    EventLogError,
    ExecutorBroken,
    ExtraMissing,
    FlowChangedError,
    FlowFailed,
    FlowingError,
    FlowRunningError,
    ForkedProcessError,
    GraphError,
    InputError,
    InputTypeError,
    InvalidTransition,
    MissingInputError,
    NoCurrentAttempt,
    NotATaskError,
    ProcessDied,
    RestoredError,
    ResultUnavailable,
    ResultUnreadable,
    RetryUntilError,
    SerializationError,
    SignatureError,
    TaskDefinitionError,
    TaskFailed,
    TaskTimeoutError,
    UnknownInputError,
    UnknownOptionError,
    UnknownTaskError,
    UnsendableError,
    UnsupportedFunctionError,
    WorkerCrashed,
    WorkersExhausted,
    WorkerStartError,
)
from flowing.flow import Flow
from flowing.results import Results, StepResult, StepState
from flowing.shell.attempt import CurrentAttempt, current
from flowing.task import AsyncTask, Depends, Param, SyncTask, Task, bind, param, task

if TYPE_CHECKING:
    from flowing._check.check import CheckedWiring, Finding, check
    from flowing._function.to_json import to_json
    from flowing._watching import progress
    from flowing.checkpoint import JsonCodec, MemoryStore, PickleCodec, SqliteStore
    from flowing.events import EventLog, Recording, read_events, record, replay
    from flowing.shell.observers import EventsLost, Observation, Subscription
else:
    _NAMES = {
        "flowing._check.check": ("CheckedWiring", "Finding", "check"),
        "flowing._function.to_json": ("to_json",),
        "flowing._watching": ("progress",),
        "flowing.checkpoint": ("JsonCodec", "MemoryStore", "PickleCodec", "SqliteStore"),
        "flowing.events": ("EventLog", "Recording", "read_events", "record", "replay"),
        "flowing.shell.observers": ("EventsLost", "Observation", "Subscription"),
    }
    _MODULES = {name: module for module, names in _NAMES.items() for name in names}

    def __getattr__(name: str) -> object:
        """Load what few programs need when one asks for it."""
        if name not in _MODULES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}", name=name)
        from importlib import import_module  # noqa: PLC0415 - see above

        return getattr(import_module(_MODULES[name]), name)

    def __dir__() -> list[str]:
        """List what was not loaded yet, too: for completion in a console."""
        return sorted({*globals(), *__all__})


__all__ = [
    "AsyncTask",
    "AttemptCancelled",
    "AttemptUncertain",
    "BlockingSleepError",
    "CheckedWiring",
    "CheckpointCorrupt",
    "CheckpointError",
    "CheckpointLocked",
    "CheckpointVersionError",
    "ConfigError",
    "CrashLoop",
    "CurrentAttempt",
    "CycleError",
    "Depends",
    "DetachedDependencyError",
    "DuplicateTaskError",
    "EventLog",
    "EventLogError",
    "EventsLost",
    "ExecutorBroken",
    "ExtraMissing",
    "Finding",
    "Flow",
    "FlowChangedError",
    "FlowFailed",
    "FlowRunningError",
    "FlowingError",
    "ForkedProcessError",
    "GraphError",
    "InputError",
    "InputTypeError",
    "InvalidTransition",
    "JsonCodec",
    "MemoryStore",
    "MissingInputError",
    "NoCurrentAttempt",
    "NotATaskError",
    "Observation",
    "Param",
    "PickleCodec",
    "ProcessDied",
    "Recording",
    "RestoredError",
    "ResultUnavailable",
    "ResultUnreadable",
    "Results",
    "RetryUntilError",
    "SerializationError",
    "SignatureError",
    "SqliteStore",
    "StepResult",
    "StepState",
    "Subscription",
    "SyncTask",
    "Task",
    "TaskDefinitionError",
    "TaskFailed",
    "TaskTimeoutError",
    "UnknownInputError",
    "UnknownOptionError",
    "UnknownTaskError",
    "UnsendableError",
    "UnsupportedFunctionError",
    "WorkerCrashed",
    "WorkerStartError",
    "WorkersExhausted",
    "bind",
    "check",
    "current",
    "param",
    "processes",
    "progress",
    "read_events",
    "record",
    "replay",
    "task",
    "to_json",
]
