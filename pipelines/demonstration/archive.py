"""Draw a small archive, to try the other commands on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

import numpy as np
from PIL import Image

from model.dataset.split_plan import plan_splits
from model.dataset.splits import SplitConfig, document_of
from model.synthetic.pages import choose_hand, draw_line, draw_page
from model.synthetic.texts import compose_text
from pipelines.formats.page_text import Origin
from pipelines.formats.page_xml.write import write_description
from schemas.records import Line, Page

KINDS = ("lines", "pages")


@dataclass(frozen=True)
class SampleConfig:
    """What to draw.

    Attributes:
        output: Folder to create.
        kind: 'lines' for line images with their texts, 'pages' for page images with
            their PAGE XML.
        count: Images to draw.
        lines_per_page: Lines of each page.
        hands: Number of handwritings; the images use them in turn.
        seed: Seed of the texts and handwritings.
    """

    output: str
    kind: str
    count: int
    lines_per_page: int = 18
    hands: int = 2
    seed: int = 0


def draw_archive(config: SampleConfig) -> int:
    """Draw an archive; equal configurations give equal files.

    Args:
        config: What to draw.

    Returns:
        The number of lines that were drawn.
    """
    folder = Path(config.output)
    folder.mkdir(parents=True)
    hands = [choose_hand(np.random.default_rng([config.seed, i])) for i in range(config.hands)]
    for number in range(config.count):
        rng = np.random.default_rng([config.seed, config.hands, number])
        hand = hands[number % config.hands]
        if config.kind == "lines":
            _draw_pair(folder / f"line_{number:04d}", rng, hand)
        else:
            _draw_page(folder / f"page_{number:04d}", rng, hand, config.lines_per_page)
    return config.count * (config.lines_per_page if config.kind == "pages" else 1)


def _draw_pair(path: Path, rng: np.random.Generator, hand) -> None:
    text = compose_text(rng)
    Image.fromarray(draw_line(text, rng, hand)).save(path.with_suffix(".png"))
    path.with_suffix(".txt").write_text(f"{text}\n", "utf-8")


def _draw_page(path: Path, rng: np.random.Generator, hand, line_count: int) -> None:
    texts = [compose_text(rng) for _ in range(line_count)]
    image_path = path.with_suffix(".jpg")
    grey, page = draw_page(texts, rng, hand, uri=image_path.name)
    Image.fromarray(grey).save(image_path, quality=85)
    # A fixed time: the same seed gives the same bytes.
    origin = Origin("Quire", datetime(2000, 1, 1, tzinfo=timezone.utc))
    path.with_suffix(".xml").write_bytes(write_description(page, origin))


def pages_of_split(folder: str, split: str, config: SplitConfig) -> list[str]:
    """List the pages of a drawn archive that ingest assigns to a split.

    Args:
        folder: Folder that `draw_archive` created.
        split: 'train', 'eval' or 'test'.
        config: How ingest assigns pages to splits.

    Returns:
        The images, sorted.
    """
    images = sorted(str(path) for path in Path(folder).glob("*.jpg"))
    # All have the same number of lines, so one stands for them.
    lines = (Line("line", 0),)
    pages = [Page(uri, lines, document=document_of(uri)) for uri in images]
    plan = plan_splits(pages, config)
    return [page.uri for page in pages if plan.split_of(page) == split]
