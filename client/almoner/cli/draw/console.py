"""Where answers are drawn: colours on a terminal, plain text elsewhere; NO_COLOR is honoured by rich."""

import os

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

PLAIN_WIDTH = 240
"""Columns where there is no terminal: a line that a script reads is not wrapped."""


def stdout() -> Console:
    """Make the console for answers."""
    return _console(stderr=False)


def stderr() -> Console:
    """Make the console for what accompanies an answer: progress and notes."""
    return _console(stderr=True)


def _console(*, stderr: bool) -> Console:
    console = Console(stderr=stderr, highlight=False, markup=False, emoji=False)
    if not console.is_terminal and "COLUMNS" not in os.environ:
        console.width = PLAIN_WIDTH
    return console


def table(*columns: str, numbers: tuple[str, ...] = ()) -> Table:
    """Make a table that fits 80 columns if it can; columns in `numbers` stand at the right."""
    made = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold", show_edge=False)
    for column in columns:
        made.add_column(column, justify="right" if column in numbers else "left", overflow="fold")
    return made


def bar_width(console: Console) -> int:
    """Choose how many cells a bar has, beside 72 columns of text."""
    return min(24, max(8, console.width - 72))


def note(text: str) -> Text:
    """Write what is of lesser weight."""
    return Text(text, style="dim")
