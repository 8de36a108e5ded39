"""What replicas tell each other names everything, in parts that a notification can hold."""

import json

from almoner_server.core.records import AccountKey
from almoner_server.core.terms import AccountKind
from almoner_server.store.seams import freed_payloads, tag_of

MOST_BYTES = 8000


def test_however_many_accounts_have_room_all_are_named_in_payloads_that_fit() -> None:
    keys = [AccountKey("default", AccountKind.USER, f"u{number}") for number in range(1000)]
    payloads = freed_payloads(keys)
    told = [tag for payload in payloads for tag in json.loads(payload)["freed"]]
    assert sorted(told) == sorted(tag_of(key) for key in keys)
    assert all(len(payload) < MOST_BYTES for payload in payloads)
