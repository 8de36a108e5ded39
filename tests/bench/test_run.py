"""A run from beginning to end: processes, servers, database, report, and a comparison with it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def bench(*options: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "bench", "--scale", "tiny", "--only", "cpu", *options]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.timeout(300)
def test_a_section_is_measured_reported_and_compared(tmp_path: Path) -> None:
    places = ("--results", str(tmp_path / "results"), "--data-dir", str(tmp_path / "data"))
    done = bench(*places)
    assert done.returncode == 0, done.stderr
    (folder,) = (tmp_path / "results").iterdir()
    assert {path.name for path in folder.iterdir()} >= {
        "README.md",
        "results.json",
        "cpu-server-CPU-us-a-call.png",
    }
    assert "almoner : no-op, CheckQuota" in (folder / "README.md").read_text()
    assert not (tmp_path / "data").exists()

    results = folder / "results.json"
    record = json.loads(results.read_text())
    for ratio in record["ratios"]:
        ratio["values"] = [0.001]  # as if the server had once taken next to nothing
    results.write_text(json.dumps(record))
    compared = bench("--guard", *places)
    assert compared.returncode == 1, compared.stderr
    assert "REGRESSION: cpu, server CPU us a call, almoner : no-op, CheckQuota: was 0.00" in compared.stdout
