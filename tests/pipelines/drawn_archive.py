"""Small archives on disk, with valid and broken files, for tests of the pipelines."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import cv2
import numpy as np

from pipelines.formats.page_text import Origin
from pipelines.formats.page_xml.write import write_description
from schemas.records import Line, Page
from tests.drawn import FONT, jpeg, png, text_strip

TEXTS = ("acte de mariage", "fils de Jean", "le maire de Paris")


def write_pair(folder: Path, name: str, text: str) -> None:
    """Write a line image and its text."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.png").write_bytes(png(text_strip(text)))
    (folder / f"{name}.txt").write_text(f"{text}\n", "utf-8")


def write_page(folder: Path, name: str, texts: tuple[str, ...] = TEXTS) -> Page:
    """Write a page image and its PAGE XML."""
    folder.mkdir(parents=True, exist_ok=True)
    grey = np.full((100 + 90 * len(texts), 640), 235, np.uint8)
    lines = []
    for i, text in enumerate(texts):
        y = 100 + 90 * i
        width = cv2.getTextSize(text, FONT, 1.2, 2)[0][0]
        cv2.putText(grey, text, (60, y), FONT, 1.2, 40, 2, cv2.LINE_AA)
        baseline = ((60.0, y), (60.0 + width, y))
        polygon = ((50, y - 45), (70 + width, y - 45), (70 + width, y + 20), (50, y + 20))
        lines.append(Line(f"l{i}", i, text, baseline, polygon, "r1"))
    page = Page(f"{name}.jpg", tuple(lines), grey.shape[1], grey.shape[0], "page")
    (folder / f"{name}.jpg").write_bytes(jpeg(grey))
    (folder / f"{name}.xml").write_bytes(
        write_description(page, Origin("Quire", datetime(2026, 1, 1)))
    )
    return page


def write_bad_files(folder: Path) -> dict[str, str]:
    """Write a file of each kind that cannot be read, and a page that has no lines.

    Returns:
        File name to the stage of its failure.
    """
    write_pair(folder, "lonely_image", "x")
    (folder / "lonely_image.txt").unlink()
    write_pair(folder, "lonely_text", "x")
    (folder / "lonely_text.png").unlink()
    (folder / "lonely_text.txt").rename(folder / "lonely_text.gt.txt")
    write_pair(folder, "empty_text", "x")
    (folder / "empty_text.txt").write_text("")
    write_page(folder, "truncated")
    image = folder / "truncated.jpg"
    image.write_bytes(image.read_bytes()[:-2000])
    (folder / "not_well_formed.xml").write_text("<PcGts>")
    write_page(folder, "image_missing")
    (folder / "image_missing.jpg").unlink()
    write_page(folder, "no_lines", ())
    return {
        "lonely_image.png": "pair",
        "lonely_text.gt.txt": "pair",
        "empty_text.txt": "read",
        "truncated.jpg": "read",
        "not_well_formed.xml": "read",
        "image_missing.xml": "pair",
    }


def write_thin_line(folder: Path) -> None:
    """Write a page of three lines, the second only 1 px wide."""
    page = write_page(folder, "thin")
    thin = Line("l1", 1, "x", polygon=((100, 145), (101, 145), (101, 205), (100, 205)))
    page = Page(page.uri, (page.lines[0], thin, page.lines[2]), page.width_px, page.height_px)
    (folder / "thin.xml").write_bytes(
        write_description(page, Origin("Quire", datetime(2026, 1, 1)))
    )
