"""What holds in every run: one small function a claim. Each looks at what was heard, and says what is wrong, if it is.

Claims about an event are asked before the ledger takes it in. No claim reads a rule of the core.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

from flowing._text import one_line
from flowing.core.events import (
    AttemptFailed,
    AttemptReturned,
    AttemptStarted,
    AttemptStopped,
    AttemptSucceeded,
    AttemptTimedOut,
    BackoffElapsed,
    BackoffStarted,
    CommitStarted,
    GateClosed,
    InputRejected,
    MainSettled,
    ResultsCommitted,
    RetryAbandoned,
    RunFinished,
    TaskSkipped,
)
from flowing.testing.ledger import AGAIN, BACKS_OFF, COMMITS, DONE, FAILED, RETURNED, RUNS, SETTLED, SKIPPED, WAITS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from flowing.shell.attempt import Attempt
    from flowing.testing.ledger import Ledger, Report
    from flowing.testing.subject import Subject
    from flowing.testing.witness import Witness

Complaint: TypeAlias = str | None


def name(ledger: Ledger, task: int) -> str:
    """Give a task's name for a message."""
    return repr(one_line(ledger.graph.names[task]))


# ── when an attempt starts ───────────────────────────────────────────────────────────────────────


def one_live_attempt_per_task(witness: Witness, event: AttemptStarted) -> Complaint:
    """Let no attempt start while another one of the task is waited for."""
    ledger = witness.ledger
    return f"task {name(ledger, event.task)} starts while it runs" if ledger.known[event.task] == RUNS else None


def starts_when_dependencies_succeeded(witness: Witness, event: AttemptStarted) -> Complaint:
    """Let a task start only when each of its dependencies has a result."""
    ledger = witness.ledger
    for needed in ledger.graph.dependencies[event.task]:
        if ledger.known[needed] != DONE:
            return f"task {name(ledger, event.task)} starts, but {name(ledger, needed)} {ledger.known[needed]}"
    return None


def settled_tasks_never_start(witness: Witness, event: AttemptStarted) -> Complaint:
    """Let nothing run again that succeeded, unless it was invalidated; nor what failed, or was skipped, in this run."""
    ledger = witness.ledger
    known = ledger.known[event.task]
    if known not in (WAITS, AGAIN, RUNS):
        return f"task {name(ledger, event.task)} starts, but it {known}"
    return None


def attempts_stay_within_the_budget(witness: Witness, event: AttemptStarted) -> Complaint:
    """No task is tried more than 1 + retry times in a run or a resume."""
    ledger = witness.ledger
    most = 1 + ledger.graph.policies[event.task].retries
    if ledger.tries[event.task] >= most:
        return f"task {name(ledger, event.task)} is tried more than {most} times"
    return None


def attempts_count_on(witness: Witness, event: AttemptStarted) -> Complaint:
    """Each attempt has the next number, over all resumes of the run."""
    ledger = witness.ledger
    made = ledger.made[event.task]
    if event.attempt != made + 1:
        return f"attempt {event.attempt} of task {name(ledger, event.task)} starts after attempt {made}"
    return None


def slots_stay_within_the_bound(witness: Witness, event: AttemptStarted) -> Complaint:
    """No more attempts run than there are workers, less the abandoned threads that are not replaced."""
    ledger = witness.ledger
    if witness.free <= 0:
        return f"task {name(ledger, event.task)} starts while {ledger.running} run, and there is no room"
    return None


def nothing_starts_in_a_run_that_stops(witness: Witness, event: AttemptStarted) -> Complaint:
    """After fail_fast no main task starts, after a cancel nothing does; detached ones start when main has settled."""
    ledger, task = witness.ledger, event.task
    if ledger.stopping:
        return f"task {name(ledger, task)} starts in a run that was stopped"
    if ledger.is_main(task):
        if ledger.tripped_by is not None:
            return f"task {name(ledger, task)} starts after {name(ledger, ledger.tripped_by)} failed, with fail_fast"
        return f"task {name(ledger, task)} starts after the main graph has settled" if ledger.detaching else None
    return None if ledger.detaching else f"detached task {name(ledger, task)} starts before the main graph has settled"


def nothing_starts_after_a_cancel(witness: Witness, event: AttemptStarted) -> Complaint:
    """Once `cancel()` has returned, nothing starts: whoever comes to the desk finds the cancel there (D9)."""
    ledger = witness.ledger
    return f"task {name(ledger, event.task)} starts after a cancel" if witness.is_cancelled else None


def retries_are_not_early(witness: Witness, event: AttemptStarted) -> Complaint:
    """Let no task that backs off be tried again before the delay is over."""
    ledger = witness.ledger
    until_s = ledger.backs_off_until_s[event.task]
    if event.at_s < until_s and witness.is_timed:
        return f"task {name(ledger, event.task)} is tried again at {event.at_s:g} s, before {until_s:g} s"
    return None


def starts_the_first_that_can(witness: Witness, event: AttemptStarted) -> Complaint:
    """Of all that could start, the one with the lowest number does: the order is the same on every machine (D18)."""
    ledger = witness.ledger
    for task in range(0 if ledger.is_main(event.task) else ledger.graph.main, event.task):
        if ledger.can_start(task):
            return f"task {name(ledger, event.task)} starts, and {name(ledger, task)} could, which comes first"
    return None


def inputs_are_the_results(ledger: Ledger, attempt: Attempt) -> Complaint:
    """Give an attempt the very values that its dependencies returned."""
    for needed, value in zip(attempt.body.inputs, attempt.inputs, strict=True):
        if value is not ledger.values[needed]:
            return f"task {name(ledger, attempt.task)} is given another value than {name(ledger, needed)} returned"
    return None


def threads_stay_within_the_bound(subject: Subject, threads: int) -> Complaint:
    """There are no more threads than workers and abandoned ones, and one that commits where results are stored."""
    limits = subject.graph.limits
    most = limits.workers + limits.abandoned + subject.is_stored
    return f"{threads} threads, and {most} are enough" if threads > most else None


# ── when an attempt ends ─────────────────────────────────────────────────────────────────────────


def only_the_current_attempt_counts(witness: Witness, event: Report) -> Complaint:
    """Let no report of an attempt count that nobody waits for any more."""
    ledger = witness.ledger
    if ledger.known[event.task] != RUNS or event.attempt != ledger.made[event.task]:
        return f"attempt {event.attempt} of task {name(ledger, event.task)} counts, but it {ledger.known[event.task]}"
    return None


def deadlines_are_not_early(witness: Witness, event: AttemptTimedOut) -> Complaint:
    """No attempt times out before its deadline."""
    ledger = witness.ledger
    due_s = ledger.started_s[event.task] + (witness.subject.bodies[event.task].timeout_s or 0.0)
    if event.at_s < due_s and witness.is_timed:
        return f"task {name(ledger, event.task)} times out at {event.at_s:g} s, before {due_s:g} s"
    return None


def only_the_cancelled_stop(witness: Witness, event: AttemptStopped) -> Complaint:
    """Let a body end itself because of a cancel only in a run that was stopped."""
    ledger = witness.ledger
    return None if ledger.stopping else f"task {name(ledger, event.task)} stopped by itself, and nobody cancelled"


def gates_are_asked_once(witness: Witness, event: GateClosed | InputRejected) -> Complaint:
    """Gates have their say before the first attempt only (D10)."""
    ledger = witness.ledger
    return f"a gate closed on a retry of task {name(ledger, event.task)}" if ledger.tries[event.task] != 1 else None


def one_commit_at_a_time(witness: Witness, _event: CommitStarted) -> Complaint:
    """Begin a commit when something is due, and no other one is on its way."""
    known = witness.ledger.known
    if COMMITS in known:
        return "a commit begins, and another one is on its way"
    return None if RETURNED in known else "a commit begins, and nothing is to be committed"


def what_counts_is_durable(witness: Witness, _event: ResultsCommitted) -> Complaint:
    """Let a result that has to be committed count when the store has it, and not before (D15)."""
    ledger = witness.ledger
    for task, known in enumerate(ledger.known):
        if known == COMMITS and witness.stored.get(task, None) is not ledger.values[task]:
            return f"the result of task {name(ledger, task)} counts, and the store has not got it"
    return None


def nothing_counts_uncommitted(witness: Witness, event: AttemptSucceeded) -> Complaint:
    """Where results are stored, no attempt is enough to make one count."""
    ledger = witness.ledger
    keep = witness.subject.bodies[event.task].keep
    return None if keep is None else f"the result of task {name(ledger, event.task)} counts before it is committed"


# ── between attempts ─────────────────────────────────────────────────────────────────────────────


def delays_follow_the_policy(witness: Witness, event: BackoffStarted) -> Complaint:
    """See that the delay doubles with each try, up to the maximum, and that jitter only shortens it (D7)."""
    ledger = witness.ledger
    policy, tries = ledger.graph.policies[event.task], ledger.tries[event.task]
    longest_s = policy.backoff_base_s
    for _ in range(tries - 1):
        longest_s = min(longest_s * 2, policy.backoff_max_s)
    longest_s = min(longest_s, policy.backoff_max_s)
    delay_s = event.until_s - witness.now_s()
    if not (0 <= delay_s < longest_s + _ROUNDING if policy.jitter else abs(delay_s - longest_s) < _ROUNDING):
        return f"task {name(ledger, event.task)} waits {delay_s:g} s after try {tries}, and should {longest_s:g} s"
    return None


_ROUNDING: Final = 1e-6


def only_the_failed_wait(witness: Witness, event: BackoffStarted | BackoffElapsed | RetryAbandoned) -> Complaint:
    """Only a task that failed with tries left waits to be tried again, and gives up in a run that stops."""
    ledger = witness.ledger
    known = ledger.known[event.task]
    if known != AGAIN if isinstance(event, BackoffStarted) else known not in (AGAIN, BACKS_OFF):
        return f"{type(event).__name__} of task {name(ledger, event.task)}, which {known}"
    if isinstance(event, RetryAbandoned) and not ledger.stopping and (ledger.tripped_by is None or ledger.detaching):
        return f"task {name(ledger, event.task)} gives up in a run that goes on"
    return None


def skips_have_a_cause(witness: Witness, event: TaskSkipped) -> Complaint:
    """Skip a task only because a dependency failed or was skipped (D1)."""
    ledger = witness.ledger
    if ledger.known[event.task] != WAITS:
        return f"task {name(ledger, event.task)} is skipped, but it {ledger.known[event.task]}"
    if any(ledger.known[needed] in (FAILED, SKIPPED) for needed in ledger.graph.dependencies[event.task]):
        return None
    return f"task {name(ledger, event.task)} is skipped, and nothing that it needs failed or was skipped"


# ── when the main graph, and the run, is over ────────────────────────────────────────────────────


def main_has_settled(witness: Witness, _event: MainSettled) -> Complaint:
    """Detached tasks have their turn when every main task is settled, or fail_fast keeps the rest from starting."""
    ledger = witness.ledger
    for task in range(ledger.graph.main):
        known = ledger.known[task]
        if known not in SETTLED and (known != WAITS or ledger.tripped_by is None):
            return f"the main graph has settled, they say, but task {name(ledger, task)} {known}"
    return None


def nothing_is_left_behind(witness: Witness, _event: RunFinished) -> Complaint:
    """Let a run be over when nothing can happen any more, or the grace of a stopped one is."""
    ledger = witness.ledger
    for task, known in enumerate(ledger.known):
        under_way = known in (RUNS, RETURNED, COMMITS) and not (ledger.grace_over and ledger.stopping)
        if known in (AGAIN, BACKS_OFF) or under_way:
            return f"the run is over, they say, but task {name(ledger, task)} {known}"
    return None


CLAIMS: Final[Mapping[type[object], tuple[Callable[[Witness, Any], Complaint], ...]]] = {
    AttemptStarted: (
        one_live_attempt_per_task,
        starts_when_dependencies_succeeded,
        settled_tasks_never_start,
        attempts_stay_within_the_budget,
        attempts_count_on,
        slots_stay_within_the_bound,
        nothing_starts_in_a_run_that_stops,
        nothing_starts_after_a_cancel,
        retries_are_not_early,
        starts_the_first_that_can,
    ),
    AttemptSucceeded: (only_the_current_attempt_counts, nothing_counts_uncommitted),
    AttemptReturned: (only_the_current_attempt_counts,),
    CommitStarted: (one_commit_at_a_time,),
    ResultsCommitted: (what_counts_is_durable,),
    AttemptFailed: (only_the_current_attempt_counts,),
    AttemptTimedOut: (only_the_current_attempt_counts, deadlines_are_not_early),
    AttemptStopped: (only_the_current_attempt_counts, only_the_cancelled_stop),
    GateClosed: (only_the_current_attempt_counts, gates_are_asked_once),
    InputRejected: (only_the_current_attempt_counts, gates_are_asked_once),
    BackoffStarted: (only_the_failed_wait, delays_follow_the_policy),
    BackoffElapsed: (only_the_failed_wait,),
    RetryAbandoned: (only_the_failed_wait,),
    TaskSkipped: (skips_have_a_cause,),
    MainSettled: (main_has_settled,),
    RunFinished: (nothing_is_left_behind,),
}
