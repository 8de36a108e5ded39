"""The core without a store: a book that is kept from call to call, and a clock that is set."""

import pickle
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from almoner_server.core.accounts import Account
from almoner_server.core.book import Book
from almoner_server.core.calendar import day_of
from almoner_server.core.execute import execute
from almoner_server.core.footprint import footprint
from almoner_server.core.records import AccountKey, Limit, LimitKey, NamespaceRules, Spender, Target
from almoner_server.core.requests import (
    Adjust,
    AdjustResult,
    Check,
    CheckResult,
    Commit,
    CommitResult,
    Expire,
    Extend,
    HoldOptions,
    HoldResult,
    Release,
    Request,
    Result,
)
from almoner_server.core.terms import (
    AccountKind,
    AdjustmentKind,
    ExpiryAction,
    GroupRule,
    Period,
    Settlement,
    TargetKind,
)

NS = "default"
NOW = datetime(2026, 3, 11, 10, tzinfo=UTC)
DEFAULT = Target(TargetKind.NAMESPACE_DEFAULT, "")
SINGLE = (TargetKind.USER, TargetKind.CHAT)


class Everything:
    """Remembers whatever is in a book."""

    def __init__(self, book: Book) -> None:
        self.rules = book.namespaces
        self.groups = book.groups
        self.chains = book.chains
        self.holds: dict[tuple[str, UUID], Spender] = {key: hold.spender for key, hold in book.holds.items()}
        self.estimates: dict[tuple[str, UUID], Spender] = {}
        self.charges: dict[tuple[str, UUID], Spender] = {
            key: charge.spender for key, charge in book.charges.items()
        }


class World:
    """Keeps a book as the store does: only the accounts that the footprint of a request names can be touched."""

    def __init__(self, *, group_rule: GroupRule = GroupRule.MIN, enabled: bool = True) -> None:
        self.limits: dict[LimitKey, Limit] = {}
        self._settings = (group_rule, enabled)
        self.book = Book(NOW, {})
        self.stored = self.book.accounts
        self.set_limits()

    def set_limits(self) -> None:
        """Put the limits in force, those of single users and chats apart from those of the namespace."""
        by_target: dict[Target, tuple[Limit, ...]] = {}
        for key, limit in self.limits.items():
            by_target[key.target] = (*by_target.get(key.target, ()), limit)
        shared = {target: limits for target, limits in by_target.items() if target.kind not in SINGLE}
        rule, enabled = self._settings
        self.book.namespaces[NS] = NamespaceRules(NS, frozenset({"usd"}), rule, enabled, 1, shared)
        self.book.limits = {
            (NS, target): limits for target, limits in by_target.items() if target.kind in SINGLE
        }

    def limit(
        self,
        amount: int | None,
        target: Target = DEFAULT,
        period: Period = Period.MONTH,
        unit: str = "usd",
        expire_time: datetime | None = None,
    ) -> None:
        """Set a limit."""
        key = LimitKey(target, unit, period)
        self.limits[key] = Limit(key, amount, expire_time)
        self.set_limits()

    def at(self, moment: datetime) -> None:
        """Set the clock."""
        self.book.now, self.book.today = moment, day_of(moment)

    def later(self, **span: float) -> None:
        """Move the clock."""
        self.at(self.book.now + timedelta(**span))

    def run(self, request: Request) -> Result:
        """Carry out a request on the accounts of its footprint, and on no other."""
        book = self.book
        book.accounts = self.accounts_for(request)
        try:
            return execute(book, request)
        finally:
            self.stored.update({key: account for key, account in book.accounts.items() if account.dirty})

    def accounts_for(self, request: Request) -> dict[AccountKey, Account]:
        """Read the accounts of a request's footprint."""
        book = self.book
        keys = footprint([request], Everything(book)).accounts
        return {key: self.stored.get(key) or Account.empty(key, book.today) for key in keys}

    def everything(self) -> dict[str, object]:
        """Copy all there is, to be compared with later. Accounts are rolled to today, as whoever reads them does."""
        for account in self.stored.values():
            account.roll(self.book.today)
        rest = {part.name: getattr(self.book, part.name) for part in fields(Book) if part.name != "accounts"}
        # Rules are equal only to themselves, a copy is not: what they say is compared.
        rest["namespaces"] = {name: rules.limits for name, rules in self.book.namespaces.items()}
        # By way of pickle, since deepcopy takes ten times as long and random sequences do this at every step.
        copied: dict[str, object] = pickle.loads(pickle.dumps({**rest, "accounts": self.stored}))
        return copied

    def check(self, usd: int = 0, user: str = "u", **more: object) -> CheckResult:
        """Ask, and store nothing."""
        return self._check(usd, user, None, more)

    def hold(
        self,
        usd: int,
        user: str = "u",
        *,
        ident: UUID | None = None,
        ttl: float = 600,
        on_expiry: ExpiryAction = ExpiryAction.RELEASE,
        **more: object,
    ) -> CheckResult:
        """Ask, and set the amount aside."""
        return self._check(usd, user, HoldOptions(ident or uuid4(), timedelta(seconds=ttl), on_expiry), more)

    def _check(self, usd: int, user: str, hold: HoldOptions | None, more: dict[str, object]) -> CheckResult:
        given = {"groups": (), "chat": "", "parent": "", "amounts": {"usd": usd}, **more}
        result = self.run(Check(NS, user, hold=hold, **given))  # type: ignore[arg-type]
        assert isinstance(result, CheckResult)
        return result

    def commit(self, hold_id: UUID | None, usd: int | None, **more: object) -> CommitResult:
        """Book a cost, on a hold or, with `user`, directly."""
        given: dict[str, object] = {
            "charge_id": hold_id or uuid4(),
            "amounts": {} if usd is None else {"usd": usd},
            "partial": False,
            "settlement": Settlement.ACTUAL,
            "user": "",
            "groups": (),
            "chat": "",
            "parent": "",
            **more,
        }
        result = self.run(Commit(NS, hold_id, **given))  # type: ignore[arg-type]
        assert isinstance(result, CommitResult)
        return result

    def spend(self, usd: int, user: str = "u", **more: object) -> CommitResult:
        """Book a direct charge."""
        return self.commit(None, usd, user=user, **more)

    def release(self, hold_id: UUID) -> HoldResult:
        """Give a hold back."""
        return self._on_hold(Release(NS, hold_id))

    def extend(self, hold_id: UUID, usd: int | None = None, ttl: float | None = None) -> HoldResult:
        """Set a new total, a new time to live, or both."""
        amounts = {} if usd is None else {"usd": usd}
        return self._on_hold(Extend(NS, hold_id, amounts, None if ttl is None else timedelta(seconds=ttl)))

    def expire(self, hold_id: UUID) -> HoldResult:
        """Do what the loop does."""
        return self._on_hold(Expire(NS, hold_id))

    def _on_hold(self, request: Request) -> HoldResult:
        result = self.run(request)
        assert isinstance(result, HoldResult)
        return result

    def adjust(
        self, charge_id: UUID, kind: AdjustmentKind, usd: int, ident: UUID | None = None
    ) -> AdjustResult:
        """Correct a charge."""
        result = self.run(Adjust(NS, charge_id, ident or uuid4(), kind, {"usd": usd}, "why"))
        assert isinstance(result, AdjustResult)
        return result

    def account(self, ident: str = "u", kind: AccountKind = AccountKind.USER) -> Account:
        """Return an account, rolled to now."""
        key = AccountKey(NS, kind, ident)
        account = self.stored.get(key) or Account.empty(key, self.book.today)
        account.roll(self.book.today)
        return account

    def sums(self, period: Period = Period.MONTH, ident: str = "u") -> tuple[int, int]:
        """Return what a user has spent and holds."""
        account = self.account(ident)
        return account.spent("usd", period), account.held("usd", period)
