"""The Python on our pages runs, each block by itself."""

import re
from pathlib import Path

import pytest

from graph import datasets
from graph.errors import ConvrecError
from graph.places import Places

ROOT = Path(__file__).resolve().parents[1]

LEARNING = "docs/environments.md"
"""Its blocks that learn are run by tests/simulator/environments/test_learning.py, which looks at what was learned."""


def python_blocks(page: str) -> list[str]:
    """What stands between ```python and ``` on a page, one string a block."""
    return re.findall(r"^```python\n(.*?)^```$", (ROOT / page).read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


PAGES = ["README.md", *sorted(f"docs/{page.name}" for page in (ROOT / "docs").glob("*.md"))]
BLOCKS = [
    pytest.param(source, id=f"{page}-{number}")
    for page in PAGES
    for number, source in enumerate(python_blocks(page), start=1)
    if page != LEARNING or ".learn(" not in source
]


@pytest.mark.parametrize("source", BLOCKS)
def test_an_example_runs(source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    for name in re.findall(r'datasets\.load\("([^"]+)"', source):
        try:
            datasets.load(name, Places.from_environment())
        except ConvrecError as error:
            pytest.skip(f"{name}: {error}")
    monkeypatch.chdir(tmp_path)
    exec(compile(source, "a page", "exec"), {"__name__": "a page"})


def test_examples_are_found():
    """So that a change of how pages are written does not leave them untested."""
    assert python_blocks("README.md")
    assert sum(".learn(" in block for block in python_blocks(LEARNING)) == 2
    assert any("gymnasium.make_vec" in block for block in python_blocks(LEARNING))
