"""Plain text: a page to bytes."""

from __future__ import annotations

import re

from pipelines.formats.page_text import PageText

# All that some program takes for the end of a line.
_LINE_ENDS = re.compile("[\n\v\f\r\x1c-\x1e\x85\u2028\u2029]")


def write_text(page: PageText) -> bytes:
    r"""Write the texts of a page in UTF-8, in reading order: line n of the file is line n.

    Args:
        page: A settled page.

    Returns:
        The file; whatever would end a line within a text is a space.

    Example:
        >>> from schemas.records import Line, Transcript
        >>> lines = tuple(Transcript("a", Line("", 0), text, 1.0) for text in ("a\r", "", "b"))
        >>> write_text(PageText("a", 1, 1, lines))
        b'a \n\nb\n'
    """
    return "".join(f"{_LINE_ENDS.sub(' ', line.text)}\n" for line in page.lines).encode()
