"""Views of a text before errors are counted, each ignoring other differences."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable

from model.text.charset import normalise_text


def case_folded(text: str) -> str:
    """Return a text with case differences removed by Unicode case folding.

    Example:
        >>> case_folded("Émile Straße")
        'émile strasse'
    """
    return normalise_text(text.casefold())


def without_punctuation(text: str) -> str:
    """Return a text without punctuation: Unicode categories P*, not signs such as + or €.

    Example:
        >>> without_punctuation("d’une part , et 3 + 4 (sic)")
        'dune part et 3 + 4 sic'
    """
    kept = (c for c in normalise_text(text) if not unicodedata.category(c).startswith("P"))
    return normalise_text("".join(kept))


def without_diacritics(text: str) -> str:
    """Return a text without diacritics that Unicode can decompose: é becomes e; ø and œ stay.

    Example:
        >>> without_diacritics("réunion à Łódź, sœur")
        'reunion a Łodz, sœur'
    """
    apart = unicodedata.normalize("NFD", text)
    return normalise_text("".join(c for c in apart if unicodedata.category(c) != "Mn"))


RAW = "raw"
# Each maps any text to one in NFC with single spaces and none at the ends.
TEXT_VIEWS: dict[str, Callable[[str], str]] = {
    RAW: normalise_text,
    "case_folded": case_folded,
    "without_punctuation": without_punctuation,
    "without_diacritics": without_diacritics,
}
