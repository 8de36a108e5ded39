"""What the authority would never take is not allowed here either: its cost could not be booked."""

from pathlib import Path
from typing import Any

import pytest
from almoner import Check, Client, HoldOptions, InvalidArgument, new_id
from almoner.journal import bounds
from almoner.v1.quota_service_pb2 import CheckQuotaRequest, ExtendRequest
from google.protobuf.json_format import ParseDict

from tests.client.journal.callers import counts
from tests.wire.bad_input import LONG, Case, named
from tests.wire.test_bad_input import CASES, EXTEND

DAY = 86_400
NOT_FOUND_HERE = ("amounts[euros]", "hold.on_expiry")
"""Which units a namespace has only the authority knows; a number that is no action this client cannot send."""

MORE: list[Case] = [
    (ExtendRequest, {**EXTEND, "ttl": "864000s"}, "DURATION_OUT_OF_RANGE", "ttl"),
    (ExtendRequest, {**EXTEND, "amounts": {"in_flight": 1}}, "UNKNOWN_UNIT", "amounts[in_flight]"),
]


@pytest.mark.parametrize(
    ("kind", "content", "reason", "field"),
    [
        case
        for case in [*CASES, *MORE]
        if case[0] in (CheckQuotaRequest, ExtendRequest) and case[3] not in NOT_FOUND_HERE
    ],
    ids=named,
)
def test_what_the_authority_refuses_is_refused_here_with_the_same_reason_and_field(
    kind: Any, content: dict[str, Any], reason: str, field: str
) -> None:
    request = ParseDict(content, kind())
    with pytest.raises(InvalidArgument) as caught:
        (bounds.require_check if kind is CheckQuotaRequest else bounds.require_extend)(request)
    assert (caught.value.reason, caught.value.field) == (reason, field)
    assert str(caught.value).startswith(f"{field}: ")


@pytest.mark.parametrize(
    ("bad", "field"),
    [
        ({"user": "u\n1"}, "subject.user"),
        ({"user": ""}, "subject.user"),
        ({"user": LONG}, "subject.user"),
        ({"groups": [""]}, "subject.groups[0]"),
        ({"chat": "c", "parent": "c"}, "chat.parent_id"),
        ({"ttl": 10 * DAY}, "hold.ttl"),
        ({"ttl": 0.5}, "hold.ttl"),
        ({"hold_id": "h-1"}, "hold.id"),
        ({"wait": 301}, "wait"),
        ({"attributes": {"": "x"}}, "attributes"),
        ({"amounts": {"Tokens": 0}}, "amounts['Tokens']"),
    ],
)
async def test_a_hold_out_of_bounds_is_not_allowed_here(
    alone: Client, tmp_path: Path, bad: dict[str, Any], field: str
) -> None:
    with pytest.raises(InvalidArgument) as caught:
        await alone.open_hold(**{"user": "u-1", **bad})
    assert caught.value.field == field
    assert counts(tmp_path) == {}


async def test_a_check_without_a_hold_has_the_same_bounds(alone: Client) -> None:
    with pytest.raises(InvalidArgument):
        await alone.check(user="u\n1", tokens=1)


async def test_an_extension_out_of_bounds_is_not_allowed_here(alone: Client) -> None:
    hold = await alone.open_hold(user="u-1", tokens=1)
    for ttl in 0.5, 10 * DAY:
        with pytest.raises(InvalidArgument) as caught:
            await hold.extend(ttl=ttl)
        assert caught.value.field == "ttl"
    with pytest.raises(InvalidArgument):
        await alone.extend(hold.id)


async def test_what_is_just_within_the_bounds_is_allowed(alone: Client) -> None:
    hold = HoldOptions(id=new_id().upper(), ttl=DAY)
    most = Check(
        user="é" * 128,
        groups=tuple(f"g-{number}" for number in range(64)),
        chat="c" * 256,
        parent="p" * 256,
        amounts={"tokens": 1},
        hold=hold,
        attributes={str(number): "x" * 250 for number in range(32)},
    )
    answer = await alone.open_hold(
        user=most.user,
        groups=most.groups,
        chat=most.chat,
        parent=most.parent,
        tokens=1,
        ttl=DAY,
        wait=300,
        hold_id=hold.id,
        attributes=most.attributes,
    )
    await answer.extend(ttl=1)
