"""Write Markdown: the text of pages, for people."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pipelines.formats.page_text import PageText, runs_of_regions
from pipelines.formats.plain_text import on_one_line

# What Markdown would take for marks, anywhere or at the start of a line.
_MARKS = re.compile(r"([\\`*_\[\]<>#|~&])")
_STARTS = re.compile(r"^(\s*)([-+=]|\d+[.)])")


def write_markdown(pages: Sequence[PageText], title: str = "") -> bytes:
    r"""Write pages in UTF-8: a heading for each, a paragraph for each region, with its lines.

    Args:
        pages: Normalised pages, in order.
        title: Title of the document; empty for none.

    Example:
        >>> from schemas.records import Line, Transcript
        >>> line = Transcript("a", Line("", 0), "1. *le* maire", 1.0)
        >>> write_markdown([PageText("d/a.jpg", 9, 9, (line, line))]).decode()
        '## a.jpg\n\n1\\. \\*le\\* maire\\\n1\\. \\*le\\* maire\n'
    """
    blocks = [f"# {_escaped(title)}"] if title else []
    for page in pages:
        heading = page.label or page.image_name
        number = f", {page.number}" if page.number > 1 and not page.label else ""
        blocks.append(f"## {_escaped(heading)}{number}")
        for _, lines in runs_of_regions(page.lines):
            blocks.append("\\\n".join(_escaped(line.text) for line in lines if line.text.strip()))
    return "\n\n".join(filter(None, blocks)).encode() + b"\n"


def _escaped(text: str) -> str:
    escaped = _MARKS.sub(r"\\\1", on_one_line(text).strip())
    return _STARTS.sub(lambda found: found[1] + found[2][:-1] + "\\" + found[2][-1], escaped)
