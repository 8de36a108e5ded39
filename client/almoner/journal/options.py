"""What a caller chooses: where the journal lies, and what to do when the authority cannot be reached."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from os import PathLike
from pathlib import Path

from almoner.amounts import Amount, collect_amounts

MIN_BYTES = 64 << 10
MAX_BYTES = 64 << 20


@dataclass(frozen=True, slots=True)
class Journal:
    """Says where commits are kept until the authority has them.

    Args:
        directory: On a disk of this machine; made if it is not there. Any number of processes may share it,
            all of them clients of one authority.
        max_bytes: How large it may grow, at least 65,536. A commit takes about 500 bytes.

    Raises:
        ValueError: `directory` is empty, or `max_bytes` too small.
    """

    directory: str | PathLike[str]
    max_bytes: int = MAX_BYTES

    def __post_init__(self) -> None:
        if not os.fspath(self.directory):  # would be the working directory
            raise ValueError(f"directory: {self.directory!r} names none")
        if self.max_bytes < MIN_BYTES:
            raise ValueError(f"max_bytes: {self.max_bytes} is below {MIN_BYTES}")

    @property
    def path(self) -> Path:
        """Give the directory, absolute: the process may move to another one."""
        return Path(self.directory).absolute()


@dataclass(frozen=True, init=False)
class LocalAllowance:
    """Says how much each user may spend unseen while the authority cannot be reached.

    What is allowed under it, and not booked at the authority yet, stays within these amounts for each user of a
    namespace, over all processes that share the journal. Direct charges count too; they are never refused. A unit
    that is not named has no allowance.

    Args:
        amounts: By unit, 0 to 10^13.
        **units: The same, as keywords: `LocalAllowance(usd="0.50", messages=20)`.

    Raises:
        InvalidArgument: An amount that cannot be.
    """

    amounts: Mapping[str, int]

    def __init__(self, amounts: Mapping[str, Amount] | None = None, **units: Amount) -> None:
        object.__setattr__(self, "amounts", collect_amounts(amounts, units))
