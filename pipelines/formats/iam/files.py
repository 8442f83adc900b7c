"""Locate and read the files of the IAM database: images, split lists, writers.

Identifiers are 'a01-000u' (form), 'a01-000u-00' (line) and 'a01-000u-00-03' (word).
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from pipelines.formats.source import Files
from pipelines.formats.text_lines import read_text_lines
from pipelines.formats.xml_tree import naming

# Why a line is skipped if a split list names other lines of its form.
NOT_IN_SPLIT_LIST = "not in the split list that has other lines of its form"

# The official lists name lines; those of the Aachen partition name forms.
_SPLIT_OF_LIST = (
    {
        "trainset.txt": "train",
        "validationset1.txt": "eval",
        "validationset2.txt": "eval",
        "testset.txt": "test",
    },
    {"train.uttlist": "train", "validation.uttlist": "eval", "test.uttlist": "test"},
)
_LIST_FOLDERS = ("", "split", "splits", "largeWriterIndependentTextLineRecognitionTask")
_WRITERS_NAME = "forms.txt"
_SENTENCES_NAME = "sentences.txt"
# Folders of the database that hold files of one kind.
_PART_FOLDERS = ("ascii", "xml")
_FORM_FOLDERS = ("forms", "formsA-D", "formsE-H", "formsI-Z", "")
_EXTENSIONS = (".png", ".jpg", ".tif")
_MOST_ENTRIES = 1_000_000
_ID = re.compile(r"(\w+-\w+)((?:-\w+){0,2})", re.ASCII)


@dataclass(frozen=True)
class IamSplits:
    """The official splits.

    Attributes:
        listed: Lines and forms named in the lists.
        split_of_form: Form to split, for every form that a list names itself or a line of.
    """

    listed: frozenset[str] = frozenset()
    split_of_form: Mapping[str, str] = field(default_factory=dict)

    def split_of(self, iam_id: str) -> str:
        """Return the split of a form, line or word; empty where it has none."""
        return self.split_of_form.get(form_of(iam_id), "")

    def leaves_out(self, line_id: str) -> bool:
        """Return whether the lists omit a line although they name other lines of its form.

        Such a line does not belong to that split, and in another it would be a leak.
        """
        form = form_of(line_id)
        return form in self.split_of_form and not {form, line_of(line_id)} & self.listed


def form_of(iam_id: str) -> str:
    """Return the form of a line or word.

    Raises:
        ValueError: If it is not an IAM identifier.

    Example:
        >>> form_of("a01-000u-00-03")
        'a01-000u'
    """
    match = _ID.fullmatch(iam_id)
    if not match:
        raise ValueError(f"{iam_id[:40]!r} is not an identifier such as a01-000u-00; correct it")
    return match[1]


def line_of(iam_id: str) -> str:
    """Return the line of a word.

    Example:
        >>> line_of("a01-000u-00-03")
        'a01-000u-00'
    """
    return "-".join(iam_id.split("-")[:3])


def is_word(iam_id: str) -> bool:
    """Return whether an identifier is that of a word."""
    return iam_id.count("-") == 3


def is_companion(name: str) -> bool:
    """Return whether a file of IAM describes no image, such as a list of splits or writers.

    Example:
        >>> is_companion("ascii/forms.txt"), is_companion("ascii/lines.txt")
        (True, False)
    """
    known = {_WRITERS_NAME, _SENTENCES_NAME}.union(*_SPLIT_OF_LIST)
    return posixpath.basename(name) in known


def database_folder(uri: str) -> str:
    """Return the folder of the database that a file is in.

    Example:
        >>> database_folder("d/iam/ascii/lines.txt"), database_folder("d/iam/lines.txt")
        ('d/iam', 'd/iam')
    """
    folder = posixpath.dirname(uri)
    in_part = posixpath.basename(folder) in _PART_FOLDERS
    return posixpath.dirname(folder) if in_part else folder


def lines_index_beside(uri: str, files: Files) -> str | None:
    """Find the lines.txt that describes the same lines as a words.txt or the XML of a form.

    Args:
        uri: The file.
        files: Where it is.

    Returns:
        The lines.txt; None if there is none, or the file is neither a words.txt nor XML.
    """
    name = posixpath.basename(uri).lower()
    if name != "words.txt" and not name.endswith(".xml"):
        return None
    folder = database_folder(uri)
    places = [posixpath.join(folder, place, "lines.txt") for place in ("", "ascii")]
    return files.first_existing(places)


def line_image_candidates(uri: str, iam_id: str) -> list[str]:
    """List where the image of a line or word may be, most probable first.

    Example:
        >>> line_image_candidates("iam/lines.txt", "a01-000u-00")[0]
        'iam/lines/a01/a01-000u/a01-000u-00.png'
    """
    form = form_of(iam_id)
    nested = posixpath.join(form.split("-")[0], form)
    kind = "words" if is_word(iam_id) else "lines"
    return [
        posixpath.join(database_folder(uri), root, folder, iam_id + extension)
        for extension in _EXTENSIONS
        for root in (kind, "")
        for folder in (nested, "")
    ]


def form_image_candidates(uri: str, form_id: str) -> list[str]:
    """List where the image of a form may be, most probable first.

    Example:
        >>> form_image_candidates("iam/xml/a01-000u.xml", "a01-000u")[0]
        'iam/forms/a01-000u.png'
    """
    return [
        posixpath.join(database_folder(uri), folder, form_of(form_id) + extension)
        for extension in _EXTENSIONS
        for folder in _FORM_FOLDERS
    ]


def find_splits(uri: str, files: Files) -> IamSplits:
    """Read the split lists near a file; the official ones take precedence over the Aachen ones.

    Args:
        uri: A file of the database.
        files: Where to look.

    Returns:
        The splits; empty where there are no lists.

    Raises:
        ValueError: If a form is in two splits.
    """
    for split_of_list in _SPLIT_OF_LIST:
        listed: set[str] = set()
        split_of_form: dict[str, str] = {}
        for name, split in split_of_list.items():
            for iam_id, *_ in _entries(uri, name, _LIST_FOLDERS, files):
                with naming(name):
                    _add_form(split_of_form, form_of(iam_id), split)
                listed.add(iam_id)
        if listed:
            return IamSplits(frozenset(listed), split_of_form)
    return IamSplits()


def _add_form(split_of_form: dict[str, str], form: str, split: str) -> None:
    known = split_of_form.setdefault(form, split)
    if known != split:
        raise ValueError(f"form {form} is in {split} and in {known}; remove it from one")


def find_writers(uri: str, files: Files) -> dict[str, str]:
    """Read the writer of each form from the forms.txt near a file.

    Args:
        uri: A file of the database.
        files: Where to look.

    Returns:
        Form to writer; empty where there is no such file.
    """
    rows = _entries(uri, _WRITERS_NAME, (), files)
    return {row[0]: row[1] for row in rows if len(row) > 1}


def _entries(uri: str, name: str, folders: tuple[str, ...], files: Files) -> Iterator[list[str]]:
    """Yield the fields of each row of a list near a file."""
    base = database_folder(uri)
    places = dict.fromkeys([posixpath.dirname(uri), base, posixpath.join(base, "ascii")])
    beneath = [posixpath.join(base, folder) for folder in folders]
    found = files.first_existing(posixpath.join(place, name) for place in [*places, *beneath])
    if found is None:
        return
    with files.open(found) as file:
        for line in read_text_lines(file):
            if line.fault or line.number > _MOST_ENTRIES:
                fault = line.fault or f"more than {_MOST_ENTRIES} lines; it is not a list of IAM"
                raise ValueError(f"{found}: {fault}")
            fields = line.text.split()
            if fields and not fields[0].startswith("#"):
                yield fields
