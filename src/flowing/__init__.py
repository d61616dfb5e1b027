"""Run a graph of functions in one process: typed, resumable, and nothing is run twice."""

from typing import TYPE_CHECKING

from flowing.errors import (
    AttemptCancelled,
    AttemptUncertain,
    CheckpointCorrupt,
    CheckpointError,
    CheckpointLocked,
    CheckpointVersionError,
    ConfigError,
    CrashLoop,
    CycleError,
    DetachedDependencyError,
    DuplicateTaskError,
    FlowChangedError,
    FlowFailed,
    FlowingError,
    FlowRunningError,
    ForkedProcessError,
    GraphError,
    InvalidTransition,
    NoCurrentAttempt,
    NotATaskError,
    RestoredError,
    ResultUnavailable,
    ResultUnreadable,
    RetryUntilError,
    SerializationError,
    SignatureError,
    TaskDefinitionError,
    TaskFailed,
    TaskTimeoutError,
    UnknownTaskError,
    UnsupportedFunctionError,
    WorkerCrashed,
    WorkersExhausted,
    WorkerStartError,
)
from flowing.flow import Flow
from flowing.results import Results, StepResult, StepState
from flowing.shell.attempt import CurrentAttempt, current
from flowing.shell.observers import EventsLost, Observation, Subscription
from flowing.task import AsyncTask, Depends, SyncTask, Task, bind, task

if TYPE_CHECKING:
    from flowing._check.check import CheckedWiring, Finding, check
    from flowing.checkpoint import JsonCodec, MemoryStore, PickleCodec, SqliteStore
else:
    _MODULES = dict.fromkeys(("CheckedWiring", "Finding", "check"), "flowing._check.check") | dict.fromkeys(
        ("JsonCodec", "MemoryStore", "PickleCodec", "SqliteStore"), "flowing.checkpoint"
    )

    def __getattr__(name: str) -> object:
        """Load what few programs need when one asks for it."""
        if name not in _MODULES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}", name=name)
        from importlib import import_module  # noqa: PLC0415 - see above

        return getattr(import_module(_MODULES[name]), name)


__all__ = [
    "AsyncTask",
    "AttemptCancelled",
    "AttemptUncertain",
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
    "EventsLost",
    "Finding",
    "Flow",
    "FlowChangedError",
    "FlowFailed",
    "FlowRunningError",
    "FlowingError",
    "ForkedProcessError",
    "GraphError",
    "InvalidTransition",
    "JsonCodec",
    "MemoryStore",
    "NoCurrentAttempt",
    "NotATaskError",
    "Observation",
    "PickleCodec",
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
    "UnknownTaskError",
    "UnsupportedFunctionError",
    "WorkerCrashed",
    "WorkerStartError",
    "WorkersExhausted",
    "bind",
    "check",
    "current",
    "task",
]
