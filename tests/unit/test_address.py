"""Where a server may listen."""

import socket
from pathlib import Path

import pytest
from almoner_server.rpc.address import ListenError, join, require_free, split


@pytest.mark.parametrize(
    ("address", "parts"),
    [
        ("127.0.0.1:50051", ("127.0.0.1", 50051)),
        ("[::1]:0", ("::1", 0)),
        ("localhost:65535", ("localhost", 65535)),
    ],
)
def test_an_address_is_split_and_joined(address: str, parts: tuple[str, int]) -> None:
    assert split(address) == parts
    assert join(*parts) == address


@pytest.mark.parametrize("address", ["", ":1", "host", "host:", "host:x", "host:-1", "host:65536", "host:٣"])
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(ListenError, match="give host:port with a port of 0 to 65535"):
        split(address)


def test_a_port_is_free_until_somebody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(ListenError, match="Address already in use"):
            require_free(address)
    require_free(address)


def test_an_address_of_another_machine_is_refused() -> None:
    with pytest.raises(ListenError, match=r"192\.0\.2\.1:50051"):
        require_free("192.0.2.1:50051")


def test_a_socket_that_nobody_listens_on_any_more_is_free(tmp_path: Path) -> None:
    path = tmp_path / "s"
    with socket.socket(socket.AF_UNIX) as left_behind:
        left_behind.bind(str(path))
        left_behind.listen()
        with pytest.raises(ListenError, match="another process"):
            require_free(f"unix:{path}")
    require_free(f"unix:{path}")


def test_a_file_is_never_taken_for_a_socket(tmp_path: Path) -> None:
    path = tmp_path / "s"
    path.write_text("precious")
    with pytest.raises(ListenError, match="no socket"):
        require_free(f"unix:{path}")
    assert path.read_text() == "precious"
