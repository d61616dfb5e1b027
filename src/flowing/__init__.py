"""Run a graph of functions in one process: typed, resumable, and nothing is run twice."""

from typing import TYPE_CHECKING

from flowing.errors import (
    AttemptCancelled,
    ConfigError,
    CycleError,
    DetachedDependencyError,
    DuplicateTaskError,
    FlowFailed,
    FlowingError,
    FlowRunningError,
    ForkedProcessError,
    GraphError,
    InvalidTransition,
    NoCurrentAttempt,
    NotATaskError,
    ResultUnavailable,
    RetryUntilError,
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
else:

    def __getattr__(name: str) -> object:
        """Load what few programs need when one asks for it."""
        if name not in ("CheckedWiring", "Finding", "check"):
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}", name=name)
        from flowing._check import check as module  # noqa: PLC0415 - see above

        return getattr(module, name)


__all__ = [
    "AsyncTask",
    "AttemptCancelled",
    "CheckedWiring",
    "ConfigError",
    "CurrentAttempt",
    "CycleError",
    "Depends",
    "DetachedDependencyError",
    "DuplicateTaskError",
    "EventsLost",
    "Finding",
    "Flow",
    "FlowFailed",
    "FlowRunningError",
    "FlowingError",
    "ForkedProcessError",
    "GraphError",
    "InvalidTransition",
    "NoCurrentAttempt",
    "NotATaskError",
    "Observation",
    "ResultUnavailable",
    "Results",
    "RetryUntilError",
    "SignatureError",
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
