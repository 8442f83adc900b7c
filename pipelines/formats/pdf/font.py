"""A font for invisible text: all characters share the same empty glyph.

The CMap that goes with it maps characters to Unicode, so any text can be written without a font
that has its letters. (PDF 32000-1, 9.7.4 and 9.10.3.)
"""

from __future__ import annotations

import struct
from collections.abc import Sequence

UNITS_PER_EM = 1000
ADVANCE = 500
# Together they span the height of a line, one em.
DESCENT, ASCENT = -250, 750
MOST_CHARACTERS = 0xFFFF
_VERSION_1 = 0x00010000
# Entries that a CMap may have in one list.
_MOST_ENTRIES = 100
_CHECKSUM = 0xFFFFFFFF


def truetype_font(character_count: int) -> bytes:
    """Make a TrueType font whose characters 1 to `character_count` are one empty glyph.

    Args:
        character_count: Up to 65,535.

    Returns:
        The font file.
    """
    # A line there and back: no area to fill, but a height, which viewers highlight when text is
    # selected.
    glyph = struct.pack(">5hHH", 1, 0, DESCENT, ADVANCE, ASCENT, 1, 0)
    glyph += bytes((1, 1)) + struct.pack(">4h", 0, ADVANCE, DESCENT, ASCENT - DESCENT)
    box = (0, DESCENT, ADVANCE, ASCENT)
    return _font_file(
        {
            b"cmap": _character_map(character_count),
            b"glyf": glyph,
            b"head": struct.pack(
                ">4I2H2q4h2H3h",
                *(_VERSION_1, _VERSION_1, 0, 0x5F0F3CF5, 0, UNITS_PER_EM, 0, 0),
                *(*box, 0, 8, 2, 0, 0),
            ),
            b"hhea": struct.pack(
                ">I3hH11hH", _VERSION_1, ASCENT, DESCENT, 0, ADVANCE, 0, 0, ADVANCE, *[0] * 8, 2
            ),
            b"hmtx": struct.pack(">HhHh", ADVANCE, 0, ADVANCE, 0),
            b"loca": struct.pack(">3H", 0, 0, len(glyph) // 2),
            b"maxp": struct.pack(">I14H", _VERSION_1, 2, 2, 1, 0, 0, 1, *[0] * 8),
            b"name": _names("Unseen"),
            b"post": struct.pack(">2I2h5I", 0x00030000, 0, 0, 0, 1, 0, 0, 0, 0),
        }
    )


def glyph_indices(character_count: int) -> bytes:
    """Make the CIDToGIDMap that goes with `truetype_font`."""
    return struct.pack(f">{character_count + 1}H", 0, *[1] * character_count)


def unicode_map(characters: Sequence[str]) -> bytes:
    """Make the CMap that maps character codes to Unicode.

    Args:
        characters: Texts of the characters with code 1, 2, ...

    Returns:
        The CMap file.

    Example:
        >>> b"<0002> <D835DD04>" in unicode_map(["a", "\U0001d504"])
        True
    """
    entries = [
        f"<{code:04X}> <{text.encode('utf-16-be').hex().upper()}>"
        for code, text in enumerate(characters, 1)
    ]
    parts = [entries[i : i + _MOST_ENTRIES] for i in range(0, len(entries), _MOST_ENTRIES)]
    lists = (f"{len(part)} beginbfchar\n" + "\n".join(part) + "\nendbfchar\n" for part in parts)
    return (
        "/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n"
        "/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def\n"
        "/CMapName /Adobe-Identity-UCS def\n/CMapType 2 def\n"
        "1 begincodespacerange\n<0000> <FFFF>\nendcodespacerange\n"
        f"{''.join(lists)}"
        "endcmap\nCMapName currentdict /CMap defineresource pop\nend\nend\n"
    ).encode()


def _character_map(character_count: int) -> bytes:
    groups = b"".join(struct.pack(">3I", code, code, 1) for code in range(1, character_count + 1))
    head = struct.pack(">4H", 0, 1, 3, 10) + struct.pack(">I", 12)
    return head + struct.pack(">2H3I", 12, 0, 16 + len(groups), 0, character_count) + groups


def _names(name: str) -> bytes:
    text = name.encode("utf-16-be")
    family_and_postscript_name = (1, 6)
    records = b"".join(
        struct.pack(">6H", 3, 1, 0x409, kind, len(text), 0) for kind in family_and_postscript_name
    )
    return struct.pack(">3H", 0, 2, 6 + len(records)) + records + text


def _font_file(tables: dict[bytes, bytes]) -> bytes:
    """Assemble tables to a font file (OpenType 1.9, "Organization of an OpenType Font")."""
    power = len(tables).bit_length() - 1
    search = 16 << power
    head = struct.pack(">I4H", _VERSION_1, len(tables), search, power, 16 * len(tables) - search)
    directory, body = b"", b""
    for tag, table in sorted(tables.items()):
        padded = table + b"\0" * (-len(table) % 4)
        checksum = sum(struct.unpack(f">{len(padded) // 4}I", padded)) & _CHECKSUM
        offset = len(head) + 16 * len(tables) + len(body)
        directory += tag + struct.pack(">3I", checksum, offset, len(table))
        body += padded
    return head + directory + body
