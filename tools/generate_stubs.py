"""Generate the Python stubs under client/almoner/v1 from protos/almoner/v1.

Runs in .venv-proto (`make proto`). The proto path equals the Python path, so the imports inside the
generated files hold as they are and nothing is rewritten.
"""

import sys
from pathlib import Path

import grpc_tools
from grpc_tools import protoc

ROOT = Path(__file__).resolve().parent.parent
PROTOS = ROOT / "protos"
CLIENT = ROOT / "client"
STUBS = CLIENT / "almoner" / "v1"
PLUGINS = Path(sys.executable).parent
WELL_KNOWN_TYPES = Path(grpc_tools.__file__).parent / "_proto"


def remove_old_stubs() -> None:
    """Remove the generated files, so that a deleted proto leaves no stub behind."""
    for pattern in ("*_pb2.py", "*_pb2.pyi", "*_pb2_grpc.py", "*_pb2_grpc.pyi"):
        for stub in STUBS.glob(pattern):
            stub.unlink()


def generate() -> int:
    """Generate every stub and return protoc's exit code."""
    sources = sorted(str(path.relative_to(PROTOS)) for path in (PROTOS / "almoner" / "v1").glob("*.proto"))
    if not sources:
        print("no proto files under protos/almoner/v1", file=sys.stderr)
        return 1
    remove_old_stubs()
    return int(
        protoc.main(
            [
                "protoc",
                f"--proto_path={PROTOS}",
                f"--proto_path={WELL_KNOWN_TYPES}",
                f"--plugin=protoc-gen-mypy={PLUGINS / 'protoc-gen-mypy'}",
                f"--plugin=protoc-gen-mypy_grpc={PLUGINS / 'protoc-gen-mypy_grpc'}",
                f"--python_out={CLIENT}",
                f"--grpc_python_out={CLIENT}",
                f"--mypy_out={CLIENT}",
                f"--mypy_grpc_out={CLIENT}",
                *sources,
            ]
        )
    )


if __name__ == "__main__":
    sys.exit(generate())
