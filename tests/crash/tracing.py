"""Stops a process at its system calls, to kill it there, or to have a call fail. Linux; knows nothing of flows.

strace counts calls for each thread, so that of two threads only the first to make its Nth call of a kind is hit. Here
the calls of all threads are one sequence: every single one can be hit, without naming any.
"""

from __future__ import annotations

import ctypes
import os
import platform
import signal
import struct
import sys
import traceback
from collections import Counter
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from attrs import frozen

if TYPE_CHECKING:
    from collections.abc import Callable

FAULTS_WORK: Final = sys.platform == "linux" and platform.machine() == "x86_64"  # whose registers are known here

_TRACEME, _GO_ON, _GETREGS, _SETREGS, _SYSCALL, _SETOPTIONS, _CALL_INFO = 0, 7, 12, 13, 24, 0x4200, 0x420E
_OPTIONS: Final = 0x100000 | 0x1 | 0x2 | 0x4 | 0x8  # die with the tracer; mark calls; follow forks and threads
_ALL: Final = 0x40000000  # threads too
_REGISTERS: Final = struct.Struct("<27Q")
_RAX, _RDX, _ORIG_RAX = 10, 12, 15
_ENTRY, _EXIT = 1, 2
_NO_CALL: Final = 2**64 - 1


@frozen
class Call:
    """A system call that is about to be made: the `number`th of all, by the thread that began as `role`th."""

    number: int
    role: int
    nth: int  # among the calls of this kind that the thread made
    kind: int
    arguments: tuple[int, ...]
    thread: int


Fate: TypeAlias = Literal["go", "leave", "kill", "shorten"] | int  # or an errno; "leave" asks at no further call


def run_traced(body: Callable[[], None], fate_of: Callable[[Call], Fate]) -> int:
    """Run the body in a forked child, asking at each system call what becomes of it; give the exit code.

    The caller has one thread, and no other children.
    """
    child = os.fork()
    if not child:
        _ptrace(_TRACEME, 0, 0, 0)
        os.kill(os.getpid(), signal.SIGSTOP)
        _do(body)
    os.waitpid(child, 0)
    _ptrace(_SETOPTIONS, child, 0, _OPTIONS)
    _ptrace(_SYSCALL, child, 0, 0)
    return _Tracer(child, fate_of).follow()


def _do(body: Callable[[], None]) -> None:
    try:
        body()
    except BaseException:  # noqa: BLE001 - the parent only sees an exit code
        traceback.print_exc()
        os._exit(1)
    os._exit(0)


class _Tracer:
    """Follows one process with all its threads to its end."""

    def __init__(self, child: int, fate_of: Callable[[Call], Fate]) -> None:
        self._child: Final = child
        self._fate_of: Final = fate_of
        self._roles: Final = {child: 0}
        self._counts: Final[Counter[tuple[int, int]]] = Counter()
        self._calls = 0
        self._watching = True
        self._failing: Final[dict[int, int]] = {}

    def follow(self) -> int:
        while True:
            thread, status = os.waitpid(-1, _ALL)
            if os.WIFEXITED(status) or os.WIFSIGNALED(status):
                if thread == self._child:
                    return os.waitstatus_to_exitcode(status)
                continue
            self._roles.setdefault(thread, len(self._roles))
            stop, passed_on = os.WSTOPSIG(status), 0
            if stop == signal.SIGTRAP | 0x80:
                self._at_call(thread)
            elif stop not in (signal.SIGTRAP, signal.SIGSTOP):
                passed_on = stop
            _ptrace(_SYSCALL if self._watching else _GO_ON, thread, 0, passed_on, gone_is_fine=True)

    def _at_call(self, thread: int) -> None:
        info = ctypes.create_string_buffer(88)
        if _ptrace(_CALL_INFO, thread, 88, ctypes.addressof(info), gone_is_fine=True) <= 0:
            return
        what, kind, *arguments = struct.unpack_from("<B23xQ6Q", info.raw)
        if what == _EXIT and thread in self._failing:
            self._set(thread, _RAX, (1 << 64) - self._failing.pop(thread))
        if what != _ENTRY:
            return
        role = self._roles[thread]
        self._calls += 1
        self._counts[role, kind] += 1
        call = Call(self._calls, role, self._counts[role, kind], kind, tuple(arguments), thread)
        fate = self._fate_of(call)
        if fate == "leave":
            self._watching = False
        elif fate == "kill":
            os.kill(self._child, signal.SIGKILL)
        elif fate == "shorten":
            self._set(thread, _RDX, arguments[2] // 2)
        elif fate != "go":
            self._failing[thread] = fate
            self._set(thread, _ORIG_RAX, _NO_CALL)

    def _set(self, thread: int, register: int, value: int) -> None:
        content = ctypes.create_string_buffer(_REGISTERS.size)
        _ptrace(_GETREGS, thread, 0, ctypes.addressof(content))
        registers = list(_REGISTERS.unpack(content.raw))
        registers[register] = value
        changed = ctypes.create_string_buffer(_REGISTERS.pack(*registers), _REGISTERS.size)
        _ptrace(_SETREGS, thread, 0, ctypes.addressof(changed))


def _ptrace(request: int, thread: int, address: int, data: int, *, gone_is_fine: bool = False) -> int:
    done: int = _LIBC.ptrace(request, thread, address, data)
    if done < 0 and not (gone_is_fine and ctypes.get_errno() == 3):
        raise OSError(ctypes.get_errno(), f"ptrace request {request:#x}")
    return done


_LIBC: Final = ctypes.CDLL(None, use_errno=True)
_LIBC.ptrace.argtypes = (ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p)
_LIBC.ptrace.restype = ctypes.c_long
