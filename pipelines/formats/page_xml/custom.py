r"""The `custom` attribute of PAGE XML: 'readingOrder {index:0;} structure {type:heading;}'.

The schema leaves the attribute to the tools; this is the notation of Transkribus, which
eScriptorium and Loghi write too. A character that the notation needs for itself is written
as its UTF-16 number, '\u003b'.
"""

from __future__ import annotations

import re

_ESCAPED = re.compile(r"\\u([0-9a-fA-F]{4})")
_NEEDS_ESCAPE = re.compile(r"[\\{};\s]")


def custom_value(custom: str, tag: str, name: str) -> str:
    r"""Read one value of one tag.

    Args:
        custom: The attribute; empty for none.
        tag: The tag: 'structure'.
        name: The value's name: 'type'.

    Returns:
        The value; empty where there is none.

    Example:
        >>> custom_value("readingOrder {index:2;} structure {type:heading;}", "structure", "type")
        'heading'
    """
    # Neither bracket may stand inside: the search stays linear in any text.
    found = re.search(rf"(?<!\w){tag}\s*\{{([^{{}}]*)\}}", custom)
    for pair in found.group(1).split(";") if found else ():
        key, _, value = pair.partition(":")
        if key.strip() == name:
            return _ESCAPED.sub(_unescaped, value.strip())
    return ""


def structure_custom(kind: str) -> str:
    r"""Write a kind of line or region.

    Example:
        >>> structure_custom("HeadingLine:title"), structure_custom("a;b")
        ('structure {type:HeadingLine:title;}', 'structure {type:a\\u003bb;}')
    """
    escaped = _NEEDS_ESCAPE.sub(lambda found: f"\\u{ord(found.group()):04x}", kind)
    return f"structure {{type:{escaped};}}"


def _unescaped(found: re.Match) -> str:
    code = int(found.group(1), 16)
    is_surrogate = 0xD800 <= code <= 0xDFFF
    # Half a character could be written to no file.
    return found.group() if is_surrogate else chr(code)
