"""Client of Almoner, the quota authority for LLM and agent spend.

`Client` is async; `almoner.blocking.Client` has the same calls for blocking programs.
"""

from almoner._async.admin import AdminClient
from almoner._async.client import Client
from almoner._async.hold import Hold
from almoner.amounts import Amount
from almoner.errors import (
    Aborted,
    AlmonerError,
    AlreadyExists,
    CallError,
    ClientClosed,
    DeadlineExceeded,
    FailedPrecondition,
    HoldNotSettled,
    InternalError,
    InvalidArgument,
    JournalBusy,
    JournalError,
    JournalFull,
    NotFound,
    Overloaded,
    QuotaBusy,
    QuotaExceeded,
    Refused,
    RequestError,
    ServiceError,
    Unavailable,
)
from almoner.http import HttpResponse
from almoner.ids import new_id
from almoner.journal.options import Journal, LocalAllowance
from almoner.money import format_usd
from almoner.retry import RetryPolicy
from almoner.types.batch import Check, Commit, HoldOptions
from almoner.types.decision import Checked, Decision
from almoner.types.enums import (
    AccountKind,
    AdjustmentKind,
    ChargeOrigin,
    ExpiryAction,
    GroupRule,
    HoldState,
    Period,
    RefusalReason,
    Scope,
    Settlement,
    TargetKind,
)
from almoner.types.journal import Replayed
from almoner.types.ledger import Adjusted, Adjustment, Charge, Committed, HoldInfo
from almoner.types.limits import Limit, LimitChange, LimitStatus, Raised
from almoner.types.namespace import Namespace
from almoner.types.parties import Account, Chat, Subject, Target
from almoner.types.status import AccountStatus, Status, Usage

__all__ = [
    # clients
    "Client",
    "AdminClient",
    "Hold",
    "RetryPolicy",
    "Journal",
    "LocalAllowance",
    # what calls take
    "Amount",
    "Check",
    "Commit",
    "HoldOptions",
    "Target",
    "new_id",
    "format_usd",
    # what calls give
    "Decision",
    "LimitStatus",
    "Checked",
    "Committed",
    "Adjusted",
    "Raised",
    "Replayed",
    "HoldInfo",
    "Charge",
    "Adjustment",
    "Status",
    "AccountStatus",
    "Usage",
    "Limit",
    "LimitChange",
    "Namespace",
    "Subject",
    "Chat",
    "Account",
    # enums
    "Period",
    "TargetKind",
    "Scope",
    "RefusalReason",
    "ExpiryAction",
    "HoldState",
    "Settlement",
    "ChargeOrigin",
    "AdjustmentKind",
    "GroupRule",
    "AccountKind",
    # errors
    "AlmonerError",
    "Refused",
    "QuotaExceeded",
    "QuotaBusy",
    "HttpResponse",
    "HoldNotSettled",
    "ClientClosed",
    "JournalError",
    "JournalBusy",
    "JournalFull",
    "CallError",
    "RequestError",
    "InvalidArgument",
    "NotFound",
    "AlreadyExists",
    "FailedPrecondition",
    "Aborted",
    "ServiceError",
    "Unavailable",
    "DeadlineExceeded",
    "Overloaded",
    "InternalError",
]
