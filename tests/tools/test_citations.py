"""What code and pages say where to read on names a heading that is there."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
OURS = ("bench", "client", "docs", "examples", "protos", "server", "tests", "tools")
READ = {".py", ".proto", ".sql", ".md", ".sh"}
SECTION = r""""?([A-Z][\w -]*)"?"""
PAGES = "|".join(page.stem for page in (ROOT / "docs").glob("*.md"))
CITATION = re.compile(rf"docs/([\w-]+)\.md((?:,\s+{SECTION})+)")
ANCHOR = re.compile(rf"\b({PAGES})\.md#([\w-]+)")


@cache
def headings(name: str) -> list[str]:
    page = ROOT / "docs" / f"{name}.md"
    text = page.read_text(encoding="utf-8") if page.exists() else ""
    return re.findall(r"^#+ (.*)$", text, re.MULTILINE)


def slug(heading: str) -> str:
    return re.sub(r"[^\w-]", "", heading.lower().replace(" ", "-"))


def texts() -> Iterator[tuple[str, str]]:
    below = (path for top in OURS for path in (ROOT / top).rglob("*"))
    for path in (*ROOT.glob("*.md"), *below):
        if path.suffix in READ:
            yield str(path.relative_to(ROOT)), path.read_text(encoding="utf-8")


def test_a_section_that_is_cited_exists() -> None:
    cited = [
        (name, page, section)
        for name, text in texts()
        for page, sections in (match.group(1, 2) for match in CITATION.finditer(text))
        for section in re.findall(SECTION, sections)
    ]
    assert len(cited) > 40
    assert [one for one in cited if not is_heading(*one[1:])] == []


def is_heading(page: str, section: str) -> bool:
    """Tell whether a section is a heading; what follows it, as in `Promises 1, 2`, does not matter."""
    return any(f"{section} ".startswith(f"{heading} ") for heading in headings(page))


def test_a_section_that_is_linked_exists() -> None:
    linked = [(name, page, anchor) for name, text in texts() for page, anchor in ANCHOR.findall(text)]
    assert linked
    assert [one for one in linked if one[2] not in map(slug, headings(one[1]))] == []
