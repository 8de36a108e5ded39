"""What must not be carried into a forked process: locks, a thread at work, and SQLite, which forbids it.

A child would hold the locks for as long as it lives, wait for a thread that it does not have, and share with its
parent what SQLite knows of the file without sharing what the system knows of it.
"""

import os
import threading
from weakref import WeakSet

not_now = threading.Lock()
"""Held during a fork, and by whoever must not be forked in the middle of what he does."""
_watched: "WeakSet[Forked]" = WeakSet()
_ready: "list[Forked]" = []


class Forked:
    """Has something that is not for a child. The calls come from the thread that forks, while `not_now` is held."""

    def before_fork(self) -> None:
        """Make ready."""

    def after_fork(self) -> None:
        """Go on, in the parent."""

    def forget(self) -> None:
        """Let go, in the child, without a word to those outside: it is still the parent's."""


def watch(one: Forked) -> None:
    """Tell it of forks from now on. The caller holds `not_now`."""
    _watched.add(one)


def _before() -> None:
    not_now.acquire()
    for one in _watched:
        one.before_fork()
        _ready.append(one)  # Ctrl-C may end this: then the rest is not to go on, as it never stopped


def _after_in_parent() -> None:
    while _ready:
        _ready.pop().after_fork()
    not_now.release()


def _after_in_child() -> None:
    _ready.clear()
    for one in _watched:
        one.forget()
    not_now.release()


os.register_at_fork(before=_before, after_in_parent=_after_in_parent, after_in_child=_after_in_child)
