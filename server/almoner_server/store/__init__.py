"""What is true: limits, accounts, holds and the ledger in PostgreSQL.

`Store` is the way in. It decides nothing: it reads what a decision needs, lets the core decide, and writes
what the core has changed, all in one transaction.
"""

from almoner_server.store.batch import BatchOutcome
from almoner_server.store.errors import SchemaMismatch, StoreError, StoreFailed, StoreUnavailable
from almoner_server.store.limit_records import DeleteLimit, LimitChange, RaisedLimit, RaiseLimit, SetLimit
from almoner_server.store.namespaces import NamespaceSettings
from almoner_server.store.paging import Page
from almoner_server.store.sessions import StoreOptions
from almoner_server.store.store import Store
from almoner_server.store.verify import Finding, Report
from almoner_server.store.waiting import Subscription

__all__ = [
    "Store",
    "StoreOptions",
    "BatchOutcome",
    "SetLimit",
    "RaiseLimit",
    "RaisedLimit",
    "DeleteLimit",
    "LimitChange",
    "NamespaceSettings",
    "Page",
    "Subscription",
    "Report",
    "Finding",
    "StoreError",
    "StoreUnavailable",
    "StoreFailed",
    "SchemaMismatch",
]
