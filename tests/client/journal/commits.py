"""What tests of commits with a journal have in common."""

from pathlib import Path

from almoner import Client, RetryPolicy

from tests.client.script import ScriptedServer

ONCE = RetryPolicy(attempts=1)


def client(address: str, directory: Path) -> Client:
    return Client(address, journal=directory, retry=ONCE)


def told(server: ScriptedServer) -> list[str]:
    """Give the ids of all commits that arrived, in order, however they came."""
    ids = []
    for call in server.calls:
        items = call.request.requests if call.method == "BatchCommit" else [call.request]
        ids += [item.charge_id or item.hold_id for item in items]
    return ids
