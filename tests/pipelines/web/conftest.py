"""Transcripts made by hand, and the application over them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from model.images.digest import exact_key
from pipelines.web.config import LOOPBACK, ServeConfig
from tests.pipelines.drawn_archive import write_page
from tests.pipelines.written_tables import write_run

RUN_1, RUN_2 = "20260101T000000-000000-aa", "20260102T000000-000000-aa"
HOSTILE = '<script>alert("x")</script>'


def letters_of(text: str, doubts: dict[int, tuple[str, float]] = {}) -> list[dict]:  # noqa: B006
    """Return the characters of a line; some with another letter and its probability."""
    return [
        {
            "text": letter,
            "confidence": 0.5 if place in doubts else 0.99,
            "alternatives": [dict(zip(("text", "confidence"), doubts[place]))]
            if place in doubts
            else [],
        }
        for place, letter in enumerate(text)
    ]


def line_row(uri: str, index: int, text: str, readings=(), doubts=None, **columns) -> dict:
    """Return a row of `lines`."""
    top = 55.0 + 90 * index
    return {
        "page_uri": uri,
        "line_id": f"l{index}",
        "line_index": index,
        "text": text,
        "confidence": 0.9,
        "characters": letters_of(text, doubts or {}),
        "alternatives": [{"text": one, "confidence": 0.2} for one in (text, *readings)],
        "baseline": [{"x": 60.0, "y": top + 45}, {"x": 400.0, "y": top + 45}],
        "polygon": [
            {"x": x, "y": y}
            for x, y in ((50.0, top), (420.0, top), (420.0, top + 65), (50.0, top + 65))
        ],
    } | columns


@dataclass
class Archive:
    """Drawn pages and their transcripts.

    Attributes:
        folder: The images.
        transcripts: The tables.
    """

    folder: Path
    transcripts: Path

    def page(self, name: str, **columns) -> dict:
        """Return the row of a drawn page."""
        path = self.folder / f"{name}.jpg"
        return {
            "page_uri": str(path),
            "address": str(path),
            "status": "ok",
            "sha256": exact_key(path.read_bytes()) if path.exists() else "",
            "width_px": 640,
            "height_px": 370,
            "lines_ok": 3,
            "confidence": 0.9,
            "cer_estimate": 0.05,
        } | columns

    def uri(self, name: str) -> str:
        """Return the identifier of a drawn page."""
        return str(self.folder / f"{name}.jpg")


def run_row(run_id: str, **columns) -> dict:
    """Return a row of `runs`."""
    day = int(run_id[:8]) - 20260100
    return {
        "run_id": run_id,
        "command": "transcribe",
        "status": "complete",
        "model": "default",
        "started": day * 86_400_000_000,
        "finished": day * 86_400_000_000 + 60_000_000,
    } | columns


@pytest.fixture
def archive(tmp_path) -> Archive:
    """Two pages of three lines, and one that failed."""
    made = Archive(tmp_path / "scans", tmp_path / "transcripts")
    for name in ("a", "b"):
        write_page(made.folder, name)
    a, b = made.uri("a"), made.uri("b")
    write_run(
        made.transcripts,
        run_row(RUN_1, pages_in=3, pages_ok=2, pages_failed=1),
        pages=[
            made.page("a"),
            made.page("b", cer_estimate=0.2, confidence=0.7),
            made.page("c", status="failed", lines_ok=0, confidence=None, cer_estimate=None),
        ],
        lines=[
            line_row(a, 0, "acte de mariage"),
            line_row(a, 1, "fils de Jeun", doubts={10: ("a", 0.3)}),
            line_row(a, 2, "le maire de Paris", readings=("le notaire de Paris",)),
            line_row(b, 0, "acte de naissance"),
            line_row(b, 1, f"{HOSTILE} & Élève"),
            line_row(b, 2, "devant Martim", confidence=0.6),
        ],
        failures=[{"uri": made.uri("c"), "stage": "read", "error": "image does not decode"}],
    )
    return made


@pytest.fixture
def config(archive, tmp_path) -> ServeConfig:
    """The settings of tests."""
    return ServeConfig(
        str(archive.transcripts), cache=str(tmp_path / "cache"), hosts=LOOPBACK, user="ada"
    )


@pytest.fixture
def client(config):
    """A browser at the application, which follows no redirect; a `TestClient`."""
    # Where these are missing, the modules of tests are skipped.
    from starlette.testclient import TestClient

    from pipelines.web.app import make_app

    return TestClient(make_app(config), "http://localhost", follow_redirects=False)
