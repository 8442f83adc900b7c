"""Read pairs of a line image and a text file of the same name."""

from __future__ import annotations

from schemas.records import Line, Page


def read_pair(text: bytes, image_uri: str) -> Page:
    r"""Make a page of one line from a line image and its text file.

    Args:
        text: The text file: UTF-8, with or without a byte order mark.
        image_uri: Where the line image is.

    Returns:
        A page whose only line is the whole image.

    Raises:
        ValueError: If the text is not UTF-8, is empty or has several lines.

    Example:
        >>> read_pair("Audience du 3 mai\n".encode(), "a.png").lines[0].text
        'Audience du 3 mai'
    """
    try:
        lines = text.decode("utf-8-sig").strip().splitlines()
    except UnicodeDecodeError as error:
        raise ValueError(f"text is not UTF-8 ({error.reason}); save it as UTF-8") from None
    if not lines:
        raise ValueError("text is empty; transcribe the line or remove the pair")
    if len(lines) > 1:
        raise ValueError(
            f"text has {len(lines)} lines, but a pair is one line image; use PAGE or ALTO for pages"
        )
    return Page(uri=image_uri, lines=(Line("line", 0, lines[0]),), source="pair")
