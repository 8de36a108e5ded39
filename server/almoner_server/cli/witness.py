"""How a database is known to be that of one server, whatever its address: by a charge that no other can have."""

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from almoner_server.store import Store


async def require_witness(store: "Store", namespace: str, user: str) -> None:
    """Make sure that a user has a charge in a namespace.

    Raises:
        ClickException: he has none, or there is no such namespace.
        StoreUnavailable: the database cannot be reached.
    """
    from almoner_server.core.errors import RequestFailed

    try:
        known = (await store.ledger.charges(namespace, user=user, page_size=1)).items
    except RequestFailed:
        known = ()
    if not known:
        raise click.ClickException(
            f"that is another server's database: nothing was charged to {user} in {namespace}"
        )
