"""A page token that this server has not made is bad input, whatever is in it."""

import base64
import json

import pytest
from almoner_server.core.errors import RequestFailed
from almoner_server.store import Store

from tests.store.test_paging import LISTS, filled

__all__ = ["filled"]


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("key", [[["int", str(2**70)]], [["str", "a\0"]], [["str", "a"]] * 9], ids=str)
async def test_a_token_that_was_tampered_with_is_refused(
    filled: Store, name: str, key: list[list[str]]
) -> None:
    token = (await LISTS[name](filled, page_size=1)).next_page_token
    mark, _ = json.loads(base64.urlsafe_b64decode(token))
    forged = base64.urlsafe_b64encode(json.dumps([mark, key]).encode()).decode()
    with pytest.raises(RequestFailed, match="page_token"):
        await LISTS[name](filled, page_token=forged)
