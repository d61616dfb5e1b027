"""Keep the lines of an error and let go of what its frames hold (D13). Nothing is formatted here."""

from __future__ import annotations

import contextlib
import os
import sys
from types import CoroutineType, GeneratorType
from typing import TYPE_CHECKING, Final, cast

from flowing._text import field_of, members_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType, TracebackType

# os.path, and no sysconfig: pathlib and it would be a tenth of the import.
_OWN_FILES: Final = os.path.join(os.path.dirname(os.path.dirname(__file__)), "")  # noqa: PTH118, PTH120
_STANDARD_LIBRARY: Final = os.path.join(os.path.dirname(os.__file__), "")  # noqa: PTH118, PTH120
_INSTALLED: Final = f"{os.sep}site-packages{os.sep}"  # lies inside the standard library's folder


def clean(error: BaseException, *, keep_frames: bool) -> None:
    """Cut flowing's own frames off the traceback, and clear the locals of all others unless told to keep them.

    Follows `__cause__`, `__context__` and the members of groups, in any shape. O(errors + frames). Nothing of the
    error's own is asked.
    """
    if not keep_frames:
        for each in _family(error):
            traceback: TracebackType | None = field_of(each, "__traceback__")
            while traceback is not None:
                _clear(traceback.tb_frame)
                traceback = traceback.tb_next
    BaseException.with_traceback(error, _from_the_body_on(field_of(error, "__traceback__")))


def _clear(frame: FrameType) -> None:
    with contextlib.suppress(RuntimeError):  # still running: this thread's own frames
        frame.clear()


def _family(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    waiting: list[BaseException | None] = [error]
    while waiting:
        each = waiting.pop()
        if each is None or id(each) in seen:
            continue
        seen.add(id(each))
        yield each
        waiting += (field_of(each, "__cause__"), field_of(each, "__context__"), *members_of(each))


def _from_the_body_on(traceback: TracebackType | None) -> TracebackType | None:
    while traceback is not None and traceback.tb_frame.f_code.co_filename.startswith(_OWN_FILES):
        traceback = traceback.tb_next
    return traceback


def stuck_at(thread_id: int | None) -> str | None:
    """Say in which line a thread is: the innermost one outside flowing and the standard library, if there is one."""
    frame = sys._current_frames().get(thread_id or 0)  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] - documented, and there is no other way
    innermost = frame
    while frame is not None and not _is_users(frame.f_code.co_filename):
        frame = frame.f_back
    return _line_of(frame or innermost)


def suspended_at(coroutine: CoroutineType[object, object, object]) -> str | None:
    """Say in which line a coroutine waits: the innermost one that is the user's, of it and what it awaits."""
    awaited: object = coroutine
    frame, found = None, None
    while isinstance(awaited, CoroutineType | GeneratorType):
        if isinstance(awaited, CoroutineType):
            frame, awaited = awaited.cr_frame, awaited.cr_await
        else:
            generator = cast("GeneratorType[object, object, object]", awaited)  # proof: all of these are objects
            frame, awaited = generator.gi_frame, generator.gi_yieldfrom
        if frame is not None and (found is None or _is_users(frame.f_code.co_filename)):
            found = frame
    return _line_of(found)


def _line_of(frame: FrameType | None) -> str | None:
    return None if frame is None else f"{frame.f_code.co_filename}:{frame.f_lineno} in {frame.f_code.co_name}"


def _is_users(file: str) -> bool:
    if file.startswith(_OWN_FILES):
        return False
    return not file.startswith(_STANDARD_LIBRARY) or _INSTALLED in file
