"""The Python code of the documentation runs: the blocks of its pages, and the notebook."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path

import numpy as np
import pytest

import model
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


def python_of(path):
    """Return the pieces of Python in a Markdown page or a notebook."""
    text = path.read_text("utf-8")
    if path.suffix == ".md":
        return re.findall(r"^```python\n(.*?)^```$", text, re.M | re.S)
    cells = json.loads(text)["cells"]
    return ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]


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
    run(python_of(path), {})
    read = [line for line in capsys.readouterr().out.splitlines() if re.match(r"\d+% \S", line)]
    assert len(read) == 3


def test_the_documentation_has_python_code():
    assert PAGES


@pytest.mark.parametrize("path", [*PAGES, NOTEBOOK], ids=lambda path: path.name)
def test_python_uses_public_names_alone(path):
    nodes = [node for source in python_of(path) for node in ast.walk(ast.parse(source))]
    imported = [alias.name for n in nodes if isinstance(n, ast.Import) for alias in n.names]
    froms = [(n.module, a.name) for n in nodes if isinstance(n, ast.ImportFrom) for a in n.names]
    names = [name for module, name in froms if module == "model"]
    assert names and set(names) <= set(model.__all__)
    assert not [name for name in (*imported, *dict(froms)) if re.match(r"(model|schemas)\.", name)]
    assert not re.search(r"\bmodel\.[a-z_]+\.[a-z_]+", path.read_text("utf-8"))


def test_the_notebook_runs(capsys):
    notebook = json.loads(NOTEBOOK.read_text("utf-8"))
    cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert notebook["nbformat"] == 4 and len({cell["id"] for cell in notebook["cells"]}) >= 4
    # The outputs of a run do not belong into the repository.
    assert all(cell["outputs"] == [] and cell["execution_count"] is None for cell in cells)
    names = {}
    run(python_of(NOTEBOOK), names)
    assert len(names["prediction"].lines) == len(names["texts"]) == 5
    assert all(line.transcript.text for line in names["prediction"].lines)
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()[-2:]] == [
        "read",
        "corrected",
    ]
