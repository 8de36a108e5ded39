"""Compare every counter with the ledger, and what hangs together with what it hangs on."""

from almoner_server.store.verify.findings import Finding
from almoner_server.store.verify.report import VERIFY_SECONDS, Report, verify

__all__ = ["verify", "Finding", "Report", "VERIFY_SECONDS"]
