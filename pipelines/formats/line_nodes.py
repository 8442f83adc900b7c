"""The <TextLine>s of a page description: their names, regions and reading order."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator

from lxml import etree

from pipelines.formats.xml_tree import read_number

Nodes = list[etree._Element]


def line_names(lines: Nodes, id_name: str) -> list[str]:
    """Give every line a name that no other line of the page has.

    Args:
        lines: The lines, in document order.
        id_name: The attribute that holds their names.

    Returns:
        For each line its name; 'line_3' for the third if it has none. Where a name stands
        again, '_2' is put to it.

    Example:
        >>> line_names(list(etree.XML("<p><l id='a'/><l/><l id='a'/></p>")), "id")
        ['a', 'line_2', 'a_2']
    """
    given = [line.get(id_name) for line in lines]
    taken = {name for name in given if name}
    owned: set[str] = set()
    repeats: Counter[str] = Counter()
    names = []
    for i, name in enumerate(given):
        base = unique = name or f"line_{i + 1}"
        if not name or name in owned:
            while unique in taken:
                repeats[base] += 1
                unique = f"{base}_{repeats[base] + 1}"
        owned.add(unique)
        taken.add(unique)
        names.append(unique)
    return names


def regions_of(
    lines: Nodes, tags: tuple[str, ...], describe: Callable[[etree._Element], tuple[str, str]]
) -> list[tuple[str, str]]:
    """Tell the region around each line.

    Args:
        lines: The lines.
        tags: What elements are regions; the nearest counts.
        describe: Reads the id and the kind of a region. It is called once per region: a
            region of ten thousand lines is not read ten thousand times.

    Returns:
        For each line the id and kind of its region, empty where it has none.
    """
    seen: dict[etree._Element | None, tuple[str, str]] = {None: ("", "")}
    found = []
    for line in lines:
        region = next(line.iterancestors(*tags), None)
        if region not in seen:
            seen[region] = describe(region)
        found.append(seen[region])
    return found


def places_in_order(order: etree._Element | None, reference_name: str) -> dict[str, int]:
    """Number the elements that a <ReadingOrder> refers to.

    Groups may hold groups. Members go by their `index` (PAGE), those without one in
    document order (unordered groups, ALTO). What is named twice keeps its first place.

    Args:
        order: The <ReadingOrder>, or a group of it; None for none.
        reference_name: The attribute that refers to elements; it may name several.

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
    """Put lines into the order of a <ReadingOrder>.

    Args:
        lines: The lines, in document order.
        places: What `places_in_order` found.
        id_name: The attribute that holds the elements' ids.

    Returns:
        The lines by the place of the line or its first word that has one, or else of the
        nearest element around it; what has no place comes last, in the given order.
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


def sort_in_regions(
    lines: Nodes,
    tags: tuple[str, ...],
    index_of: Callable[[etree._Element], float | None],
) -> Nodes:
    """Put the lines of each region into order; no line leaves its region's places.

    Args:
        lines: The lines.
        tags: What elements are regions.
        index_of: Tells a line's index in its region; None where it has none.

    Returns:
        The lines. A region in which a line has no index stays as it is.
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
