"""Compare every counter with the ledger, and what hangs together with what it hangs on."""

from almoner_server.store.verify.findings import UNLISTED, Finding
from almoner_server.store.verify.report import VERIFY_SECONDS, Report, verify

__all__ = ["verify", "Finding", "Report", "UNLISTED", "VERIFY_SECONDS"]
