"""What ingest noticed about a page that it read all the same."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class LeftOutCharacters:
    """Characters that a rule has left out of the text of a line, as no ink shows them.

    Attributes:
        page_uri: Location of the page image.
        characters: The characters, each as often as it was there.
    """

    page_uri: str
    characters: str


@dataclass(frozen=True)
class ImageWarning:
    """What was wrong with the image of a page, which was read all the same.

    Attributes:
        page_uri: Location of the page image.
        warning: What was wrong, in short words.
    """

    page_uri: str
    warning: str
