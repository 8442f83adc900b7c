"""The <TextLine>s of a page description: their names, regions and reading order."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from lxml import etree

from model.text.bidi import LEFT_TO_RIGHT, RIGHT_TO_LEFT
from pipelines.formats.xml_tree import read_number
from schemas.records import Line

Nodes = list[etree._Element]

# Rows and columns of tables from this number on are not read.
MOST_CELLS = 10_000

# As PAGE and as ALTO write them.
_DIRECTIONS = {
    "left-to-right": LEFT_TO_RIGHT,
    "right-to-left": RIGHT_TO_LEFT,
    "ltr": LEFT_TO_RIGHT,
    "rtl": RIGHT_TO_LEFT,
}


def line_names(lines: Nodes, id_name: str) -> list[str]:
    """Return a name for each line that is unique on the page.

    Args:
        lines: The lines, in document order.
        id_name: The attribute that holds their names.

    Returns:
        The name of each line; 'line_3' for the third if it has none. '_2' is appended to a
        repeated name.

    Example:
        >>> line_names(list(etree.XML("<p><l id='a'/><l/><l id='a'/></p>")), "id")
        ['a', 'line_2', 'a_2']
    """
    given = [line.get(id_name) for line in lines]
    taken = {name for name in given if name}
    used: set[str] = set()
    repeats: Counter[str] = Counter()
    names = []
    for i, name in enumerate(given):
        base = unique = name or f"line_{i + 1}"
        if not name or name in used:
            while unique in taken:
                repeats[base] += 1
                unique = f"{base}_{repeats[base] + 1}"
        used.add(unique)
        taken.add(unique)
        names.append(unique)
    return names


def checked_places(lines: Sequence[Line]) -> tuple[Line, ...]:
    """Return lines, with a fault where it is not known where on the page they are.

    The only line of an image may be the whole image; of several, none is.

    Args:
        lines: The lines of a page.

    Example:
        >>> [line.fault for line in checked_places([Line("a", 0, polygon=((0, 0),)), Line("b", 1)])]
        ['', 'line has no coordinates; draw its baseline or its outline']
    """
    if len(lines) < 2:
        return tuple(lines)
    fault = "line has no coordinates; draw its baseline or its outline"
    return tuple(
        line if line.fault or line.baseline or line.polygon else replace(line, fault=fault)
        for line in lines
    )


class Region(NamedTuple):
    """What a file states of a text region.

    Attributes:
        region_id: Its id; may be empty.
        kinds: Its types, the most telling first.
        custom: What else it states, as PAGE has it.
    """

    region_id: str = ""
    kinds: tuple[str, ...] = ()
    custom: str = ""

    def facts(self) -> dict[str, object]:
        """Return what a line says of its region, besides its id."""
        return {
            "region_kind": self.kinds[0] if self.kinds else "",
            "more_region_kinds": self.kinds[1:],
            "region_custom": self.custom,
        }


def kinds_of_line(kinds: Sequence[str]) -> dict[str, object]:
    """Return what a line says of its types."""
    return {"kind": kinds[0] if kinds else "", "more_kinds": tuple(kinds[1:])}


def regions_of(
    lines: Nodes, tags: tuple[str, ...], describe: Callable[[etree._Element], Region]
) -> list[Region]:
    """Return the region that each line is in.

    Args:
        lines: The lines.
        tags: Tags of region elements; of nested regions, the innermost counts.
        describe: Returns what a region is. It is called only once per region, which
            may have thousands of lines.

    Returns:
        The region of each line, an empty one where it has none.
    """
    seen: dict[etree._Element | None, Region] = {None: Region()}
    found = []
    for line in lines:
        region = next(line.iterancestors(*tags), None)
        if region not in seen:
            seen[region] = describe(region)
        found.append(seen[region])
    return found


def stated_direction(node: etree._Element, name: str) -> str:
    """Return the base direction of a line: its own, or that of what is around it.

    Args:
        node: The line.
        name: The attribute that states directions.

    Returns:
        'ltr', 'rtl', or empty if none is stated, or another one.

    Example:
        >>> page = etree.XML("<p d='right-to-left'><r><l/><l d='top-to-bottom'/></r></p>")
        >>> [stated_direction(line, "d") for line in page.iter("l")]
        ['rtl', '']
    """
    around = (element.get(name) for element in (node, *node.iterancestors()))
    return _DIRECTIONS.get(next(filter(None, around), "").lower(), "")


def places_in_order(order: etree._Element | None, reference_name: str) -> dict[str, int]:
    """Number the elements that a <ReadingOrder> refers to.

    Groups may be nested. Members are sorted by their `index` (PAGE); without one they stay in
    document order (unordered groups, ALTO). An element named twice keeps its first place.

    Args:
        order: The <ReadingOrder>, or a group of it; None for none.
        reference_name: The attribute that refers to elements; it may hold several ids.

    Returns:
        Id to place, from 0.

    Raises:
        ValueError: If an index is not a number.

    Example:
        >>> order = etree.XML("<g><r index='1' ref='a'/><g index='0'><r ref='b'/></g></g>")
        >>> places_in_order(order, "ref")
        {'b': 0, 'a': 1}
    """
    places: dict[str, int] = {}
    for name in () if order is None else _references(order, reference_name):
        places.setdefault(name, len(places))
    return places


def _references(node: etree._Element, reference_name: str) -> Iterator[str]:
    # lxml allows 256 levels, so the recursion is bounded.
    yield from node.get(reference_name, "").split()
    for member in sorted(node.iterchildren("*"), key=lambda m: read_number(m, "index", 0)):
        yield from _references(member, reference_name)


def sort_by_place(lines: Nodes, places: dict[str, int], id_name: str) -> Nodes:
    """Sort lines by a <ReadingOrder>.

    Args:
        lines: The lines, in document order.
        places: Places from `places_in_order`.
        id_name: The attribute that holds the elements' ids.

    Returns:
        The lines, sorted by the smallest place of the line or an element in it, or else by that
        of the nearest element around it. Lines without a place come last, in the given order.
    """
    if not places:
        return lines
    above: dict[etree._Element | None, float] = {None: math.inf}

    def place_above(element: etree._Element | None) -> float:
        if element not in above:
            own = places.get(element.get(id_name))
            above[element] = place_above(element.getparent()) if own is None else own
        return above[element]

    def place(line: etree._Element) -> float:
        inside = [places[n.get(id_name)] for n in line.iter("*") if n.get(id_name) in places]
        return min(inside) if inside else place_above(line.getparent())

    return sorted(lines, key=place)


def sort_by_regions(
    lines: Nodes, key_of: Callable[[etree._Element], tuple[float, ...] | None]
) -> Nodes:
    """Sort lines by the elements around them, from the outermost to the innermost.

    Args:
        lines: The lines.
        key_of: Returns what sorts an element among its neighbours; None for nothing. It is called
            only once per element.

    Returns:
        The lines: those in elements with a key come first, in the order of the keys; all others,
        and those in elements of equal keys, stay in the given order.
    """
    keys: dict[etree._Element, tuple] = {}
    has_keys = False
    for place, line in enumerate(lines):
        for element in line.iterancestors("*"):
            if element in keys:
                break
            key = key_of(element)
            has_keys = has_keys or key is not None
            # The place of its first line keeps what has no key in the given order.
            keys[element] = (math.inf, place) if key is None else (*key, place)
    if not has_keys:
        return lines
    around = [
        tuple(keys[element] for element in reversed(list(line.iterancestors("*"))))
        for line in lines
    ]
    return [lines[i] for i in sorted(range(len(lines)), key=lambda i: (*around[i], (math.inf, i)))]


def sort_in_regions(
    lines: Nodes,
    tags: tuple[str, ...],
    index_of: Callable[[etree._Element], float | None],
) -> Nodes:
    """Sort the lines within each region; each region keeps its positions in the list.

    Args:
        lines: The lines.
        tags: Tags of region elements.
        index_of: Returns the index of a line in its region; None where it has none.

    Returns:
        The lines. A region with a line without index keeps its order.
    """
    slots_by_region: dict[etree._Element | None, list[int]] = {}
    for slot, line in enumerate(lines):
        region = next(line.iterancestors(*tags), None)
        slots_by_region.setdefault(region, []).append(slot)
    ordered = list(lines)
    for slots in slots_by_region.values():
        indices = [index_of(lines[slot]) for slot in slots]
        if None not in indices:
            for slot, (_, origin) in zip(slots, sorted(zip(indices, slots))):
                ordered[slot] = lines[origin]
    return ordered
