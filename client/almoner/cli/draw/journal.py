"""What a journal has, and what came of delivering it."""

from collections.abc import Sequence
from pathlib import Path

from rich.text import Text

from almoner.cli.draw.console import note, stderr, stdout, table
from almoner.cli.words import counted, iso, money_first, quantity
from almoner.journal.book import Contents
from almoner.journal.entries import Entry, EntryState
from almoner.types.journal import Replayed
from almoner.v1 import quota_service_pb2 as quota


def draw_contents(contents: Contents, directory: Path) -> None:
    """Print the entries of a journal and how many there are in each state."""
    console = stdout()
    total = sum(contents.counts.values())
    if not total:
        console.print(note("nothing waits"))
        return
    drawn = table("entry", "by, in chat", "amounts", "state")
    for entry in contents.entries:
        drawn.add_row(_name(entry), _by(entry), _amounts(entry), _state(entry))
    console.print(drawn)
    states = ", ".join(f"{count:,} {state.lower()}" for state, count in contents.counts.items() if count)
    console.print(f"{states}; {contents.used_bytes:,} bytes in {directory}")
    if total > len(contents.entries):
        stderr().print(note(f"the first {len(contents.entries):,}; raise --limit to see more"))


def draw_replayed(replayed: Replayed) -> None:
    """Print what a replay did."""
    console = stdout()
    console.print(Text.assemble("delivered ", (f"{replayed.delivered:,}", "bold")))
    if replayed.dead:
        console.print(Text(f"refused for good: {replayed.dead:,}; see `almoner journal list`", "yellow"))
    if replayed.left:
        console.print(Text(f"to be sent again: {replayed.left:,}", "yellow"))


def draw_dropped(dropped: Sequence[int], others: Sequence[int], *, waiting: bool) -> None:
    """Print which entries were taken out, and which were not there or not to be."""
    stdout().print(f"dropped {len(dropped):,}")
    for number in others:
        stderr().print(
            note(f"{number} neither waits nor is dead" if waiting else f"{number} is no dead entry")
        )


def _name(entry: Entry) -> str:
    request = entry.request
    charge = request.charge_id or request.hold_id if isinstance(request, quota.CommitRequest) else ""
    what = f"{entry.kind.lower()} {charge or (request.hold_id if request else '')}"
    return f"{entry.number}  {iso(entry.create_time)}\n{what}"


def _by(entry: Entry) -> str:
    request = entry.request
    if not isinstance(request, quota.CommitRequest):
        return ""
    return "\n".join(filter(None, (request.subject.user, request.chat.id)))


def _amounts(entry: Entry) -> str:
    request = entry.request
    if not isinstance(request, quota.CommitRequest):
        return ""
    return "\n".join(quantity(unit, request.amounts[unit]) for unit in money_first(request.amounts))


def _state(entry: Entry) -> Text:
    style = "red" if entry.state is EntryState.DEAD else ""
    tried = f", tried {counted(entry.attempts, 'time')}" if entry.attempts else ""
    return Text("\n".join(filter(None, (f"{entry.state.lower()}{tried}", entry.error))), style)
