"""Start a program without running what the libraries of this process registered for a fork.

uvloop forks, and gRPC's fork handlers then complain that its threads are busy, although the child only turns
into another program. So a child is started by the standard library, which on Linux uses vfork and elsewhere
posix_spawn; neither runs such handlers.
"""

import asyncio
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence

VFORK: bool = sys.platform == "linux"


class Child:
    """Be one process, whose end any event loop can wait for.

    The thread that makes it counts as its parent: on Linux that thread's end is told to the child, if it asked.
    """

    def __init__(self, command: Sequence[str], output: int, environment: Mapping[str, str]) -> None:
        """Start it, without input.

        Args:
            command: the program, as an absolute path, and its arguments.
            output: the descriptor of the file that takes its output and its errors.
            environment: all its variables.

        Raises:
            OSError: the program cannot be run.
        """
        # Closing descriptors would rule posix_spawn out; those of Python, gRPC and libuv close by themselves.
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=environment,
            close_fds=VFORK,
        )
        self._loop = asyncio.get_running_loop()
        self._ended = asyncio.Event()
        self._code: int | None = None
        threading.Thread(target=self._await_end, name="embedded-child", daemon=True).start()

    @property
    def pid(self) -> int:
        """Return the process id."""
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        """Return the exit code (negative: a signal), None while it runs."""
        return self._code

    async def wait(self) -> int:
        """Wait for its end; returns the exit code (negative: a signal)."""
        await self._ended.wait()
        assert self._code is not None
        return self._code

    def send_signal(self, number: int) -> None:
        """Send a signal; one that has ended gets none."""
        self._process.send_signal(number)

    def _await_end(self) -> None:
        code = self._process.wait()
        try:
            self._loop.call_soon_threadsafe(self._end, code)
        except RuntimeError:
            return  # the event loop has gone: nobody waits any more

    def _end(self, code: int) -> None:
        self._code = code
        self._ended.set()
