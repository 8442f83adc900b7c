"""Read PAGE XML (PRImA, 2013-07-15 to 2024-07-15): from an XML tree to a page."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator

from lxml import etree

from pipelines.formats.boxes import simple_outline, writing_baseline
from pipelines.formats.line_nodes import (
    Nodes,
    Region,
    checked_places,
    kinds_of_line,
    line_names,
    regions_of,
    stated_direction,
)
from pipelines.formats.names import is_paged, page_uri
from pipelines.formats.page_xml.reading_order import (
    REGION_TAGS,
    custom_kinds,
    in_reading_order,
    other_custom,
    stated_cell,
)
from pipelines.formats.xml_tree import (
    child,
    children,
    namespace_of,
    read_number,
    read_points,
    read_size,
)
from schemas.records import Failure, Line, Page

NAMESPACE_PREFIX = "http://schema.primaresearch.org/PAGE/gts/pagecontent/"
_FIRST_VERSION = "2013-07-15"


def is_page_xml(root: etree._Element) -> bool:
    """Return whether a tree is PAGE XML."""
    return namespace_of(root).startswith(NAMESPACE_PREFIX)


def page_xml_pages(root: etree._Element) -> list[Page | Failure]:
    """Read the lines of a PAGE XML tree, in reading order.

    The text of a line is its TextEquiv with the lowest index, those without an index last (the
    index 0 is the truth); where that is empty or missing, the texts of its words. Its direction
    is the innermost readingDirection. Its kind is the structure type in `custom`; that of its
    region likewise, with `type` as a further one, or else `type`. The region of a line in a table
    cell is the table.

    Args:
        root: The tree.

    Returns:
        The page of the file. Its `uri` is the image file name as the XML has it. Some programs
        write several pages in a file: if those name one image, '#page=' and the number follow,
        and a page that cannot be read is a failure.

    Raises:
        ValueError: If it is not PAGE XML, or its only page names no image or holds a bad number.
    """
    pages = list(children(root, "Page")) if is_page_xml(root) else []
    if not pages:
        raise ValueError("file has no PAGE <Page>; save it again, or remove it")
    version = namespace_of(root)[len(NAMESPACE_PREFIX) :]
    if version < _FIRST_VERSION:
        raise ValueError(
            f"PAGE {version} stores points in another way; save it as {_FIRST_VERSION} or later"
        )
    if len(pages) == 1:
        return [_page(pages[0], pages[0].get("imageFilename", ""))]
    return list(_several(pages))


def _several(pages: Nodes) -> Iterator[Page | Failure]:
    """Read several pages; those of one file are numbered in their order."""
    names = [page.get("imageFilename", "") for page in pages]
    seen: Counter[str] = Counter()
    for page, name in zip(pages, names):
        seen[name] += 1
        uri = page_uri(name, seen[name]) if names.count(name) > 1 and is_paged(name) else name
        try:
            if uri == name and seen[name] > 1:
                raise ValueError("another <Page> of the file names the same image; remove one")
            yield _page(page, uri)
        except ValueError as error:
            yield Failure(uri, "read", str(error))


def _page(page: etree._Element, uri: str) -> Page:
    if not uri:
        raise ValueError("<Page> has no imageFilename; add it")
    lines = _lines(page)
    if not lines and _has_text(page):
        raise ValueError("texts are those of whole regions; divide them into <TextLine>s")
    return Page(
        uri=uri,
        lines=lines,
        width_px=read_size(page, "imageWidth"),
        height_px=read_size(page, "imageHeight"),
        source="page",
    )


def _has_text(page: etree._Element) -> bool:
    return any("".join(node.itertext()).strip() for node in page.iter("{*}Unicode"))


def _lines(page: etree._Element) -> tuple[Line, ...]:
    nodes = list(page.iter("{*}TextLine"))
    names = dict(zip(nodes, line_names(nodes, "id")))
    ordered = in_reading_order(page, nodes)
    regions = regions_of(ordered, REGION_TAGS, _region)
    lines, cells = [], {}
    for index, (node, region) in enumerate(zip(ordered, regions)):
        try:
            lines.append(_line(node, names[node], index, region, cells))
        except ValueError as error:
            lines.append(Line(names[node], index, region_id=region.region_id, fault=str(error)))
    return checked_places(lines)


def _region(node: etree._Element) -> Region:
    """Return a region; its type in `custom` comes before that of the schema."""
    custom = node.get("custom", "")
    kinds = dict.fromkeys((*custom_kinds(custom), node.get("type", "")))
    return Region(node.get("id", ""), tuple(filter(None, kinds)), other_custom(custom))


def _line(node: etree._Element, name: str, index: int, region: Region, cells: dict) -> Line:
    coords, baseline = child(node, "Coords"), child(node, "Baseline")
    row, column, table = stated_cell(node, cells) or (None, None, "")
    outline = simple_outline(read_points(None if coords is None else coords.get("points")))
    drawn = read_points(None if baseline is None else baseline.get("points"))
    return Line(
        line_id=name,
        index=index,
        text=_text(node),
        baseline=writing_baseline(drawn, outline),
        polygon=outline,
        region_id=table or region.region_id,
        direction=stated_direction(node, "readingDirection"),
        row=row,
        column=column,
        custom=other_custom(node.get("custom", "")),
        **kinds_of_line(custom_kinds(node.get("custom", ""))),
        **region.facts(),
    )


def _text(node: etree._Element) -> str | None:
    own = _own_text(node)
    if own is not None and own.strip():
        return own
    words = [text for word in children(node, "Word") if (text := _text(word))]
    return " ".join(words) if words else own


def _own_text(node: etree._Element) -> str | None:
    equivalents = sorted(
        children(node, "TextEquiv"), key=lambda one: read_number(one, "index", math.inf)
    )
    for equivalent in equivalents:
        unicode_node = child(equivalent, "Unicode")
        if unicode_node is not None:
            return "".join(unicode_node.itertext())
    return None
