"""An archive of hostile files, each in its own folder beside a valid page."""

from __future__ import annotations

import io
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from tests.drawn import png, text_strip
from tests.pipelines.drawn_archive import TEXTS, write_page

HEALTHY_TEXTS = TEXTS
TEXT = "le douze mars"
STRIP = text_strip(TEXT)
SPARSE_BYTES = 2 << 30
MANY_LINES = 10_000


@dataclass(frozen=True)
class Hostile:
    """A folder of hostile files and the expected outcome.

    Attributes:
        write: Writes the folder.
        failures: (end of the URI, stage, line, part of the error) of each failure.
        texts: The texts that are read, without those of the valid page.
    """

    write: Callable[[Path], None]
    failures: tuple[tuple[str, str, str, str], ...] = ()
    texts: tuple[str, ...] = ()


def unreadable(write: Callable[[Path], None], *failure: str) -> Hostile:
    """Make the case of a file that fails and of which nothing is read."""
    return Hostile(write, failures=(failure,))


def readable(write: Callable[[Path], None], *texts: str) -> Hostile:
    """Make the case of a file that is read; its only line is `TEXT` unless texts are given."""
    return Hostile(write, texts=texts or (TEXT,))


def write_archive(archive: Path, cases: dict[str, Hostile]) -> None:
    """Write all cases, each with a copy of the valid page beside it."""
    healthy = archive.parent / "healthy"
    write_page(healthy, "healthy", HEALTHY_TEXTS)
    for name, case in cases.items():
        shutil.copytree(healthy, archive / name)
        case.write(archive / name)


def file(name: str, data: bytes) -> Callable[[Path], None]:
    """Return a writer of one file."""
    return lambda folder: (folder / name).write_bytes(data)


def sparse(name: str, start: bytes = b"", image: bool = False) -> Callable[[Path], None]:
    """Return a writer of a sparse file of 2 GB, with an image of the same name if wanted."""

    def write(folder: Path) -> None:
        (folder / name).write_bytes(start)
        with (folder / name).open("r+b") as opened:
            opened.truncate(SPARSE_BYTES)
        if image:
            (folder / name).with_suffix(".png").write_bytes(png(STRIP))

    return write


def pair(image: bytes, text: bytes = TEXT.encode(), kind: str = "png") -> Callable[[Path], None]:
    """Return a writer of a line image and its text."""

    def write(folder: Path) -> None:
        (folder / f"x.{kind}").write_bytes(image)
        (folder / "x.txt").write_bytes(text)

    return write


def table(rows: bytes, images: tuple[str, ...] = ("x.png",)) -> Callable[[Path], None]:
    """Return a writer of a label table and its line images."""

    def write(folder: Path) -> None:
        (folder / "labels.csv").write_bytes(b"image,text\n" + rows)
        for name in images:
            (folder / name).write_bytes(png(STRIP))

    return write


def wide_page(folder: Path) -> None:
    """Write a page with a line that is longer than OpenCV can resample."""
    width_px, height_px = 36_000, 300
    (folder / "x.png").write_bytes(png(np.full((height_px, width_px), 235, np.uint8)))
    outline = f"0,5 {width_px},5 {width_px},295 0,295"
    page_xml(page_line("l0", f"0,220 {width_px},220", outline))(folder)


def page_xml(body: str, head: str = "", image: str = "x.png") -> Callable[[Path], None]:
    """Return a writer of a PAGE file with one region, without its image."""
    text = (
        f'{head}<PcGts xmlns="http://schema.primaresearch.org/PAGE/gts/pagecontent/2019-07-15">'
        f'<Page imageFilename="{image}"><TextRegion id="r">{body}</TextRegion></Page></PcGts>'
    )
    return file("x.xml", text.encode())


def page_line(name: str, baseline: str, outline: str, text: str = TEXT) -> str:
    """Make a <TextLine>."""
    return (
        f'<TextLine id="{name}"><Coords points="{outline}"/><Baseline points="{baseline}"/>'
        f"<TextEquiv><Unicode>{text}</Unicode></TextEquiv></TextLine>"
    )


def drawn_page(*lines: str, head: str = "", blank_rows: int = 0) -> Callable[[Path], None]:
    """Return a writer of a PAGE file and a page image with one line of text from y = 0."""

    def write(folder: Path) -> None:
        blank = np.full((blank_rows, STRIP.shape[1]), 255, np.uint8)
        (folder / "x.png").write_bytes(png(np.vstack([STRIP, blank])))
        page_xml("".join(lines), head)(folder)

    return write


def many_lines(folder: Path) -> None:
    """Write a page with ten thousand lines, 12 px apart, in 100 columns."""
    grey = np.full((1300, 4100), 240, np.uint8)
    grey[8::12] = 90
    (folder / "x.png").write_bytes(png(grey))
    lines = []
    for i in range(MANY_LINES):
        x, y = 40 * (i % 100) + 20, 12 * (i // 100) + 20
        lines.append(page_line(f"l{i}", f"{x},{y} {x + 34},{y}", "", "i"))
    page_xml("".join(lines).replace('<Coords points=""/>', ""))(folder)


def arrow_of(*texts: bytes) -> Callable[[Path], None]:
    """Return a writer of a dataset in kraken's layout; texts may be invalid UTF-8."""
    column = pa.array(texts, pa.binary()).view(pa.string())
    images = pa.array([png(STRIP)] * len(texts), pa.binary())
    out = io.BytesIO()
    rows = pa.table({"lines": pa.StructArray.from_arrays([column, images], ["text", "im"])})
    with pa.ipc.new_file(out, rows.schema) as writer:
        writer.write_table(rows)
    return file("x.arrow", out.getvalue())


def parquet_of(*texts: bytes) -> Callable[[Path], None]:
    """Return a writer of a Hugging Face table; texts may be invalid UTF-8."""
    column = pa.array(texts, pa.binary()).view(pa.string())
    out = io.BytesIO()
    rows = {"image": pa.array([png(STRIP)] * len(texts), pa.binary()), "text": column}
    pq.write_table(pa.table(rows), out)
    return file("x.parquet", out.getvalue())
