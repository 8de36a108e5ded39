"""Who goes first: lanes, group commit, waiting for room, retry.

`Engine` is the way in. While one transaction is under way the calls that arrive form the next, so the cost of
a commit is shared by as many as there are, and a lone call never waits for company.
"""

from almoner_server.engine.calls import Outcome
from almoner_server.engine.engine import Engine
from almoner_server.engine.options import EngineOptions
from almoner_server.engine.ports import BatchStore, Observer

__all__ = ["Engine", "EngineOptions", "Observer", "BatchStore", "Outcome"]
