"""Hand events to listeners, in order, from a thread of their own. Nothing here can change or delay a run (D22)."""

from __future__ import annotations

import threading
from collections import deque
from functools import partial
from typing import TYPE_CHECKING, Final, Protocol, Self, TypeAlias, final

from flowing._record import record
from flowing._task.functions import runs_later, show_call, show_type
from flowing._text import describe_error
from flowing.core.events import AttemptEvent, Event, ResultProvided
from flowing.errors import ConfigError
from flowing.shell.log import is_debugging, warn

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import ExitStack

    from flowing._bodies import Body
    from flowing.core.state import State

QUEUE_MAX: Final = 10_000


@record
class EventsLost:
    """The listener was too slow: `count` events, the oldest ones, were dropped before this point."""

    count: int


@record
class Observation:
    """One event, with the name of the task that it is about."""

    event: Event | EventsLost
    task: str | None = None


Listener: TypeAlias = "Callable[[Observation], object]"


@final
class Subscription:
    """A listener's place in the queue. Close it, or use it in `with`, to hear no more."""

    def __init__(
        self, listener: Listener, on_close: Callable[[Subscription], None], *, queue_max: int | None = QUEUE_MAX
    ) -> None:
        self._listener = listener
        self._on_close = on_close
        self._queue_max = queue_max
        self._queue: deque[Observation] = deque()
        self._lost = 0
        self._lock = threading.Condition()
        self._delivering = False
        self._complained = False

    def __enter__(self) -> Self:
        """Go on listening."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close."""
        self.close()

    def close(self) -> None:
        """Hear nothing that happens from now on."""
        self._on_close(self)

    def drain(self, timeout_s: float | None = None) -> bool:
        """Wait until everything that has happened was delivered; False if it took longer than that."""
        with self._lock:
            return self._lock.wait_for(lambda: not self._delivering and not self._queue, timeout_s)

    def put(self, observation: Observation) -> None:
        """Queue an observation; at the limit the oldest one is dropped. Starts the delivery, if it rests."""
        with self._lock:
            if self._queue_max is not None and len(self._queue) >= self._queue_max:
                self._queue.popleft()
                self._lost += 1
            self._queue.append(observation)
            if self._delivering:
                return
            self._delivering = True
        try:
            threading.Thread(target=self._deliver, name="flowing-listener", daemon=True).start()
        except RuntimeError:  # no thread to be had: the next event tries again
            with self._lock:
                self._delivering = False

    def _deliver(self) -> None:
        while True:
            with self._lock:
                if not self._queue:
                    self._delivering = False
                    self._lock.notify_all()
                    return
                lost, self._lost = self._lost, 0
                observation = Observation(EventsLost(lost)) if lost else self._queue.popleft()
            self._tell(observation)

    def _tell(self, observation: Observation) -> None:
        try:
            self._listener(observation)
        except BaseException as error:  # noqa: BLE001 - a listener can't hurt anybody
            if not self._complained:
                self._complained = True
                warn("a listener raised %s; it goes on hearing, and is not mentioned again", describe_error(error))


def _refuse_what_hears_nothing(listener: object) -> None:
    if not callable(listener):
        message = f"subscribe() was given {show_type(listener)}, which can't be called; give it a function"
        raise ConfigError(message)
    if runs_later(listener):
        message = (
            f"subscribe() was given {show_call(listener)}, whose call runs nothing until it is awaited or iterated, "
            f"which no listener is; give it a plain def, and let that hand the event on"
        )
        raise ConfigError(message)


class Recorder(Protocol):
    """One that keeps every event."""

    def keep(self, event: Event) -> None:
        """Keep it, at once and without calling anything of the user's. Called under the desk's lock."""
        ...

    def goes_on_from(self, state: State) -> None:
        """Keep what is known: the next event happens to this state, which need not be what the last one left."""
        ...


@final
@record
class Occasion:
    """One call of `run()` or `resume()`, for those who attend it.

    `look` gives the state as it stands, from any thread, O(1); it is not to be kept, or all that comes after it is too.
    `hear` subscribes a listener that loses nothing: its queue has no limit.
    """

    look: Callable[[], State]
    hear: Callable[[Listener], Subscription]


class Attendance(Protocol):
    """What somebody does who attends one call of `run()` or `resume()`. Whatever it raises is logged, and no more."""

    def equip(self, bodies: Sequence[Body]) -> Sequence[Body]:
        """Give the bodies to run, as they are or wrapped. Called once, before the first of them runs."""
        ...

    def ends(self) -> None:
        """Finish: every event was observed. Called by whoever called `run()`, however it ends."""
        ...


# Called by whoever calls `run()`, in its context, before the first event.
Attendant: TypeAlias = "Callable[[Occasion], Attendance]"


@final
class Attended:
    """All who attend one call of `run()` or `resume()`."""

    def __init__(self) -> None:
        self._all: list[Attendance] = []

    def admit(self, attendant: Attendant, occasion: Occasion) -> None:
        """Let one more begin."""
        try:
            self._all.append(attendant(occasion))
        except Exception as error:  # noqa: BLE001 - D22: it can't hurt the run
            _complain(error)

    def equip(self, bodies: Sequence[Body]) -> Sequence[Body]:
        """Give the bodies as all want to have them, the first one innermost."""
        for each in self._all:
            try:
                bodies = each.equip(bodies)
            except Exception as error:  # noqa: BLE001 - as above
                _complain(error)
        return bodies

    def ends(self) -> None:
        """Let all finish, in the reverse order."""
        while self._all:
            try:
                self._all.pop().ends()
            except Exception as error:  # noqa: BLE001 - as above
                _complain(error)


def _complain(error: Exception) -> None:
    warn("one that watches the flow raised %s; the run goes on without it", describe_error(error))


@final
class Observers:
    """Everybody who listens to one flow, keeps what it does, or attends its runs."""

    def __init__(self, names: Sequence[str]) -> None:
        self.listening: bool = False
        self._names = names
        self._subscriptions: tuple[Subscription, ...] = ()
        self._recorders: tuple[Recorder, ...] = ()
        self._attendants: tuple[Attendant, ...] = ()
        self._changing = threading.Lock()

    def of_another_flow(self) -> Observers:
        """Make those of a flow of the same tasks: the same attend its runs, and nobody listens yet."""
        made = Observers(self._names)
        made._attendants = self._attendants
        return made

    def subscribe(self, listener: Listener, *, queue_max: int | None = QUEUE_MAX) -> Subscription:
        """Add a listener; with `queue_max=None` it loses nothing, whatever that takes."""
        _refuse_what_hears_nothing(listener)
        subscription = Subscription(listener, self._remove, queue_max=queue_max)
        with self._changing:
            self._subscriptions = (*self._subscriptions, subscription)
            self.listening = True
        return subscription

    def _remove(self, subscription: Subscription) -> None:
        with self._changing:
            self._subscriptions = tuple(each for each in self._subscriptions if each is not subscription)
            self._count()

    def add_recorder(self, recorder: Recorder) -> Callable[[], None]:
        """Have every event kept from now on, until the function that this gives is called."""
        with self._changing:
            self._recorders = (*self._recorders, recorder)
            self.listening = True
        return partial(self._remove_recorder, recorder)

    def _remove_recorder(self, recorder: Recorder) -> None:
        with self._changing:
            self._recorders = tuple(each for each in self._recorders if each is not recorder)
            self._count()

    def _count(self) -> None:
        self.listening = bool(self._subscriptions or self._recorders)

    def add_attendant(self, attendant: Attendant) -> Callable[[], None]:
        """Have it attend every call of `run()` and `resume()` from the next one on; gives what undoes that."""
        with self._changing:
            self._attendants = (*self._attendants, attendant)
        return partial(self._remove_attendant, attendant)

    def _remove_attendant(self, attendant: Attendant) -> None:
        with self._changing:
            self._attendants = tuple(each for each in self._attendants if each is not attendant)

    def attend(self, look: Callable[[], State], over: ExitStack) -> Attended:
        """Let all begin who attend; the caller has them `equip` the bodies. They end when `over` is closed."""
        attended = Attended()
        over.callback(attended.ends)
        if is_debugging():
            from flowing.shell.diary import Diary  # noqa: PLC0415 - few runs are debugged

            attended.admit(Diary, self._occasion(look))
        for attendant in self._attendants:
            attended.admit(attendant, self._occasion(look))
        return attended

    def go_on_from(self, state: State) -> None:
        """Tell those who keep every event of a state that no event led to. O(n) for each of them."""
        for recorder in self._recorders:
            recorder.goes_on_from(state)

    def _occasion(self, look: Callable[[], State]) -> Occasion:
        return Occasion(look, partial(self.subscribe, queue_max=None))

    def observe(self, event: Event) -> None:
        """Queue an event for everybody. Called under the desk's lock: nothing of a listener's runs here."""
        for recorder in self._recorders:
            recorder.keep(event)
        if not self._subscriptions:
            return
        task = event.task if isinstance(event, AttemptEvent | ResultProvided) else None
        observation = Observation(event, None if task is None else self._names[task])
        for subscription in self._subscriptions:
            subscription.put(observation)
