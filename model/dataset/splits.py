"""Assignment of pages to splits: the official split of the folder, else by a stable hash."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Set
from dataclasses import dataclass

from schemas.features import CUT_SOURCE
from schemas.records import Page

_SPLIT_OF_FOLDER = {
    "train": "train",
    "training": "train",
    "eval": "eval",
    "val": "eval",
    "valid": "eval",
    "validation": "eval",
    "dev": "eval",
    "test": "test",
}
# Units whose pages stay in one split. A page of no known writer is grouped by its document.
GROUPS = ("page", "document", "writer")

# Names of folders that organise files and do not identify a document.
_PLAIN_FOLDERS = {"page", "alto", "data", "images", "img", *_SPLIT_OF_FOLDER}


@dataclass(frozen=True)
class SplitConfig:
    """How pages without an official split are assigned.

    Attributes:
        eval_fraction: Share of pages for evaluation during training.
        test_fraction: Share of pages for the final evaluation.
        seed: Another seed gives another assignment.
        group_by: Unit whose pages are kept in one split: one of `GROUPS`.

    Raises:
        ValueError: If `group_by` is unknown, or the fractions leave no pages to train on.
    """

    eval_fraction: float = 0.1
    test_fraction: float = 0.1
    seed: int = 0
    group_by: str = "page"

    def __post_init__(self):
        if self.group_by not in GROUPS:
            raise ValueError(f"--group_by {self.group_by}: choose one of {', '.join(GROUPS)}")
        if self.eval_fraction + self.test_fraction >= 1:
            raise ValueError(
                "--eval_fraction and --test_fraction leave no page to train on; lower one of them"
            )


def _folders(uri: str) -> list[str]:
    return unicodedata.normalize("NFC", uri).replace("\\", "/").split("/")[:-1]


def official_split(uri: str) -> str:
    """Return the split that the folder of a page names; empty if it names none.

    Example:
        >>> official_split("peraire/data/test/B_0048.jpg"), official_split("a/b.jpg")
        ('test', '')
    """
    names = [_SPLIT_OF_FOLDER.get(folder.lower(), "") for folder in _folders(uri)]
    return next((name for name in reversed(names) if name), "")


def document_of(uri: str) -> str:
    """Return the document of a page: its nearest folder that is not a generic one.

    Example:
        >>> document_of("peraire/data/test/B_0048.jpg"), document_of("b.jpg")
        ('peraire', '')
    """
    names = [f for f in _folders(uri) if f and f.lower() not in _PLAIN_FOLDERS]
    return names[-1] if names else ""


def page_uri_of(page: Page) -> str:
    """Return the URI of the page that a line of a compiled dataset was cut from.

    Args:
        page: A page from a reader of any format.

    Returns:
        The URI of the page image; for other formats the `uri` of the page.

    Example:
        >>> from schemas.records import Line
        >>> page_uri_of(Page("a.png#l1", (Line("l1", 0, "x"),), source=CUT_SOURCE))
        'a.png'
        >>> page_uri_of(Page("a.png#l1", (Line("l1", 0, "x"),), source="labels"))
        'a.png#l1'
    """
    if page.source != CUT_SOURCE:
        return page.uri
    return page.uri.removesuffix(f"#{page.lines[0].line_id}")


def page_key(page: Page) -> str:
    """Return a name of a page that does not change when the dataset is moved."""
    name = unicodedata.normalize("NFC", page_uri_of(page)).replace("\\", "/").split("/")[-1]
    return f"{page.document}/{name}"


def choose_split(page: Page, official: Set[str], config: SplitConfig) -> str:
    """Return the split of a page.

    An official split is kept, except that eval pages are taken from official training pages if the
    data has no official eval split.

    Args:
        page: The page.
        official: The official splits that occur in the data.
        config: Fractions, seed and grouping.

    Returns:
        'train', 'eval' or 'test'.

    Example:
        >>> page = Page("a/train/1.jpg", document="a", split="train")
        >>> choose_split(page, {"train", "eval"}, SplitConfig())
        'train'
    """
    if page.split in ("eval", "test") or (page.split == "train" and "eval" in official):
        return page.split
    group = {
        "page": page_key(page),
        "document": page.document,
        "writer": page.writer or page.document,
    }[config.group_by]
    digest = hashlib.sha256(f"{config.seed}:{group}".encode("utf-8", "replace")).digest()
    place = int.from_bytes(digest[:8], "big") / 2**64
    if place < config.eval_fraction:
        return "eval"
    if place < config.eval_fraction + config.test_fraction and not page.split:
        return "test"
    return "train"
