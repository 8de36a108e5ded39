"""`almoner serve --workers`: several processes on one port are one server, whatever dies."""

import asyncio
import json
import os
import re
import signal
import socket
import sys
from asyncio.subprocess import Process
from collections.abc import Iterator
from contextlib import AsyncExitStack, ExitStack
from pathlib import Path

import asyncpg
import pytest
from almoner import Client, Hold, Period, Refused, Target
from almoner.runtime.channel import CHANNEL_OPTIONS

from tests.support.locks import A_BATCH, until_blocked
from tests.support.server import ServerProcess, launch, run_server, server_process
from tests.workers.crew import children, descendants, kill, lives, until

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks at processes by /proc")

CALLERS = 1_000
LIMIT = 5


def crew_of(server: ServerProcess) -> list[int]:
    """Return the processes that the supervisor says it has started."""
    found = re.search(r"by \d+ workers \(processes (.*)\)", server.first_line)
    assert found, server.first_line
    return [int(pid) for pid in found[1].split(", ")]


async def finished(process: Process) -> tuple[int | None, str]:
    _, errors = await asyncio.wait_for(process.communicate(), 60)
    return process.returncode, errors.decode()


@pytest.fixture(autouse=True)
def own_connections() -> Iterator[None]:
    """Give each client a connection of its own, as if it were in another process: gRPC shares them in one."""
    CHANNEL_OPTIONS.append(("grpc.use_local_subchannel_pool", 1))
    yield
    CHANNEL_OPTIONS.pop()


async def spread(stack: AsyncExitStack, address: str, count: int) -> list[Client]:
    """Open clients: the kernel spreads connections over the workers, not calls."""
    return [await stack.enter_async_context(Client(address)) for _ in range(count)]


def free_ports(count: int) -> int:
    """Return the first of several ports in a row that nobody listens on."""
    for first in range(20_000 + os.getpid() % 9_000, 60_000, count):
        try:
            for port in range(first, first + count):
                socket.create_server(("127.0.0.1", port)).close()
        except OSError:
            continue
        return first
    raise AssertionError("no ports")


async def calls_counted(port: int) -> int:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET /metrics HTTP/1.0\r\n\r\n")
    text = (await reader.read()).decode()
    writer.close()
    found = re.search(
        r'almoner_calls_total\{code="OK",method="almoner.v1.QuotaService/CheckQuota"\} (\d+)', text
    )
    return int(found[1]) if found else 0


async def test_every_worker_answers_and_shows_metrics_of_its_own(database: str) -> None:
    port = free_ports(2)
    options = ("--database-url", database, "--workers", "2", "--metrics-listen", f"127.0.0.1:{port}")
    async with server_process(*options) as server, AsyncExitStack() as stack:
        assert sorted(children(server.pid)) == sorted(crew_of(server))
        for quota in await spread(stack, server.address, 40):
            await quota.check(user="u")
        counts = [await calls_counted(port), await calls_counted(port + 1)]
    assert sum(counts) == 40
    assert min(counts) > 0


async def test_a_thousand_callers_of_two_workers_share_five(database: str) -> None:
    async with (
        server_process("--database-url", database, "--workers", "2") as server,
        AsyncExitStack() as stack,
    ):
        clients = await spread(stack, server.address, 16)
        await clients[0].admin.set_limit(Target.user("u"), unit="messages", period=Period.DAY, amount=LIMIT)
        barrier = asyncio.Barrier(CALLERS)

        async def ask(quota: Client) -> bool:
            await barrier.wait()
            try:
                await quota.open_hold(user="u", messages=1, timeout=60)
            except Refused:
                return False
            return True

        admitted = await asyncio.gather(*(ask(clients[number % 16]) for number in range(CALLERS)))
        assert sum(admitted) == LIMIT
        (limit,) = (await clients[0].status(user="u")).limits
        assert (limit.spent, limit.held) == (0, LIMIT)


async def test_a_killed_worker_comes_back_and_callers_that_retry_lose_nothing(database: str) -> None:
    server = await run_server("--database-url", database, "--workers", "2")
    first, second = crew_of(server)
    async with AsyncExitStack() as stack:
        clients = await spread(stack, server.address, 16)
        over = asyncio.Event()

        async def spend(quota: Client) -> int:
            booked = 0
            while not over.is_set():
                hold = await quota.open_hold(user="u", tokens=2, timeout=60)
                await hold.commit(tokens=1)
                booked += 1
            return booked

        spenders = [asyncio.create_task(spend(quota)) for quota in clients]
        await asyncio.sleep(0.5)  # all of them are at it
        for pid in (first, second):
            kill(pid)
            await until(lambda pid=pid: not lives(pid) and len(children(server.pid)) == 2)  # type: ignore[misc]
            await asyncio.sleep(0.5)
        over.set()
        booked = sum(await asyncio.gather(*spenders))
        charges = [charge async for charge in clients[0].admin.list_charges()]
    assert not {first, second} & set(children(server.pid))
    assert len(charges) == booked
    code, errors = await server.terminate()
    assert code == 0
    assert "worker 1 ended by SIGKILL; it is started again in 0.0 s" in errors


async def test_told_to_stop_it_finishes_the_calls_under_way_and_exits_with_0(database: str) -> None:
    server = await run_server("--database-url", database, "--workers", "2")
    async with AsyncExitStack() as stack:
        clients = await spread(stack, server.address, 8)
        holds: list[Hold] = [await quota.open_hold(user="u", tokens=1, timeout=60) for quota in clients]
        connection = await asyncpg.connect(database)
        transaction = connection.transaction()
        await transaction.start()
        await connection.execute("LOCK TABLE charges IN EXCLUSIVE MODE")
        commits = [asyncio.create_task(hold.commit(tokens=1, timeout=60)) for hold in holds]
        await until_blocked(database, A_BATCH)
        await asyncio.sleep(0.5)  # the others, too
        ended = asyncio.create_task(server.terminate())
        await asyncio.sleep(0.5)
        assert not any(commit.done() for commit in commits)
        await transaction.rollback()
        await connection.close()
        assert all(not answer.replayed for answer in await asyncio.gather(*commits))
        assert await ended == (0, "")


async def test_a_worker_that_does_not_drain_is_killed_and_named(database: str) -> None:
    server = await run_server("--database-url", database, "--workers", "2", "--grace", "0")
    first, _ = crew_of(server)
    os.kill(first, signal.SIGSTOP)
    code, errors = await server.terminate()
    assert code == 1
    assert errors == f"almoner: worker 1 (process {first}) did not end within 5 s and was killed\n"
    assert not lives(first)


async def test_a_killed_supervisor_leaves_no_process(tmp_path: Path) -> None:
    server = await run_server("--data-dir", str(tmp_path / "data"), "--workers", "2")
    below = descendants(server.pid)
    assert len(below) > 3  # the workers, PostgreSQL and its own
    os.kill(crew_of(server)[0], signal.SIGSTOP)  # one that hangs goes too
    await server.terminate(signal.SIGKILL)
    await until(lambda: not any(lives(pid) for pid in below))


async def test_without_the_help_of_the_kernel_the_end_of_the_line_ends_a_worker() -> None:
    ours, theirs = socket.socketpair()
    orders = json.dumps(
        {
            "worker": 1,
            "config": {
                "data_dir": ".",
                "listen": "127.0.0.1:0",
                "database_url": "postgresql://u@/d?host=/nowhere",
            },
        }
    )
    command = (sys.executable, "-m", "almoner_server.cli.worker")
    with theirs:
        worker = await asyncio.create_subprocess_exec(
            *command, stdin=theirs.fileno(), stderr=asyncio.subprocess.PIPE
        )
    ours.setblocking(False)
    await asyncio.get_running_loop().sock_sendall(ours, orders.encode() + b"\n")
    told = await asyncio.wait_for(asyncio.get_running_loop().sock_recv(ours, 100), 60)
    assert json.loads(told) == {"started": True}
    ours.close()
    code, _ = await finished(worker)
    assert code == 70


@pytest.fixture
def taken() -> Iterator[str]:
    """Give an address that somebody listens on who would share it."""
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        other.bind(("127.0.0.1", 0))
        other.listen()
        yield f"127.0.0.1:{other.getsockname()[1]}"


async def test_a_taken_port_is_told_in_one_line(database: str, taken: str) -> None:
    process = await launch("--listen", taken, "--database-url", database, "--workers", "2")
    assert await finished(process) == (1, f"almoner: cannot listen on {taken}: Address already in use\n")


@pytest.mark.parametrize("workers", ["1", "2"])
async def test_nobody_else_gets_the_port_even_while_no_worker_listens(database: str, workers: str) -> None:
    async with server_process("--database-url", database, "--workers", "2") as server:
        for pid in crew_of(server):
            os.kill(pid, signal.SIGKILL)
        process = await launch("--listen", server.address, "--database-url", database, "--workers", workers)
        assert await finished(process) == (
            1,
            f"almoner: cannot listen on {server.address}: Address already in use\n",
        )


@pytest.mark.parametrize("taken", [1, 2])
async def test_what_a_worker_cannot_do_ends_all_with_one_line(database: str, taken: int) -> None:
    port = free_ports(2)
    options = ["--workers", "2", "--metrics-listen", f"127.0.0.1:{port}", "--database-url", database]
    with ExitStack() as others:
        for number in range(taken):
            others.enter_context(socket.create_server(("127.0.0.1", port + number)))
        code, errors = await finished(await launch("--listen", "127.0.0.1:0", *options))
    assert (code, errors.count("\n")) == (1, 1)
    assert errors.startswith(f"almoner: cannot show metrics on 127.0.0.1:{port}"[:-1])
    assert errors.endswith(": Address already in use\n")


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (("--listen", "unix:almoner.sock"), "with several workers: only a port can be shared"),
        (("--metrics-listen", "127.0.0.1:65535"), "worker 2 would need port 65536, over 65535"),
        (("--workers", "65"), "65 is not in the range 1<=x<=64"),
    ],
)
async def test_settings_that_do_not_go_together_are_named(options: tuple[str, ...], complaint: str) -> None:
    process = await launch(
        "--listen", "127.0.0.1:0", "--database-url", "postgresql:///d", "--workers", "2", *options
    )
    code, errors = await finished(process)
    assert code == 2
    assert complaint in errors


async def test_workers_that_die_at_every_start_are_given_up(database: str, tmp_path: Path) -> None:
    # A broken machine, on which every worker ends before it has said a word.
    breakage = 'import os, sys\nif "almoner_server.cli.worker" in sys.orig_argv: os._exit(9)\n'
    (tmp_path / "sitecustomize.py").write_text(breakage)
    environment = {"PYTHONPATH": str(tmp_path)}
    process = await launch(
        "--listen", "127.0.0.1:0", "--database-url", database, "--workers", "2", environment=environment
    )
    code, errors = await finished(process)
    assert code == 1
    assert re.fullmatch(
        r"almoner: worker [12] died 8 times in a row before it served, at last with 9, and is given up",
        errors.splitlines()[-1],
    )
    assert 14 <= errors.count("it is started again") <= 15
    assert "started again in 3.2 s" in errors


async def test_log_lines_name_the_worker(database: str) -> None:
    server = await run_server(
        "--database-url", database, "--workers", "2", "--test-clock", "--log-format", "json"
    )
    _, errors = await server.terminate()
    assert {json.loads(line).get("worker") for line in errors.splitlines()} >= {1, 2}
