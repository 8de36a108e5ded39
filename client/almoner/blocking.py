"""The blocking client: the same calls as `almoner.Client`, without `async` and `await`."""

from almoner._sync.admin import AdminClient
from almoner._sync.client import Client
from almoner._sync.hold import Hold

__all__ = ["Client", "AdminClient", "Hold"]
