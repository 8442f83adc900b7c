"""The Python code of the documentation runs: the blocks of its pages, and the notebook."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest

from model.synthetic.pages import draw_page
from model.synthetic.texts import compose_text
from tests.drawn import jpeg

REPOSITORY = Path(__file__).resolve().parents[1]
NOTEBOOK = REPOSITORY / "docs" / "transcribe.ipynb"
PAGES = [
    path
    for path in (REPOSITORY / "README.md", *sorted((REPOSITORY / "docs").glob("*.md")))
    if "```python\n" in path.read_text("utf-8")
]


def run(sources, names):
    """Run pieces of Python code in one namespace, as a notebook does."""
    for number, source in enumerate(sources):
        exec(compile(source, f"<piece {number}>", "exec"), names)  # noqa: S102


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_blocks_of_a_page_run_on_a_page(path, tmp_path, monkeypatch, capsys):
    rng = np.random.default_rng(1)
    grey, _ = draw_page([compose_text(rng, 24) for _ in range(3)], rng)
    (tmp_path / "page.jpg").write_bytes(jpeg(grey))
    monkeypatch.chdir(tmp_path)
    run(re.findall(r"^```python\n(.*?)^```$", path.read_text("utf-8"), re.M | re.S), {})
    read = [line for line in capsys.readouterr().out.splitlines() if re.match(r"\d+% \S", line)]
    assert len(read) == 3


def test_the_documentation_has_python_code():
    assert PAGES


def test_the_notebook_runs(capsys):
    notebook = json.loads(NOTEBOOK.read_text("utf-8"))
    cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert notebook["nbformat"] == 4 and len({cell["id"] for cell in notebook["cells"]}) >= 4
    # The outputs of a run do not belong into the repository.
    assert all(cell["outputs"] == [] and cell["execution_count"] is None for cell in cells)
    names = {}
    run(["".join(cell["source"]) for cell in cells], names)
    assert len(names["prediction"].lines) == len(names["texts"]) == 5
    assert all(line.transcript.text for line in names["prediction"].lines)
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()[-2:]] == [
        "read",
        "corrected",
    ]
