"""What the load is put on: something that checks and commits."""

from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol


class Target(Protocol):
    """Checks and commits."""

    async def check(self, number: int) -> Any:
        """Ask for the spender whose turn `number` is. Returns a ticket to commit by; None is a refusal."""

    async def commit(self, ticket: Any) -> None:
        """Tell what it cost."""


class Opening(Protocol):
    """Says how to reach a target; travels to the process that makes the load."""

    def open(self) -> AbstractAsyncContextManager[Target]:
        """Connect while the block runs."""
