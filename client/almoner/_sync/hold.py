# Generated from almoner/_async/hold.py by tools/generate_blocking.py. Do not edit.
"""A hold that is open: what can be done with it, and what became of it."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import Enum, auto

from almoner._sync.calls import QuotaCalls
from almoner.amounts import Amount, collect_amounts
from almoner.errors import AlmonerError, RequestError
from almoner.runtime.blocking import finish
from almoner.types.batch import Check, Commit, HoldOptions
from almoner.types.decision import Checked, Decision
from almoner.types.enums import Settlement
from almoner.types.ledger import Committed, HoldInfo


class Stage(Enum):
    """Tells how far this side knows the hold to be."""

    OPEN = auto()
    SETTLING = auto()
    """A final commit or a release is under way."""
    UNTOLD = auto()
    """A commit got no answer: money was spent, and whether it was booked is not known."""
    SETTLED = auto()


class Hold:
    """Gives access to an amount set aside: commit what it really cost, or release it.

    Attributes:
        id: The hold's id, a UUID; also the id of its final charge.
        decision: The decision that admitted it.
        expire_time: When it expires, by the clock of who made it, as last told. None if nobody holds it.
        ttl: Seconds to live that the keep-alive of a block gives it each time.
        stage: How far this side knows it to be.
        keep_alive_error: Why the last attempt to prolong it failed. None: it did not. A commit still books.
    """

    def __init__(self, calls: QuotaCalls, check: Check, hold: HoldOptions, answer: Checked) -> None:
        self._calls = calls
        self._check = check
        self._totals = dict(check.amounts)
        self._booked: dict[str, Mapping[str, int]] = {}
        self._untold: set[str] = set()
        """Charges of commits that got no answer."""
        self.stage = Stage.OPEN
        self.id = hold.id
        self.ttl = hold.ttl
        self.decision: Decision = answer.decision
        self.expire_time: datetime | None = answer.hold_expire_time
        self.keep_alive_error: AlmonerError | None = None

    @property
    def degraded(self) -> bool:
        """Tell whether this was allowed without the store: nothing is held there, a commit is booked."""
        return self.decision.degraded

    @property
    def held(self) -> bool:
        """Tell whether anybody holds it: the authority, or the local allowance of this client."""
        return self.expire_time is not None

    @property
    def settled(self) -> bool:
        """Tell whether a final commit or a release has ended it."""
        return self.stage is Stage.SETTLED

    def commit(
        self,
        *,
        amounts: Mapping[str, Amount] | None = None,
        partial: bool = False,
        charge_id: str | None = None,
        settlement: Settlement = Settlement.ACTUAL,
        attributes: Mapping[str, str] | None = None,
        timeout: float | None = None,
        **units: Amount,
    ) -> Committed:
        """Book what it really cost. Never refused because of a limit; see docs/semantics.md, "Settlement".

        Runs to its end even if the caller is cancelled meanwhile: what was spent shall be booked.

        Args:
            amounts: The cost by unit, 0 to 10^13 each; `usd` in decimal dollars, a fraction of a micro-dollar
                rounded up.
            partial: Keep the hold open with the rest.
            charge_id: The id of the charge, a UUID. None: the hold's, or with `partial` a new one. Give
                one to a partial commit that you may have to repeat: a new id would book it again.
            settlement: How well the cost is known.
            attributes: Labels of the charge. None: those of the hold.
            timeout: Seconds. None: the client's.
            **units: The same as `amounts`, as keywords: `usd=0.25, tokens=700`.

        Raises:
            InvalidArgument: No amount, or one that cannot be.
            CallError: It was not booked, or whether it was is not known: then call again.
        """
        cost = collect_amounts(amounts, units)
        if settlement == Settlement.ESTIMATE and not cost:
            cost = self._rest()
        commit = Commit(
            amounts=cost,
            hold_id=self.id,
            charge_id=charge_id,
            partial=partial,
            settlement=settlement,
            user=self._check.user,
            groups=self._check.groups,
            chat=self._check.chat,
            parent=self._check.parent,
            attributes=self._check.attributes if attributes is None else attributes,
        )
        return finish(self._commit(commit, timeout))

    def _commit(self, commit: Commit, timeout: float | None) -> Committed:
        before, self.stage = self.stage, self.stage if commit.partial else Stage.SETTLING
        try:
            committed = self._calls.commit(commit, timeout=timeout)
        except RequestError:
            if not commit.partial:
                self.stage = before
            raise
        except BaseException:
            self._untold.add(commit.charge_id or self.id)
            if self.stage is not Stage.SETTLED:
                self.stage = Stage.UNTOLD
            raise
        self._booked[committed.charge.id] = committed.charge.amounts
        self._note(committed.charge.id, partial=commit.partial)
        return committed

    def _note(self, charge_id: str, *, partial: bool) -> None:
        """Note that a commit was answered. Another one may have settled the hold, or be without an answer."""
        self._untold.discard(charge_id)
        if not partial:
            self.stage = Stage.SETTLED
        elif self.stage is Stage.UNTOLD and not self._untold:
            self.stage = Stage.OPEN

    def _rest(self) -> dict[str, int]:
        """Give what is still held. The server may not know: it was `degraded`, or the hold has expired."""
        rest = Counter(self._totals)
        for amounts in self._booked.values():
            rest.subtract(amounts)
        return dict(+rest)

    def commit_estimate(
        self, *, amounts: Mapping[str, Amount] | None = None, timeout: float | None = None, **units: Amount
    ) -> Committed:
        """Book a guess, because the cost is not known yet. Without amounts: what is held.

        The charge stays listed as open until an adjustment gives the real cost.

        Raises:
            CallError: As `commit`.
        """
        return self.commit(
            amounts=collect_amounts(amounts, units), settlement=Settlement.ESTIMATE, timeout=timeout
        )

    def commit_unpriced(
        self, *, amounts: Mapping[str, Amount] | None = None, timeout: float | None = None, **units: Amount
    ) -> Committed:
        """Book a call whose price nobody knows; give what is known, such as `messages=1`. The rest counts 0.

        The charge stays listed as open until an adjustment gives the real cost.

        Raises:
            CallError: As `commit`.
        """
        return self.commit(
            amounts=collect_amounts(amounts, units), settlement=Settlement.UNPRICED, timeout=timeout
        )

    def release(self, *, timeout: float | None = None) -> None:
        """Give it back. Partial commits stand. Safe to repeat; nothing to do if nobody holds it.

        Raises:
            CallError: It was not released; its expiry will do it.
        """
        finish(self._release(timeout))

    def _release(self, timeout: float | None) -> HoldInfo | None:
        before, self.stage = self.stage, Stage.SETTLING
        try:
            info = self._calls.release(self.id, timeout=timeout) if self.held else None
        except BaseException:
            self.stage = before
            raise
        self.stage = Stage.SETTLED
        return info

    def extend(
        self,
        *,
        amounts: Mapping[str, Amount] | None = None,
        ttl: float | timedelta | None = None,
        timeout: float | None = None,
        **units: Amount,
    ) -> None:
        """Change the total amounts or the time to live. If nobody holds it, only `commit_estimate` goes by them.

        Args:
            amounts: New totals by unit, counting what was committed on it already. Units not named stay.
            ttl: Seconds to live from now, 1 s to 24 h; also for the keep-alive from now on. None: stays.
            timeout: Seconds. None: the client's.
            **units: The same as `amounts`, as keywords.

        Raises:
            Refused: There is no room for more; the hold is as before.
            CallError: The hold has ended, or the call failed.
        """
        totals = collect_amounts(amounts, units)
        if not self.held:
            self._totals.update(totals)  # an estimate is of what was meant to be spent
            return
        info = self._calls.extend(self.id, totals, ttl, timeout=timeout)
        self._totals.update(totals)
        self.expire_time = info.expire_time
        self.ttl = self.ttl if ttl is None else ttl
