"""Arguments that are no text: bytes that are not UTF-8. A path may be such, an id may not."""

import os
from collections.abc import Iterator, Sequence

PREFIX = "ALMONER_"


def unreadable(arguments: Sequence[str]) -> str | None:
    """Say which argument or variable is not in UTF-8 and has its option named, None if none is."""
    for name, text in (*_arguments(arguments), *_variables()):
        if _is_unreadable(text):
            return f"{name}{os.fsencode(text)!r} is not text in UTF-8"
    return None


def _arguments(arguments: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Give every argument after the option that it may belong to."""
    before = ""
    for argument in arguments:
        option, equals, value = argument.partition("=")
        if option.startswith("--") and equals:
            yield f"{option}: ", value
        else:
            yield f"{before}: " if before.startswith("-") else "", argument
        before = option if not equals else ""


def _variables() -> Iterator[tuple[str, str]]:
    return ((f"{name}: ", text) for name, text in os.environ.items() if name.startswith(PREFIX))


def _is_unreadable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False
