"""Read METS: from bytes to the listed pages, in the order of the physical structMap.

https://www.loc.gov/standards/mets/, with the conventions of DFG Viewer, Kitodo, OCR-D and
docWorks.
"""

from __future__ import annotations

import posixpath
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import unquote

from lxml import etree

from pipelines.formats.addresses import clean_address, is_address
from pipelines.formats.names import IMAGE_EXTENSIONS, file_of
from pipelines.formats.source import inside
from pipelines.formats.xml_tree import children, namespace_of, parse_xml
from schemas.records import PageSource

_NAMESPACE = "http://www.loc.gov/METS/"
_XLINK = "{http://www.w3.org/1999/xlink}href"
# USE of the largest images in the profiles, in order of preference.
_GROUPS = ("OCR-D-IMG", "MAX", "ORIGINAL", "MASTER", "IMAGE", "IMAGES", "IMG", "PRESENTATION")
_SMALL = ("THUMB", "MIN", "PREVIEW", "TEASER")
_HEAD_BYTES = 65_536
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:")


def is_mets(data: bytes) -> bool:
    """Return whether an XML file is METS, by its first bytes.

    Example:
        >>> is_mets(b'<mets:mets xmlns:mets="http://www.loc.gov/METS/"/>'), is_mets(b"<alto/>")
        (True, False)
    """
    head = data[:_HEAD_BYTES]
    return re.search(rb"<(\w[\w.-]*:)?mets[\s>/]", head) is not None


def read_mets(
    data: bytes,
    uri: str,
    file_group: str = "",
    first_existing: Callable[[Iterable[str]], str | None] = lambda paths: next(iter(paths), None),
) -> Iterator[PageSource]:
    """Read the pages of a METS file.

    Args:
        data: Its bytes.
        uri: Where it is; relative file names start from its folder.
        file_group: USE of the fileGrp whose images are read; empty for the largest images: the
            group with the first name that profiles use, or else the one with the most pages.
        first_existing: Returns the first of some paths that exists, or None. Of the places of an
            image a file goes before an address, if it is there.

    Yields:
        A page for each division of the physical structMap with an image in the group, in its
        order; its `uri` is that of the image. If the image cannot be located, it has a fault; so
        has a page without an image, or without one in the group, unless `file_group` is given.

    Raises:
        ValueError: If it is not METS, has no such group or lists no images.
    """
    root = parse_xml(data)
    if etree.QName(root).localname != "mets" or namespace_of(root) not in (_NAMESPACE, ""):
        raise ValueError(f"XML is <{etree.QName(root).localname}>, not METS; give a METS file")
    files = _image_files(root)
    pages = _physical_pages(root, files)
    group = _choose(files, pages, file_group)
    place = 0
    for page in pages:
        file = next((files[one][1] for one in page.ids if files[one][0] == group), None)
        # Of a group that the user names, the pages that it has are wanted.
        if file is not None:
            yield _page(file, uri, place, page.label, first_existing)
        elif not page.is_page or (page.ids and file_group):
            continue
        else:
            yield _page_without(page, files, group, uri, place)
        place += 1


@dataclass(frozen=True)
class _Division:
    """A page of the structMap.

    Attributes:
        name: Its ID, or its place from 1.
        label: Its label; may be empty.
        ids: Its images.
        others: The other IDs that it points to.
        is_page: Whether it is a page by its type, or has no divisions in it.
    """

    name: str
    label: str
    ids: tuple[str, ...]
    others: tuple[str, ...] = ()
    is_page: bool = True


def _image_files(root: etree._Element) -> dict[str, tuple[str, etree._Element]]:
    """Find the image files: ID to (its own USE or that of its group, element)."""
    files = root.iterfind("{*}fileSec//{*}fileGrp/{*}file")
    return {file.get("ID"): (_use(file), file) for file in files if _is_image(file)}


def _use(file: etree._Element) -> str:
    within = [file, *file.iterancestors("{*}fileGrp")]
    return next((one.get("USE").strip() for one in within if one.get("USE")), "")


def _is_image(file: etree._Element) -> bool:
    kind = (file.get("MIMETYPE") or "").lower()
    return kind.startswith("image/") or (
        not kind and any(file_of(href).lower().endswith(IMAGE_EXTENSIONS) for href in _hrefs(file))
    )


def _hrefs(file: etree._Element) -> list[str]:
    """Return the places of a file, in the order of the document."""
    texts = (place.get(_XLINK) or place.get("href") or "" for place in children(file, "FLocat"))
    return [text.strip() for text in texts if text.strip()] or [""]


def _physical_pages(root: etree._Element, files: dict) -> list[_Division]:
    """List the pages in their order; without a structMap, one page per image."""
    maps = sorted(children(root, "structMap"), key=_is_not_physical)
    if not maps:
        return [_Division(file_id or "", "", (file_id,)) for file_id in files]
    known = {file.get("ID") for file in root.iterfind("{*}fileSec//{*}file")}
    pages = []
    for division in maps[0].iter("{*}div"):
        pointers = [one.get("FILEID", "") for one in _pointers(division)]
        ids = tuple(one for one in pointers if one in files)
        others = tuple(one for one in pointers if one and one not in files)
        # Divisions above the pages point to a PDF or text of all of them.
        is_named = (division.get("TYPE") or "").lower() == "page"
        is_page = is_named or division.find("{*}div") is None
        # A page whose pointers name no file is a page that has no image.
        is_told = is_named or not known.issuperset(others)
        if ids or (pointers and is_page and is_told):
            name = division.get("ID") or str(len(pages) + 1)
            label = division.get("ORDERLABEL") or division.get("LABEL") or ""
            page = _Division(name, " ".join(label.split()), ids, others, is_page)
            pages.append((_order(division), page))
    is_ordered = len({order for order, _ in pages if order is not None}) == len(pages)
    ordered = sorted(pages, key=lambda page: page[0]) if is_ordered else pages
    return [page for _, page in ordered]


def _is_not_physical(one: etree._Element) -> bool:
    return (one.get("TYPE") or "").upper() != "PHYSICAL"


def _pointers(division: etree._Element) -> Iterator[etree._Element]:
    """Iterate over the pointers of a division: to files, or to areas of files."""
    for pointer in children(division, "fptr"):
        yield pointer
        yield from pointer.iter("{*}area")


def _order(division: etree._Element) -> float | None:
    try:
        return float(division.get("ORDER", ""))
    except ValueError:
        return None


def _choose(files: dict, pages: list[_Division], wanted: str) -> str:
    """Choose the group whose images are read."""
    counts = Counter(use for page in pages for use in {files[one][0] for one in page.ids})
    listed = ", ".join(sorted(filter(None, counts))) or "none that has a name"
    if not counts:
        raise ValueError("METS lists no images in its structMap; give the images as --input")
    if wanted:
        found = [use for use in counts if use.lower() == wanted.lower()]
        if not found:
            raise ValueError(f"METS has no images in fileGrp {wanted!r}; it has {listed}")
        return found[0]
    by_name = {use.upper(): use for use in counts}
    named = next((by_name[name] for name in _GROUPS if name in by_name), None)
    return (
        named
        if named is not None
        else max(counts, key=lambda use: (not _is_small(use), counts[use]))
    )


def _is_small(use: str) -> bool:
    return any(mark in use.upper() for mark in _SMALL)


def _page_without(page: _Division, files: dict, group: str, uri: str, place: int) -> PageSource:
    """Return the source of a page that has no image in the group."""
    uses = sorted({files[one][0] for one in page.ids})
    if uses:
        fault = f"has no image in fileGrp {group!r}, only in {', '.join(uses)}"
    else:
        named = f" ({', '.join(page.others[:3])})" if page.others else ""
        fault = f"points to no image{named}"
    error = f"{uri}: page {page.label or page.name} {fault}; add it, or remove the page"
    return PageSource(f"{uri}#div={page.name}", (), uri, place, page.label, fault=error)


def _page(
    file: etree._Element,
    uri: str,
    place: int,
    label: str,
    first_existing: Callable[[Iterable[str]], str | None],
) -> PageSource:
    located, faults = [], []
    for href in _hrefs(file):
        try:
            located.append(_locate(href, uri))
        except ValueError as error:
            faults.append(error)
    if not located:
        name = f"{uri}#file={file.get('ID')}"
        return PageSource(name, (), uri, place, label, fault=f"{uri}: {faults[0]}")
    paths = [one for one in located if not is_address(one)]
    addresses = [one for one in located if is_address(one)]
    # With one place only there is nothing to choose, and no need to look.
    there = first_existing(paths) if len(located) > 1 else None
    best = there or next(iter([*addresses, *paths]))
    return PageSource(best, (best,), uri, place, label)


def _locate(href: str, uri: str) -> str:
    """Resolve the reference to a file into a path or web address."""
    if is_address(href) or (is_address(uri) and not _SCHEME.match(href)):
        return clean_address(href, uri)
    folder = posixpath.dirname(uri)
    name = unquote(href.removeprefix("file://"))
    name = name.removeprefix(folder + "/") if folder else name
    if is_address(uri) or _SCHEME.match(name):
        raise ValueError(f"file {href[:100]!r} is neither a path nor a web address; correct it")
    return inside(folder, name)
