"""Write plain text: from a page to bytes."""

from __future__ import annotations

import re

from pipelines.formats.page_text import PageText

# Characters that some programs treat as line ends.
_LINE_ENDS = re.compile("[\n\v\f\r\x1c-\x1e\x85\u2028\u2029]")


def write_text(page: PageText) -> bytes:
    r"""Write the text of a page in UTF-8, in reading order: one line of the file per line.

    Args:
        page: A normalised page.

    Returns:
        The file; line ends within the text of a line become spaces.

    Example:
        >>> from schemas.records import Line, Transcript
        >>> lines = tuple(Transcript("a", Line("", 0), text, 1.0) for text in ("a\r", "", "b"))
        >>> write_text(PageText("a", 1, 1, lines))
        b'a \n\nb\n'
    """
    return "".join(f"{on_one_line(line.text)}\n" for line in page.lines).encode()


def on_one_line(text: str) -> str:
    """Return a text with spaces in the place of line ends."""
    return _LINE_ENDS.sub(" ", text)
