"""What `verify` finds: which row is wrong, what it says and what it should say."""

from collections.abc import Callable
from dataclasses import dataclass

import asyncpg

from almoner_server.core.records import AccountKey
from almoner_server.core.terms import Period

UNLISTED = "open_hold_not_listed"
"""The kind of the finding that a hold would not be found when its time has come."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Is one thing that is wrong. `kind` names what sort, `subject` the row, `message` says it in words."""

    kind: str
    namespace: str
    subject: str
    message: str
    unit: str = ""
    period: Period | None = None
    counter: str = ""
    expected: int | None = None
    actual: int | None = None
    account: AccountKey | None = None
    """The account whose row is wrong, missing or left over: `repair` makes it anew."""

    @property
    def repairable(self) -> bool:
        """Tell whether `repair` mends it. The rest is for a person to decide."""
        return self.account is not None or self.kind == UNLISTED

    def __str__(self) -> str:
        return self.message


Describe = Callable[[asyncpg.Record], Finding]
"""Puts a row that a statement has found into words."""


def found(row: asyncpg.Record, subject: str, words: str, account: AccountKey | None = None) -> Finding:
    """Make the finding that `subject`, of the row's namespace and kind of finding, is as the words say."""
    message = f"{row['namespace']}: {subject} {words}"
    return Finding(row["finding"], row["namespace"], subject, message, account=account)


def differing(row: asyncpg.Record, subject: str, counter: str, words: str, by: str) -> Finding:
    """Make the finding that an amount of a unit is not what it comes to `by` others; `words` begin the sentence."""
    namespace, unit, actual, expected = row["namespace"], row["unit"], row["actual"], row["expected"]
    message = f"{namespace}: {subject}: {words} {actual}, should be {expected} by {by}"
    return Finding(
        row["finding"], namespace, subject, message, unit, counter=counter, expected=expected, actual=actual
    )
