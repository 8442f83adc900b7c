"""Write the METS file of an OCR-D workspace: its images, its PAGE files and their order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lxml import etree

from pipelines.formats.page_text import Origin

_METS = "http://www.loc.gov/METS/"
_MODS = "http://www.loc.gov/mods/v3"
_XLINK = "http://www.w3.org/1999/xlink"
_PAGE_TYPE = "application/vnd.prima.page+xml"
# Groups of files by their names in OCR-D.
IMAGES, TEXTS = "OCR-D-IMG", "OCR-D-OCR"


@dataclass(frozen=True)
class WorkspacePage:
    """A page of a workspace.

    Attributes:
        page_id: Identifier, valid and unique.
        label: What the page is called; may be empty.
        image: Path of its image in the workspace.
        media_type: Of the image.
        text: Path of its PAGE file in the workspace.
    """

    page_id: str
    label: str
    image: str
    media_type: str
    text: str


def write_mets(pages: Sequence[WorkspacePage], identifier: str, origin: Origin) -> bytes:
    """Write the METS file of a workspace.

    Args:
        pages: Its pages, in order.
        identifier: Of the work.
        origin: Where the text comes from.

    Returns:
        The file.
    """
    root = etree.Element(f"{{{_METS}}}mets", nsmap={"mets": _METS, "mods": _MODS, "xlink": _XLINK})
    created = f"{origin.created:%Y-%m-%dT%H:%M:%S}Z"
    header = _append(root, "metsHdr", CREATEDATE=created)
    agent = _append(header, "agent", TYPE="OTHER", OTHERTYPE="SOFTWARE", ROLE="CREATOR")
    _append(agent, "name").text = origin.software
    wrap = _append(_append(root, "dmdSec", ID="DMDLOG_0001"), "mdWrap", MDTYPE="MODS")
    mods = etree.SubElement(_append(wrap, "xmlData"), f"{{{_MODS}}}mods")
    etree.SubElement(mods, f"{{{_MODS}}}identifier", {"type": "purl"}).text = identifier
    _append(root, "amdSec", ID="AMD")
    section = _append(root, "fileSec")
    for use in (IMAGES, TEXTS):
        group = _append(section, "fileGrp", USE=use)
        for page in pages:
            is_image = use == IMAGES
            media_type = page.media_type if is_image else _PAGE_TYPE
            file = _append(group, "file", ID=file_id(use, page.page_id), MIMETYPE=media_type)
            place = _append(file, "FLocat", LOCTYPE="OTHER", OTHERLOCTYPE="FILE")
            place.set(f"{{{_XLINK}}}href", page.image if is_image else page.text)
    structure = _append(root, "structMap", TYPE="PHYSICAL")
    sequence = _append(structure, "div", ID="PHYS_0000", TYPE="physSequence", DMDID="DMDLOG_0001")
    for order, page in enumerate(pages, 1):
        label = {"ORDERLABEL": page.label} if page.label else {}
        place = _append(sequence, "div", ID=page.page_id, TYPE="page", ORDER=str(order), **label)
        for use in (IMAGES, TEXTS):
            _append(place, "fptr", FILEID=file_id(use, page.page_id))
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)


def file_id(use: str, page_id: str) -> str:
    """Return the identifier of a file.

    Args:
        use: The group that it is in.
        page_id: The page that it is of.
    """
    return f"{use}_{page_id}"


def _append(parent: etree._Element, name: str, **attributes: str) -> etree._Element:
    return etree.SubElement(parent, f"{{{_METS}}}{name}", attributes)
