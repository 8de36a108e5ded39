"""What importing costs: a calling service must not load the server's dependencies."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# grpc itself loads grpc_health and grpc_reflection where they are installed, so they tell nothing.
SERVER_PACKAGES = {"almoner_server", "asyncpg", "prometheus_client", "uvloop"}

LOADED = """
import json, sys
import {module}
print(json.dumps(sorted({{name.partition(".")[0] for name in sys.modules}})))
"""

CORE_WITHOUT_PACKAGES = """
import importlib, pkgutil, sys
sys.path.insert(0, sys.argv[1])
import almoner_server.core as core
for module in pkgutil.walk_packages(core.__path__, core.__name__ + "."):
    importlib.import_module(module.name)
    print(module.name)
"""


def loaded_by(module: str) -> set[str]:
    """Return the top-level modules that a fresh interpreter holds after importing one."""
    program = LOADED.format(module=module)
    answer = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    return set(json.loads(answer.stdout))


def test_importing_the_client_loads_no_package_of_the_server_or_the_command_line() -> None:
    assert loaded_by("almoner") & (SERVER_PACKAGES | {"click", "rich"}) == set()


def test_importing_the_command_line_loads_no_package_of_the_server_and_no_drawing() -> None:
    assert loaded_by("almoner.cli") & (SERVER_PACKAGES | {"rich"}) == set()


def test_the_core_imports_where_only_the_standard_library_is_installed() -> None:
    program = [sys.executable, "-I", "-S", "-c", CORE_WITHOUT_PACKAGES, str(ROOT / "server")]
    answer = subprocess.run(program, check=False, capture_output=True, text=True)
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.splitlines()
