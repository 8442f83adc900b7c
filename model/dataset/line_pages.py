"""Training data of the line finder: pages with their lines, one JSON object per line."""

from __future__ import annotations

import json
from pathlib import Path

from schemas.records import Line, Page


def page_to_json(page: Page) -> str:
    """Return the image and the line geometry of a page as one line of JSON, without texts.

    Example:
        >>> page_to_json(Page("a.jpg", (Line("l1", 0, baseline=((1, 2), (3, 2))),), 9, 9))
        '{"image": "a.jpg", "document": "", "width_px": 9, "height_px": 9, "lines": [{"id": "l1", \
"baseline": [[1, 2], [3, 2]], "polygon": []}]}'
    """
    lines = [
        {"id": line.line_id, "baseline": line.baseline, "polygon": line.polygon}
        for line in page.lines
        if not line.fault
    ]
    facts = {
        "image": page.uri,
        "document": page.document,
        "width_px": page.width_px,
        "height_px": page.height_px,
        "lines": lines,
    }
    return json.dumps(facts, ensure_ascii=False)


def page_from_json(text: str) -> Page:
    """Return the page in JSON from `page_to_json`.

    Raises:
        ValueError: If the text is not such JSON.

    Example:
        >>> page = Page("a.jpg", (Line("l1", 0, baseline=((1, 2), (3, 2))),), 9, 9)
        >>> page_from_json(page_to_json(page)) == page
        True
    """
    try:
        facts = json.loads(text)
        lines = tuple(
            Line(
                line["id"],
                index,
                baseline=tuple((x, y) for x, y in line["baseline"]),
                polygon=tuple((x, y) for x, y in line["polygon"]),
            )
            for index, line in enumerate(facts["lines"])
        )
        return Page(
            facts["image"],
            lines,
            facts["width_px"],
            facts["height_px"],
            document=facts["document"],
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"no page of a line dataset ({error!r}); write the file again") from None


def read_line_pages(paths: tuple[Path, ...]) -> list[Page]:
    """Return the pages of line datasets, in order.

    Args:
        paths: Files that `pipelines.lines_dataset` wrote.

    Raises:
        ValueError: If a line of a file is not a page.
        OSError: If a file cannot be read.
    """
    pages = []
    for path in paths:
        with open(path, encoding="utf-8") as file:
            for number, text in enumerate(file, 1):
                try:
                    pages.append(page_from_json(text))
                except ValueError as error:
                    raise ValueError(f"{path}:{number}: {error}") from None
    return pages
