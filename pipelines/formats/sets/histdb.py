"""Read IAM-HistDB (Fischer et al. 2011): Washington, Parzival and Saint Gall.

`ground_truth/transcription.txt` has a line of text a row, as in `270-01 L-e-t-t-e-r-s|s_cm`:
letters are parted by '-', words by '|', and what is no letter has a code that begins with 's_'.
`word_labels.txt` has a word a row.
"""

from __future__ import annotations

import posixpath
import re
import unicodedata
from collections.abc import Iterator

from pipelines.formats.source import Files
from pipelines.formats.text_lines import TextLine, read_text_lines
from schemas.records import Failure, Line, Page, Skipped

_LINES, _WORDS = "transcription.txt", "word_labels.txt"
# Identifier, and one code after another; Saint Gall has the text of the edition in a third field.
_ROW = re.compile(r"([\w.-]+) (\S+)(?: .*)?")
_CODED = re.compile(r"[^\s|-]{1,12}(?:[|-][^\s|-]{1,12})+|[^\s|-]")
_CODES = {
    "pt": ".",
    "cm": ",",
    "mi": "-",
    "qo": ":",
    "sq": ";",
    "qt": "'",
    "et": "V",
    "bl": "(",
    "br": ")",
    "lb": "£",
    "GW": "G.W.",
}
# Parzival names its signs without 's_': points, and letters with what is above or behind them, as
# numbers of ASCII characters or as the letters that an abbreviation stands for.
_SIGNS = {"pt": ".", "eq": "-", "ha115": "s", "hc097": "æ", "hp115": "ſ", "sp5er5": "ꝑ"}
_LETTER_ABOVE = re.compile(r"hs(\d{3})(\d{3})")
_ACCENT_ABOVE = re.compile(r"p(046|047|060)(\d{3})")
_ABBREVIATED = re.compile(r"s([a-z])\d+([a-z]+)\d+")
_ABOVE = dict(zip("aeioucdhmrtvx", map(chr, range(0x363, 0x370))))
_ACCENTS = {"046": "\u0307", "047": "\u0301", "060": "\u0302"}
_MARKS = {"er": "\u035b", "ra": "\u1dd3", "ri": "\u0365", "e": "\u0364", "us": "\ua770"}
_OTHER_MARK = "\u0304"
_SPARE = re.compile(r"/(?:word_images_normalized|data/page_images)/[^/]+$")
_EXTENSIONS = (".png", ".tif", ".jpg")
# Of the cross-validation, the first part.
_SET_FOLDERS = ("sets", "sets/cv1", "sets1", "sets2")
_SPLIT_OF_LIST = {"train": "train", "valid": "eval", "test": "test"}


def is_histdb(name: str, head: bytes) -> bool:
    """Return whether a file has the transcriptions of IAM-HistDB, by its name and first row.

    Args:
        name: Name of the file.
        head: Its first few thousand bytes.

    Example:
        >>> is_histdb("ground_truth/transcription.txt", b"270-01 L-e-t|s_pt")
        True
    """
    if posixpath.basename(name).lower() not in (_LINES, _WORDS):
        return False
    row = _ROW.fullmatch(
        head.decode(errors="replace").removeprefix("\ufeff").split("\n")[0].strip()
    )
    return row is not None and bool(_CODED.fullmatch(row[2]))


def is_spare_image(uri: str) -> bool:
    """Return whether an image of a set shows again what its line images show.

    Example:
        >>> is_spare_image("parzival/data/word_images_normalized/d-006a-001-01.png")
        True
    """
    return bool(_SPARE.search(uri))


def decode_text(coded: str) -> str:
    """Return the text of a coded transcription.

    A code without a sign of its own stands for what follows 's_', such as the digits.

    Raises:
        ValueError: If a code is not known.

    Example:
        >>> decode_text("L-e-t-t-e-r-s-s_cm|O-r-d-e-r-s|s_2-s_7-s_0|s_1st")
        'Letters, Orders 270 1st'
        >>> decode_text("z-hs111117|d-sa1n1-pt")
        'zuͦ dā.'
    """
    words = ("".join(map(_letter, word.split("-"))) for word in coded.split("|"))
    return unicodedata.normalize("NFC", " ".join(filter(None, words)))


def _letter(code: str) -> str:
    name = code.removeprefix("s_")
    if name != code:
        return _CODES.get(name, name)
    if len(code) == 1 or code.isalpha():
        return _SIGNS.get(code, code)
    return _SIGNS.get(code) or _sign(code)


def _sign(code: str) -> str:
    """Return a letter with what is above or behind it."""
    if found := _LETTER_ABOVE.fullmatch(code):
        above, letter = (chr(int(number)) for number in found.groups())
        if above in _ABOVE:
            return letter + _ABOVE[above]
    if found := _ACCENT_ABOVE.fullmatch(code):
        return chr(int(found[2])) + _ACCENTS[found[1]]
    if found := _ABBREVIATED.fullmatch(code):
        return found[1] + _MARKS.get(found[2], _OTHER_MARK)
    raise ValueError(f"code {code!r} of a letter is not known; write the letter itself")


def read_histdb(uri: str, files: Files) -> Iterator[Page | Failure | Skipped]:
    """Read the lines, or the words, of a set.

    Args:
        uri: transcription.txt, or word_labels.txt, which is left out beside the other.
        files: Opens it, and finds the images and the lists of the splits.

    Yields:
        A page for each line or word; failures; lines that no list of the splits has are skipped
        if others of the set are in one.

    Raises:
        OSError: If the file cannot be opened.
    """
    folder = posixpath.dirname(uri)
    base = posixpath.dirname(folder) if posixpath.basename(folder) == "ground_truth" else folder
    is_words = posixpath.basename(uri).lower() == _WORDS
    if is_words and files.first_existing([posixpath.join(folder, _LINES)]):
        yield Skipped(uri, f"{_LINES} describes the same lines")
        return
    splits = _find_splits(base, files)
    with files.open(uri) as file:
        for line in read_text_lines(file):
            if line.fault or line.text.strip():
                yield _page(line, uri, base, "word" if is_words else "line", splits, files)


def _page(
    line: TextLine, uri: str, base: str, part: str, splits: dict[str, str], files: Files
) -> Page | Failure | Skipped:
    row = _ROW.fullmatch(line.text.strip())
    if line.fault or row is None:
        fault = line.fault or f"line {line.number} is not an identifier and a text; correct it"
        return Failure(f"{uri}#{line.number}", "read", fault)
    place, document = f"{uri}#{row[1]}", row[1].rpartition("-")[0]
    if part == "word":
        document = document.rpartition("-")[0]
    split = _split_of(row[1], splits)
    if splits and not split:
        return Skipped(place, "not in the lists of the splits, which have other lines of the set")
    candidates = [
        posixpath.join(base, data, f"{part}_images{kind}", row[1] + extension)
        for extension in _EXTENSIONS
        for data in ("data", "")
        for kind in ("_normalized", "")
    ]
    image = files.first_existing(candidates)
    if image is None:
        return Failure(place, "pair", f"image {candidates[0]} is missing; put it there")
    try:
        text = decode_text(row[2])
    except ValueError as error:
        return Failure(place, "read", str(error))
    line = Line(row[1], 0, text, kind="word" if part == "word" else "")
    return Page(image, (line,), source="histdb", document=document, split=split)


def _split_of(name: str, splits: dict[str, str]) -> str:
    """Return the split of a line, its page, or its word's line; empty where it has none."""
    while name:
        if name in splits:
            return splits[name]
        name = name.rpartition("-")[0]
    return ""


def _find_splits(base: str, files: Files) -> dict[str, str]:
    """Read the lists of the first set that has any: identifiers of lines or pages to splits."""
    for folder in _SET_FOLDERS:
        splits: dict[str, str] = {}
        for name, split in _SPLIT_OF_LIST.items():
            found = files.first_existing([posixpath.join(base, folder, f"{name}.txt")])
            if found:
                with files.open(found) as file:
                    named = (line.text.split() for line in read_text_lines(file))
                    splits.update((fields[0], split) for fields in named if fields)
        if splits:
            return splits
    return {}
