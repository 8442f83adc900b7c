"""Pages with known lines, as files to train a line finder from: one JSON object a line."""

from __future__ import annotations

import json
from pathlib import Path

from schemas.records import Line, Page


def page_to_json(page: Page) -> str:
    """Write a page's image and geometry as one line of JSON, without texts.

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
    """Read what `page_to_json` wrote.

    Raises:
        ValueError: If it is no such line.

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
        raise ValueError(f"no page of a line dataset ({error!r}); write it anew") from None


def read_line_pages(paths: tuple[Path, ...]) -> list[Page]:
    """Read line datasets.

    Args:
        paths: Files that `pipelines.lines_dataset` wrote.

    Returns:
        Their pages, in order.

    Raises:
        ValueError: If a line is no page.
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
