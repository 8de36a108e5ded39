"""Charges, their corrections, and holds."""

from collections.abc import Sequence

from rich.text import Text

from almoner.cli.draw.console import note, stderr, stdout, table
from almoner.cli.words import iso, quantities, quantity
from almoner.types.ledger import Adjusted, Charge, Committed, HoldInfo
from almoner.types.parties import Chat


def draw_committed(answer: Committed) -> None:
    """Print what was booked, and by how much it went past what was held."""
    console, charge = stdout(), answer.charge
    told = " (had been booked before)" if answer.replayed else ""
    late = ", late" if charge.late else ""
    console.print(
        Text.assemble("booked ", (quantities(charge.amounts), "bold"), f" to {charge.subject.user}")
    )
    console.print(f"charge {charge.id}, {charge.settlement.lower()}{late}{told}")
    if answer.overrun:
        console.print(Text(f"past what was held by {quantities(answer.overrun)}", "yellow"))


def draw_adjusted(answer: Adjusted) -> None:
    """Print a correction and what its charge comes to now."""
    console, charge, adjustment = stdout(), answer.charge, answer.adjustment
    told = " (had been booked before)" if answer.replayed else ""
    console.print(f"adjusted by {quantities(adjustment.change)}; adjustment {adjustment.id}{told}")
    console.print(f"charge {charge.id} comes to {quantities(charge.net_amounts)}")


def draw_hold(hold: HoldInfo) -> None:
    """Print one hold."""
    console = stdout()
    expires = f", expires {iso(hold.expire_time)}" if hold.settle_time is None else ""
    console.print(Text.assemble("hold ", (hold.id, "bold"), f" is {hold.state}{expires}"))
    console.print(f"held {quantities(hold.held)}, spent {quantities(hold.spent)}")


def draw_charges(charges: Sequence[Charge], *, more: bool) -> None:
    """Print the ledger."""
    console = stdout()
    if not charges:
        console.print(note("no charges"))
        return
    drawn = table("occurred", "user", "chat", "charge", "amounts", "comes to", "how")
    for charge in charges:
        drawn.add_row(
            iso(charge.occurred_at),
            charge.subject.user,
            _chat(charge.chat),
            charge.id,
            quantities(charge.amounts),
            quantities(charge.net_amounts) if charge.adjustments else "",
            _how(charge),
        )
        for adjustment in charge.adjustments:
            changes = ", ".join(quantity(unit, change) for unit, change in adjustment.change.items())
            reason = f": {adjustment.reason}" if adjustment.reason else ""
            drawn.add_row(
                "", "", "", note(adjustment.id), note(changes), "", note(f"{adjustment.kind}{reason}")
            )
    console.print(drawn)
    _tell_more(len(charges), more=more)


def _how(charge: Charge) -> str:
    words = [charge.settlement.lower(), f"by {charge.origin.lower()}"]
    words += ["late"] if charge.late else []
    words += ["real cost to come"] if charge.open else []
    return ", ".join(words)


def draw_holds(holds: Sequence[HoldInfo], *, more: bool) -> None:
    """Print holds."""
    console = stdout()
    if not holds:
        console.print(note("no holds"))
        return
    drawn = table("admitted", "user", "chat", "hold", "state", "held", "spent", "expires or ended")
    for hold in holds:
        drawn.add_row(
            iso(hold.admit_time),
            hold.subject.user,
            _chat(hold.chat),
            hold.id,
            str(hold.state),
            quantities(hold.held),
            quantities(hold.spent),
            iso(hold.settle_time or hold.expire_time),
        )
    console.print(drawn)
    _tell_more(len(holds), more=more)


def _chat(chat: Chat | None) -> str:
    return chat.id if chat else "-"


def _tell_more(shown: int, *, more: bool) -> None:
    if more:
        stderr().print(note(f"the newest {shown:,}; there are more: --limit shows them"))
