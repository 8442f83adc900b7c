"""Tables of transcribed pages with their images, and their export, for tests of export."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from model.images.digest import digest_of_pixels, exact_key
from pipelines.export import main
from tests.drawn import jpeg, png
from tests.drawn_files import image_file
from tests.pipelines.written_tables import write_run

GREY = np.full((200, 300), 230, np.uint8)
NOW = datetime(2026, 1, 2, tzinfo=timezone.utc)
IIIF = ["--iiif_base", "https://example.org/a"]


def line_row(uri, index, text="acte de mariage", x=20.25):
    left, y = x, 40.5 + 60 * index
    return {
        "page_uri": uri,
        "line_id": f"l{index}",
        "line_index": index,
        "region_id": "r1",
        "text": text,
        "confidence": 0.5,
        "characters": [{"text": c, "confidence": 0.5} for c in text],
        "baseline": [{"x": left, "y": y}, {"x": 280.0, "y": y}],
        "polygon": [
            {"x": x, "y": y}
            for x, y in ((left, y - 30), (280.0, y - 30), (280.0, y + 8), (left, y + 8))
        ],
    }


def page_row(uri, sha256, lines, status="ok"):
    size = (
        {"width_px": 300, "height_px": 200} if status == "ok" else {"width_px": 0, "height_px": 0}
    )
    counts = {"lines_source": "page", "lines_ok": lines, "lines_failed": 0}
    return {"page_uri": uri, "status": status, "sha256": sha256, **size, **counts}


def write_tables(folder, pages, lines):
    """Write the tables of a run, in reverse order."""
    run = {"run_id": "r1", "started": NOW, "finished": NOW, "model_digest": "abc"}
    write_run(folder, run, pages=pages[::-1], lines=lines[::-1])


def write_archive(tmp_path):
    """Write images of several formats, and the tables of their transcription."""
    root, images = tmp_path / "in", {}
    for name, data in {
        "a/x.jpg": jpeg(GREY),
        "b/x.jpg": jpeg(GREY),
        "b/x.png": png(GREY),
        "c.jpg": jpeg(np.dstack([GREY, GREY // 2, GREY // 3])),
    }.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        images[str(path)] = exact_key(data)
    (root / "scan.tif").write_bytes(image_file([GREY // 2, GREY], "TIFF"))
    for number, grey in ((1, GREY // 2), (2, GREY)):
        images[f"{root}/scan.tif#page={number}"] = digest_of_pixels(grey)
    pages = [page_row(uri, sha256, 3) for uri, sha256 in images.items()]
    lines = [line_row(uri, i, f"line {i} of {Path(uri).name}") for uri in images for i in (0, 1, 2)]
    write_tables(tmp_path / "t", pages, lines)
    return tmp_path


def export(folder, *flags):
    return main(["--transcripts", str(folder / "t"), "--output", str(folder / "out"), *flags])


def files(folder):
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


def failures(folder):
    return pq.read_table(folder / "out" / "failures").to_pylist()
