"""Find pages that are described in part, by the ink outside of their lines.

From each page a third of the lines is left out in three ways, and the share of pages with the
warning is printed, of the whole pages and of the others.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from model.dataset.line_pages import read_line_pages
from model.images.decode import decode_image
from model.line_images.crop import crop_lines, fit_to_image
from model.quality.ink_unread import MOST_UNREAD, measure_page_ink
from schemas.records import LineImage, Page

_FEWEST_LINES = 6
_STRIP_PX = 64


def main() -> None:
    """Print a row for each file, and with `--pages` one for each page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("datasets", nargs="+", type=Path, help="files of pipelines.lines_dataset")
    parser.add_argument("--every", type=int, default=1, help="measure every n-th page")
    parser.add_argument("--pages", action="store_true", help="also print the shares of each page")
    args = parser.parse_args()
    print("set pages " + " ".join(name.replace(" ", "_") for name in _parts(3, np.zeros(3))))
    for path in args.datasets:
        pages = read_line_pages((path,))[:: args.every]
        rows = []
        for page in pages:
            if len(page.lines) >= _FEWEST_LINES:
                rows.append(_shares(page))
                if args.pages:
                    print(page.uri, *np.round(rows[-1], 3))
        warned = (np.array(rows) > MOST_UNREAD).mean(axis=0)
        print(path.stem, len(rows), *np.round(warned, 2), flush=True)


def _shares(page: Page) -> list[float]:
    """Return the share of unread ink of a page with each part of its lines."""
    grey = decode_image(Path(page.uri).read_bytes())
    cut = crop_lines(fit_to_image(page, grey), grey, _STRIP_PX)
    images = [image for image in cut if isinstance(image, LineImage)]
    middles = np.array([np.mean(i.line.baseline or i.line.polygon, axis=0)[0] for i in images])
    shares = []
    for kept in _parts(len(images), middles).values():
        some = [image for image, is_kept in zip(images, kept) if is_kept]
        shares.append(measure_page_ink(grey, some).unread([True] * len(some)) or 0.0)
    return shares


def _parts(count: int, middles: np.ndarray) -> dict[str, np.ndarray]:
    """Return which of some lines are kept, by what is left out; `middles` are their x."""
    place, third = np.arange(count), count // 3
    is_right = np.zeros(count, bool)
    is_right[np.argsort(middles, kind="stable")[count - third :]] = True
    return {
        "nothing": place >= 0,
        "every third line": place % 3 != 1,
        "middle third": (place < third) | (place >= 2 * third),
        "rightmost third": ~is_right,
    }


if __name__ == "__main__":
    main()
