"""Which groups a user is in is taken from memory only as of the revision that everything else is of."""

from almoner_server.core.requests import Release
from almoner_server.core.terms import TargetKind
from almoner_server.store import Store

from tests.store.asking import checked, committed, hold, set_limit, spend


async def test_a_group_given_elsewhere_counts_although_its_users_limits_were_read_since(
    store: Store, replica: Store
) -> None:
    await set_limit(store, 5, TargetKind.GROUP_DEFAULT, "g")
    await committed(store, spend(1))
    request = hold(1)
    await checked(store, request)
    assert request.hold
    await replica.groups.set("default", "u1", ["g"])
    release = Release("default", request.hold.id)  # names no user, whose limits are read all the same
    await store.run_batch([release, spend(1, user="never seen")])
    assert not (await checked(store, hold(5))).decision.allowed
