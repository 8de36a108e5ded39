"""Where things lie."""

from pathlib import Path

import pytest
from almoner_server.embedded import DataDirError, EmbeddedPostgres, default_data_dir, embedded_dsn
from almoner_server.embedded.paths import ON_MACOS, Layout

from tests.embedded.machine import query


@pytest.mark.parametrize("name", ["d" * 100, "a,b"])
async def test_where_the_path_cannot_hold_a_socket_it_lies_elsewhere_and_is_found(
    data_dir: Path, name: str
) -> None:
    directory = data_dir / name
    async with EmbeddedPostgres(directory) as pg:
        elsewhere = Layout.of(directory).socket_dir
        assert elsewhere.stat().st_mode & 0o777 == 0o700
        assert await query(embedded_dsn(directory), "SELECT 1") == 1
        assert embedded_dsn(directory) == pg.dsn
    assert not elsewhere.exists()


@pytest.mark.parametrize(("length", "inside"), [(84, True), (85, False)])
def test_a_socket_path_has_at_most_102_bytes(length: int, inside: bool) -> None:
    root = Path("/" + "d" * (length - 1))
    layout = Layout.of(root)
    assert layout.socket_is_elsewhere is not inside
    assert len(bytes(layout.socket_dir / ".s.PGSQL.5432")) <= 102


def test_two_long_directories_do_not_share_a_socket() -> None:
    assert Layout.of(Path("/" + "d" * 150)).socket_dir != Layout.of(Path("/" + "d" * 151)).socket_dir


async def test_a_squatted_socket_directory_is_refused(data_dir: Path) -> None:
    directory = data_dir / ("d" * 100)
    elsewhere = Layout.of(directory).socket_dir
    elsewhere.symlink_to(data_dir.parent)
    try:
        with pytest.raises(DataDirError, match=str(elsewhere)):
            await EmbeddedPostgres(directory).start()
    finally:
        elsewhere.unlink()


@pytest.mark.skipif(ON_MACOS, reason="macOS has a place of its own")
def test_the_default_is_the_user_s_data_directory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/ann")
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    assert default_data_dir() == Path("/home/ann/.local/share/almoner")
    monkeypatch.setenv("XDG_DATA_HOME", "/data")
    assert default_data_dir() == Path("/data/almoner")
    monkeypatch.setenv("XDG_DATA_HOME", "relative")
    assert default_data_dir() == Path("/home/ann/.local/share/almoner")
