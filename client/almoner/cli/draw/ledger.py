"""Charges, their corrections, and holds."""

from collections.abc import Mapping, Sequence

from rich.text import Text

from almoner.cli.draw.console import note, stderr, stdout, table
from almoner.cli.words import iso, money_first, quantities, quantity
from almoner.types.enums import ChargeOrigin
from almoner.types.ledger import Adjusted, Charge, Committed, HoldInfo
from almoner.types.parties import Chat

_ORIGINS = {
    ChargeOrigin.HOLD: "on a hold",
    ChargeOrigin.DIRECT: "direct",
    ChargeOrigin.EXPIRY: "at a hold's expiry",
}


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
    drawn = table("charge", "by, in chat", "amounts", "how")
    for charge in charges:
        drawn.add_row(
            f"{iso(charge.occurred_at)}\n{charge.id}",
            _by(charge.subject.user, charge.chat),
            "\n".join(_lines(charge.amounts)),
            _how(charge),
        )
        for adjustment in charge.adjustments:
            drawn.add_row(
                note(f"adjustment\n{adjustment.id}"),
                "",
                note("\n".join(_lines(adjustment.change))),
                note("\n".join(filter(None, (adjustment.kind.lower(), adjustment.reason)))),
            )
        if charge.adjustments:
            drawn.add_row("", "comes to", "\n".join(_lines(charge.net_amounts)), "")
    console.print(drawn)
    _tell_more(len(charges), more=more)


def _how(charge: Charge) -> str:
    words = [charge.settlement.lower(), _ORIGINS.get(charge.origin, charge.origin.lower())]
    words += ["late"] if charge.late else []
    words += ["real cost to come"] if charge.open else []
    return ", ".join(words)


def draw_holds(holds: Sequence[HoldInfo], *, more: bool) -> None:
    """Print holds."""
    console = stdout()
    if not holds:
        console.print(note("no holds"))
        return
    drawn = table("hold", "by, in chat", "amounts")
    for hold in holds:
        drawn.add_row(
            f"{iso(hold.admit_time)} {hold.state.lower()}\n{hold.id}\n{_end(hold)}",
            _by(hold.subject.user, hold.chat),
            "\n".join([*_lines(hold.held, " held"), *_lines(hold.spent, " spent")]),
        )
    console.print(drawn)
    _tell_more(len(holds), more=more)


def _by(user: str, chat: Chat | None) -> str:
    return f"{user}\n{chat.id}" if chat else user


def _end(hold: HoldInfo) -> str:
    return f"until {iso(hold.expire_time)}" if hold.settle_time is None else f"ended {iso(hold.settle_time)}"


def _lines(amounts: Mapping[str, int], what: str = "") -> list[str]:
    return [f"{quantity(unit, amounts[unit])}{what}" for unit in money_first(amounts)]


def _tell_more(shown: int, *, more: bool) -> None:
    if more:
        stderr().print(note(f"the newest {shown:,}; raise --limit to see more"))
