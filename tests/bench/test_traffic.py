"""What the load sends is what a client would send."""

import pytest
from almoner import new_id
from almoner.v1 import quota_service_pb2 as quota

from bench.sections.batch import AT_ONCE, users_for
from bench.traffic import HELD, SPENT, USD, Shape, Traffic, Wire


@pytest.mark.parametrize("shape", list(Shape))
def test_requests_written_beforehand_are_those_that_protobuf_writes(shape: Shape) -> None:
    traffic = Traffic(shape, users=5)
    wire, ids = Wire(traffic), [new_id() for _ in range(7)]
    batch = quota.BatchCheckQuotaRequest.FromString(wire.checks(3, [one.encode() for one in ids]))
    assert [item.hold.id for item in batch.requests] == ids
    spenders = traffic.spenders()
    users = [spenders[number % len(spenders)].user for number in range(3, 10)]
    assert [item.subject.user for item in batch.requests] == users
    single = quota.CheckQuotaRequest.FromString(wire.check(3, ids[0].encode()))
    assert single == batch.requests[0]
    assert dict(single.amounts) == {USD: HELD}
    commits = quota.BatchCommitRequest.FromString(wire.commits([one.encode() for one in ids]))
    assert [(item.hold_id, dict(item.amounts)) for item in commits.requests] == [
        (one, {USD: SPENT}) for one in ids
    ]


@pytest.mark.parametrize("size", [1, 7, 32, 500, 1000])
def test_batches_under_way_at_once_have_no_user_in_common(size: int) -> None:
    users = users_for(size)
    taken = [_users_of(lane, size, users) for lane in range(AT_ONCE)]
    assert sum(len(one) for one in taken) == len(set().union(*taken))


def _users_of(lane: int, size: int, users: int) -> set[int]:
    """Return whom one of the tasks that send batches meets, on its way round all users three times."""
    firsts = range(lane * size, 3 * users, AT_ONCE * size)
    return {(first + place) % users for first in firsts for place in range(size)}
