"""The progress of a replay, where standard error is a terminal."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from almoner.cli.draw.console import stderr
from almoner.cli.replay.survey import Survey
from almoner.cli.replay.tally import Tally

_SECONDS = 0.1


@asynccontextmanager
async def progress(tally: Tally, whole: Survey) -> AsyncIterator[None]:
    """Draw a bar that grows with every call played, and the counts so far."""
    console = stderr()
    if not console.is_terminal:
        yield
        return
    counts = TextColumn("{task.fields[counts]}")
    columns = (BarColumn(), MofNCompleteColumn(), counts, TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("replay", total=whole.calls, counts="")
        following = asyncio.create_task(_follow(bar, task, tally))
        try:
            yield
        finally:
            following.cancel()


async def _follow(bar: Progress, task: TaskID, tally: Tally) -> None:
    while True:
        counts = f"allowed {tally.allowed:,}  refused {tally.refused:,}  failed {tally.failed:,}"
        bar.update(task, completed=tally.played, counts=counts)
        await asyncio.sleep(_SECONDS)
