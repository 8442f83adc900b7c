"""Transcribe a small drawn archive again and again, and ask its tables."""

from __future__ import annotations

from pathlib import Path

from pipelines.transcribe import main
from pipelines.transcripts.tables import open_tables
from tests.fakes import write_fake_bundle
from tests.pipelines.drawn_archive import write_page

DIRECT = ["--runner", "DirectRunner"]
PLACES = [("input", "in"), ("output", "out"), ("model", "m")]


def draw_archive(folder: Path) -> Path:
    """Write three pages and a model; return the folder."""
    write_fake_bundle(folder / "m")
    for name in ("p1", "p2", "p3"):
        write_page(folder / "in", name)
    return folder


def transcribe(folder: Path, *flags: str) -> int:
    """Run transcribe on the archive and return its exit status."""
    paths = [f"--{flag}={folder / name}" for flag, name in PLACES]
    return main([*paths, *DIRECT, *flags])


def ask(folder: Path, query: str) -> list[tuple]:
    """Return the rows of a query."""
    return open_tables(str(folder / "out")).sql(query).fetchall()


def last_run(folder: Path) -> tuple:
    """Return the account of the newest run."""
    query = "SELECT pages_in, pages_ok, pages_failed, pages_skipped, pages_unchanged FROM runs"
    return ask(folder, f"{query} ORDER BY run_id DESC LIMIT 1")[0]


def planned(folder: Path, capsys, *flags: str) -> str:
    """Return the first line of a dry run, which must leave no file."""
    before = sorted(path.name for path in folder.glob("**/*"))
    capsys.readouterr()
    assert transcribe(folder, "--dry_run", *flags) == 0
    assert sorted(path.name for path in folder.glob("**/*")) == before
    return capsys.readouterr().out.splitlines()[0]
