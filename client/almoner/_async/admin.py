"""The calls of administrators."""

from almoner._async.admin_ledger import LedgerAdmin
from almoner._async.admin_limits import LimitAdmin
from almoner._async.admin_namespaces import NamespaceAdmin


class AdminClient(LimitAdmin, NamespaceAdmin, LedgerAdmin):
    """Sets limits, groups and namespaces, and lists what is there. `Client.admin` gives one.

    A limit in `usd` is one in the unit `usd_micros`, given in decimal dollars. Lists come page by page,
    `page_size` at a time (1 to 1,000), while they are read. Calls with an `etag`, and deletions, are not sent
    again by themselves after UNAVAILABLE: the second would fail if the first was carried out.
    """
