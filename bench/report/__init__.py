"""A run as people read it: tables and pictures."""

from pathlib import Path

from bench.figures import Figures
from bench.record import Record
from bench.report.markdown import page
from bench.report.plots import draw


def write_report(folder: Path, record: Record, figures: Figures) -> None:
    """Write README.md, results.json and the pictures into a folder, which may be there already."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.png"):
        old.unlink()
    record.write(folder)
    pictures = draw(folder, record.sections, figures)
    (folder / "README.md").write_text(page(record, figures, pictures), encoding="utf-8")
