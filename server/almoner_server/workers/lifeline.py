"""The worker's end of what ties it to its supervisor: a socket on standard input, and on Linux the kernel.

Orders come over the socket, and how the start went goes back. It carries nothing after that; its end means
that the supervisor is gone. Then the worker goes too, at once: all it has answered is in the database, and
the supervisor's successor needs the port.
"""

import ctypes
import json
import os
import signal
import socket
import sys
from threading import Thread

from almoner_server.workers.orders import Orders

PR_SET_PDEATHSIG = 1
ORPHANED = 70
"""How a worker exits whose supervisor has gone."""


class Lifeline:
    """Is held by a worker for as long as it lives."""

    def __init__(self) -> None:
        """Take the socket that the supervisor has put on standard input."""
        _die_with_parent()
        self._socket = socket.socket(fileno=os.dup(sys.stdin.fileno()))
        with open(os.devnull) as nothing:  # noqa: PTH123 - a device
            os.dup2(nothing.fileno(), sys.stdin.fileno())

    def orders(self) -> Orders:
        """Wait for the orders; from then on the end of the supervisor ends this process."""
        with self._socket.makefile("rb", buffering=0) as stream:
            line = stream.readline()
        if not line:
            os._exit(ORPHANED)
        Thread(target=self._follow, name="almoner-lifeline", daemon=True).start()
        return Orders.read(line)

    def started(self) -> None:
        """Tell that this worker serves."""
        self._tell({"started": True})

    def refused(self, message: str) -> None:
        """Tell what an operator has to put right before any worker can serve."""
        self._tell({"refused": message})

    def _tell(self, event: dict[str, object]) -> None:
        self._socket.sendall(json.dumps(event).encode() + b"\n")

    def _follow(self) -> None:
        try:
            while self._socket.recv(1):
                pass
        finally:
            os._exit(ORPHANED)


def _die_with_parent() -> None:
    """Ask the kernel for SIGKILL when the supervisor dies: that reaches also a worker that hangs. Linux only."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, ctypes.c_ulong(signal.SIGKILL), 0, 0, 0)
