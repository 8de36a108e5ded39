"""A replay from beginning to end: survey, stage, play, and look at what it left."""

from collections.abc import Callable, Iterable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace

from almoner import Client
from almoner.amounts import USD_MICROS
from almoner.cli.replay.budgets import budgets
from almoner.cli.replay.play import Pace, Player
from almoner.cli.replay.report import Report
from almoner.cli.replay.script import Script
from almoner.cli.replay.spending import spendings
from almoner.cli.replay.stage import (
    StageError,
    has_limits,
    leave_witness,
    open_chats,
    set_budgets,
    take_namespace,
)
from almoner.cli.replay.survey import Survey, survey
from almoner.cli.replay.tally import Tally
from almoner.cli.replay.verified import verify

Watch = Callable[[Tally, Survey], AbstractAsyncContextManager[None]]
"""Accompanies the play, for example with a progress bar."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Performance:
    """Says what to play, how, where, and what to look at afterwards."""

    script: Script
    pace: Pace
    scale: float | None
    """How wide to set the limits. None: set none."""
    server: str | None
    namespace: str
    timeout: float
    """Seconds for one request."""
    verify_options: tuple[str, ...]
    """Which database to verify, as `almoner verify` takes it."""


async def perform(performance: Performance, watch: Watch) -> Report:
    """Play a script.

    Raises:
        TraceError: The trace is malformed; nothing has been played.
        StageError: The namespace cannot be played in.
        CallError: The stage could not be set.
    """
    whole, tally = survey(performance.script), Tally()
    async with Client(
        performance.server, namespace=performance.namespace, timeout=performance.timeout
    ) as quota:
        fresh, units = await take_namespace(quota)
        await _set_stage(quota, performance, whole, units, fresh=fresh)
        witness = await leave_witness(quota)
        async with watch(tally, whole):
            await Player(quota, performance.pace, tally).play(replace(performance.script, units=units))
        left = await spendings(quota, whole)
    return Report(
        namespace=performance.namespace,
        fresh=fresh,
        whole=whole,
        tally=tally,
        spendings=left,
        verification=await verify(performance.verify_options, performance.namespace, witness),
    )


async def _set_stage(
    quota: Client, performance: Performance, whole: Survey, units: Iterable[str], *, fresh: bool
) -> None:
    if USD_MICROS not in units:
        raise StageError(f"the namespace {quota.namespace} does not count {USD_MICROS}")
    if performance.scale is not None:
        if not fresh and await has_limits(quota):
            raise StageError(
                f"the namespace {quota.namespace} has limits: play against them with --no-setup, "
                "or give another --namespace"
            )
        await set_budgets(quota, budgets(whole, performance.scale))
    await open_chats(quota, whole.openings, USD_MICROS)
