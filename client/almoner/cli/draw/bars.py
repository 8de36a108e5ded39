"""Bars of spent, held and remaining."""

from rich.text import Text

_BLOCKS = ("█", "▒", "░")
_LETTERS = ("#", "+", ".")


def bar(limit: int | None, spent: int, held: int, *, width: int, encoding: str = "utf-8") -> Text:
    """Draw one limit: what is spent, what is held, what remains.

    What is not nothing has at least one cell, and the bar is full only when nothing remains.

    Args:
        limit: The limit; None is unlimited.
        spent: Spent in the window, at least 0.
        held: On open holds in the window, at least 0.
        width: Cells, at least 3.
        encoding: Of the terminal; if it lacks blocks, letters are drawn.
    """
    if limit is None:
        return Text("unlimited".center(width), style="dim")
    spent_cells, held_cells = _cells(limit, spent, held, width)
    marks = _marks(encoding)
    drawn = Text()
    drawn.append(marks[0] * spent_cells, _style(limit, spent, held))
    drawn.append(marks[1] * held_cells, "cyan")
    drawn.append(marks[2] * (width - spent_cells - held_cells), "dim")
    return drawn


def _cells(limit: int, spent: int, held: int, width: int) -> tuple[int, int]:
    """Share the cells out between spent and held; the rest remains."""
    if spent + held >= limit:
        whole = max(spent + held, 1)
        held_cells = _at_least_one(held, held * width // whole)
        return width - held_cells, held_cells
    spent_cells = _at_least_one(spent, spent * width // limit)
    held_cells = _at_least_one(held, held * width // limit)
    too_many = max(0, spent_cells + held_cells - (width - 1))
    return spent_cells - too_many, held_cells


def _at_least_one(amount: int, cells: int) -> int:
    return max(cells, 1) if amount else 0


def _style(limit: int, spent: int, held: int) -> str:
    if spent >= limit:
        return "red"
    return "yellow" if (spent + held) * 5 >= limit * 4 else "green"


def _marks(encoding: str) -> tuple[str, str, str]:
    try:
        "".join(_BLOCKS).encode(encoding)
    except (LookupError, UnicodeEncodeError):
        return _LETTERS
    return _BLOCKS
