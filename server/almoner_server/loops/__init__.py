"""What happens by itself: holds expire, old rows go, changes made elsewhere are noticed."""

from almoner_server.loops.expire import ExpireLoop
from almoner_server.loops.prune import PruneLoop
from almoner_server.loops.running import running
from almoner_server.loops.watch import WatchLoop

__all__ = ["running", "ExpireLoop", "PruneLoop", "WatchLoop"]
