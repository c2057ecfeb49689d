"""The end of a process by a thread that sleeps on its handle."""

import sys

assert sys.platform == "win32"

import asyncio
import contextlib
import ctypes
import threading
from collections.abc import Callable
from ctypes import wintypes

from supervisor.core.model import Run
from supervisor.system.exits.once import Once, ask_again
from supervisor.system.processes import Processes

_SYNCHRONIZE = 0x00100000
_INVALID_PARAMETER = 87
_FOREVER = 0xFFFFFFFF
#: What a wait answers when it was the first handle.
_FIRST = 0
#: A thread that only sleeps needs no more.
_STACK_BYTES = 256 * 1024

_kernel = ctypes.WinDLL("kernel32", use_last_error=True)
_kernel.OpenProcess.restype = wintypes.HANDLE
_kernel.OpenProcess.argtypes = (wintypes.DWORD, wintypes.BOOL, wintypes.DWORD)
_kernel.CreateEventW.restype = wintypes.HANDLE
_kernel.CreateEventW.argtypes = (wintypes.LPVOID, wintypes.BOOL, wintypes.BOOL, wintypes.LPCWSTR)
_kernel.SetEvent.argtypes = (wintypes.HANDLE,)
_kernel.CloseHandle.argtypes = (wintypes.HANDLE,)
_kernel.WaitForSingleObject.argtypes = (wintypes.HANDLE, wintypes.DWORD)
_kernel.WaitForMultipleObjects.restype = wintypes.DWORD
_kernel.WaitForMultipleObjects.argtypes = (
    wintypes.DWORD,
    ctypes.POINTER(wintypes.HANDLE),
    wintypes.BOOL,
    wintypes.DWORD,
)


def watch_exit(run: Run, tell: Callable[[Run], None]) -> Callable[[], None]:
    """Call *tell* once, from the running loop, when *run* has ended; returns how to stop watching.

    A run that is already gone (its PID may be another's by now) is told at once: in the loop's
    next round. Where the system does not let us wait for it, it is asked now and then.
    """
    loop = asyncio.get_running_loop()
    once = Once(run, tell)
    process = _kernel.OpenProcess(_SYNCHRONIZE, False, run.pid)
    if not process:
        if ctypes.get_last_error() == _INVALID_PARAMETER:
            loop.call_soon(once)
        else:
            ask_again(loop, once, Processes().alive)
        return once.stop
    enough = _kernel.CreateEventW(None, True, False, None)
    once.let_go = lambda: _kernel.SetEvent(enough)
    _start(lambda: _wait(process, enough, loop, once))
    # Asked after opening: only now does the handle keep the PID from being given to another.
    if not Processes().alive(run):
        loop.call_soon(once)
    return once.stop


def _start(wait: Callable[[], None]) -> None:
    before = threading.stack_size(_STACK_BYTES)
    try:
        threading.Thread(target=wait, name="exit", daemon=True).start()
    finally:
        threading.stack_size(before)


def _wait(process: int, enough: int, loop: asyncio.AbstractEventLoop, once: Once) -> None:
    """Sleep until the process has ended or nobody wants to know any more; then close both handles."""
    handles = (wintypes.HANDLE * 2)(process, enough)
    if _kernel.WaitForMultipleObjects(2, handles, False, _FOREVER) == _FIRST:
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody is left to be told
            loop.call_soon_threadsafe(once)
            _kernel.WaitForSingleObject(enough, _FOREVER)
    _kernel.CloseHandle(process)
    _kernel.CloseHandle(enough)
