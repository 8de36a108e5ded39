"""Which addresses a client takes; it connects with its first call."""

import pytest
from almoner import InvalidArgument, blocking


@pytest.mark.parametrize(
    "address", ["127.0.0.1:99999", "localhost:65536", "[::1]:70000", "dns:///almoner.internal:500510"]
)
def test_a_port_that_cannot_be_is_refused(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InvalidArgument) as caught:
        blocking.Client(address)
    assert str(caught.value) == f"address: '{address}' is not an address with a port of 0 to 65535"
    assert caught.value.field == "address"
    monkeypatch.setenv("ALMONER_SERVER", address)
    with pytest.raises(InvalidArgument):
        blocking.Client()


def test_an_address_is_text() -> None:
    with pytest.raises(InvalidArgument, match="address: 50051 is not text"):
        blocking.Client(50051)  # type: ignore[arg-type]


@pytest.mark.parametrize("address", ["127.0.0.1:65535", "almoner.internal", "unix:/run/almoner:99999"])
def test_any_other_target_is_for_grpc_to_understand(address: str) -> None:
    with blocking.Client(address) as quota:
        assert quota.address == address
