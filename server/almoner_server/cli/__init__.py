"""The commands that come with the server. `almoner` finds them as entry points."""

from almoner_server.cli.maintenance import migrate, verify
from almoner_server.cli.serve import serve

__all__ = ["serve", "migrate", "verify"]
