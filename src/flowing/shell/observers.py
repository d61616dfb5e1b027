"""Hand events to listeners, in order, from a thread of their own. Nothing here can change or delay a run (D22)."""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING, Final, Self, TypeAlias, final

from flowing._record import record
from flowing._text import describe_error
from flowing.core.events import AttemptEvent, Event, ResultProvided
from flowing.shell.log import warn

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

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

    def __init__(self, listener: Listener, on_close: Callable[[Subscription], None]) -> None:
        self._listener = listener
        self._on_close = on_close
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
            if len(self._queue) >= QUEUE_MAX:
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


@final
class Observers:
    """Everybody who listens to one flow."""

    def __init__(self, names: Sequence[str]) -> None:
        self.listening: bool = False
        self._names = names
        self._subscriptions: tuple[Subscription, ...] = ()
        self._changing = threading.Lock()

    def subscribe(self, listener: Listener) -> Subscription:
        """Add a listener."""
        subscription = Subscription(listener, self._remove)
        with self._changing:
            self._subscriptions = (*self._subscriptions, subscription)
            self.listening = True
        return subscription

    def _remove(self, subscription: Subscription) -> None:
        with self._changing:
            self._subscriptions = tuple(each for each in self._subscriptions if each is not subscription)
            self.listening = bool(self._subscriptions)

    def observe(self, event: Event) -> None:
        """Queue an event for everybody. Called under the desk's lock: nothing of a listener's runs here."""
        task = event.task if isinstance(event, AttemptEvent | ResultProvided) else None
        observation = Observation(event, None if task is None else self._names[task])
        for subscription in self._subscriptions:
            subscription.put(observation)
