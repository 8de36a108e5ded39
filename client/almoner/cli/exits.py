"""How a command ends: exit codes that a script can tell apart, and one line for a person."""

from enum import IntEnum

from almoner.errors import (
    AlmonerError,
    CallError,
    DeadlineExceeded,
    InvalidArgument,
    JournalBusy,
    Overloaded,
    Refused,
    RequestError,
    Unavailable,
)
from almoner.types.decision import Decision
from almoner.types.enums import RefusalReason


class ExitCode(IntEnum):
    """Says how a command ended. A refusal is an answer, not a failure, and has codes of its own."""

    OK = 0
    FAILURE = 1
    BAD_INPUT = 2
    EXHAUSTED = 3
    BUSY = 4
    NOT_POSSIBLE = 5
    UNAVAILABLE = 6
    DIFFERENCES = 7
    INTERRUPTED = 130


EXIT_CODES = """\b
Exit codes:
    0  allowed, or done
    1  unexpected failure
    2  wrong usage or bad input
    3  refused: a limit is EXHAUSTED
    4  refused: BUSY, would fit once open holds settle
    5  not found, exists already, not possible in this state, or etag mismatch
    6  server or store unavailable, overloaded, or no answer in time
    7  `almoner verify` found differences
  130  interrupted

"""


def code_of_decision(decision: Decision) -> ExitCode:
    """Tell refusals by EXHAUSTED from those by BUSY."""
    if decision.allowed:
        return ExitCode.OK
    return ExitCode.BUSY if decision.reason is RefusalReason.BUSY else ExitCode.EXHAUSTED


def code_of_error(error: AlmonerError) -> ExitCode:
    """Choose the exit code of an error of the client."""
    match error:
        case Refused(decision=decision):
            return code_of_decision(decision)
        case InvalidArgument():
            return ExitCode.BAD_INPUT
        case RequestError() | JournalBusy():
            return ExitCode.NOT_POSSIBLE
        case Unavailable() | DeadlineExceeded() | Overloaded():
            return ExitCode.UNAVAILABLE
        case _:
            return ExitCode.FAILURE


def line_of_error(error: AlmonerError) -> str:
    """Say in one line what went wrong, with the reason that a program would look at."""
    text = " ".join(str(error).split())
    if not isinstance(error, CallError):
        return text
    reason = f" [{error.reason}]" if error.reason else ""
    return f"{error.code}: {text}{reason}"
