"""The answer to "may this be spent?"."""

from datetime import UTC, datetime

from rich.text import Text

from almoner.cli.draw.console import note, stdout
from almoner.cli.draw.limits import status_table
from almoner.cli.words import iso, span
from almoner.types.decision import Decision


def draw_decision(decision: Decision, hold_id: str | None = None, expires: datetime | None = None) -> None:
    """Print a decision: yes or no, why, and every limit that was looked at."""
    console, now = stdout(), datetime.now(UTC)
    console.print(_headline(decision))
    if hold_id is not None:
        console.print(Text.assemble(("hold ", ""), (hold_id, "bold"), f", expires {iso(expires)}"))
    if decision.retry_after is not None:
        retry = now + decision.retry_after
        console.print(f"try again in {span(decision.retry_after)} ({iso(retry.replace(microsecond=0))})")
    if decision.limits:
        if hold_id is not None:
            console.print(note("the limits as they were before this hold:"))
        console.print(status_table(decision.limits, now, console))
    elif not decision.degraded:
        console.print(note("no limit applies"))


def _headline(decision: Decision) -> Text:
    if decision.degraded:
        return Text("allowed without asking the store, which cannot be reached; nothing is held", "yellow")
    if decision.allowed:
        return Text("allowed", "bold green")
    return Text.assemble((f"refused: {decision.reason}", "bold red"), f"\n{decision.message}")
