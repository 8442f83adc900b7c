"""METS files for the tests."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

LOGICAL_MAP = '<structMap TYPE="LOGICAL"><div TYPE="monograph"/></structMap>'


def mets(
    groups: Mapping[str, Mapping[str, str]],
    divisions: Iterable[tuple[str, Iterable[str]]],
    kind: str = 'TYPE="PHYSICAL"',
) -> bytes:
    """Write a METS file.

    Args:
        groups: USE to {ID: reference}.
        divisions: (attributes, IDs) of each page.
        kind: Attributes of the structMap.
    """
    listed = "".join(
        f'<fileGrp USE="{use}">'
        + "".join(
            f'<file ID="{name}"><FLocat LOCTYPE="URL" xlink:href="{href}"/></file>'
            for name, href in files.items()
        )
        + "</fileGrp>"
        for use, files in groups.items()
    )
    pages = "".join(
        f'<div TYPE="page" {attributes}>'
        + "".join(f'<fptr FILEID="{name}"/>' for name in names)
        + "</div>"
        for attributes, names in divisions
    )
    return (
        '<mets xmlns="http://www.loc.gov/METS/" xmlns:xlink="http://www.w3.org/1999/xlink">'
        f"<fileSec>{listed}</fileSec>{LOGICAL_MAP}<structMap {kind}>"
        f'<div TYPE="physSequence">{pages}</div></structMap></mets>'
    ).encode()
