"""Generate the Python stubs under client/almoner from protos/almoner.

Runs in .venv-proto (`make proto`). The proto path equals the Python path, so the imports inside the
generated files hold as they are and nothing is rewritten.
"""

import shutil
import sys
import tempfile
from pathlib import Path

import grpc_tools
from grpc_tools import protoc

PROTOS = Path("protos")
PACKAGES = (Path("almoner", "v1"), Path("almoner", "testing", "v1"))
STUBS = Path("client")
PLUGINS = Path(sys.executable).parent
WELL_KNOWN_TYPES = Path(grpc_tools.__file__).parent / "_proto"


def run_protoc(target: Path, pattern: str, *kinds: str) -> None:
    """Write stubs of some kinds for the protos that match; exits with protoc's code when it fails."""
    found = (path for package in PACKAGES for path in (PROTOS / package).glob(pattern))
    sources = sorted(str(path.relative_to(PROTOS)) for path in found)
    code = protoc.main(
        [
            "protoc",
            f"--proto_path={PROTOS}",
            f"--proto_path={WELL_KNOWN_TYPES}",
            f"--plugin=protoc-gen-mypy={PLUGINS / 'protoc-gen-mypy'}",
            f"--plugin=protoc-gen-mypy_grpc={PLUGINS / 'protoc-gen-mypy_grpc'}",
            *(
                f"--{kind}_out=quiet:{target}" if "mypy" in kind else f"--{kind}_out={target}"
                for kind in kinds
            ),
            *sources,
        ]
    )
    if code:
        sys.exit(code)


def replace_stubs(fresh: Path) -> None:
    """Put the fresh stubs in place of the old; one whose proto is gone goes too."""
    for package in PACKAGES:
        for old in (STUBS / package).glob("*_pb2*.py*"):
            old.unlink()
        for new in (fresh / package).iterdir():
            shutil.copyfile(new, STUBS / package / new.name)


def main() -> None:
    """Generate aside first, so that a broken proto leaves the old stubs whole."""
    with tempfile.TemporaryDirectory() as target:
        run_protoc(Path(target), "*.proto", "python", "mypy")
        run_protoc(Path(target), "*_service.proto", "grpc_python", "mypy_grpc")
        replace_stubs(Path(target))


if __name__ == "__main__":
    main()
