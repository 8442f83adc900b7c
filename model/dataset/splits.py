"""Assignment of pages to splits: the official split, else by a stable hash."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Set
from dataclasses import dataclass

from model.dataset.split_names import FOLDER_NAMES, folders_below
from schemas.features import CUT_SOURCE
from schemas.records import Page

# Units whose pages stay in one split. A page of no known writer is grouped by its document.
GROUPS = ("page", "document", "writer")

# Names of folders that organise files and do not identify a document.
_PLAIN_FOLDERS = {"page", "alto", "data", "images", "img", *FOLDER_NAMES}


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
        shares = (self.eval_fraction, self.test_fraction)
        # One alone may be all there is: a set to evaluate a finished model on.
        if sum(shares) >= 1 and sorted(shares) != [0, 1]:
            raise ValueError(
                "--eval_fraction and --test_fraction leave no page to train on; lower one of them"
            )


def document_of(uri: str) -> str:
    """Return the document of a page: its nearest folder that is not a generic one.

    Example:
        >>> document_of("peraire/data/test/B_0048.jpg"), document_of("b.jpg")
        ('peraire', '')
    """
    names = [f for f in folders_below(uri) if f.lower() not in _PLAIN_FOLDERS]
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


def unit_of(page_name: str, document: str, writer: str, config: SplitConfig) -> str:
    """Return the name of the unit that a page is assigned to a split with.

    Args:
        page_name: Result of `page_key`.
        document: Document of the page; may be empty.
        writer: Writer of the page; may be empty.
        config: Grouping.
    """
    return {"page": page_name, "document": document, "writer": writer or document}[config.group_by]


def place_of(unit: str, config: SplitConfig) -> int:
    """Return the place of a unit among all: 64 bits of a hash that no other page changes."""
    digest = hashlib.sha256(f"{config.seed}:{unit}".encode("utf-8", "replace")).digest()
    return int.from_bytes(digest[:8], "big")


def unit_place(page: Page, config: SplitConfig) -> int:
    """Return the place of the unit of a page."""
    return place_of(unit_of(page_key(page), page.document, page.writer, config), config)


def official_or_none(split: str, official: Set[str]) -> str:
    """Return the official split of a page if it is kept; empty if another has to be chosen.

    Eval pages are taken from official training pages if the data has no official eval split.

    Args:
        split: Official split of the page; may be empty.
        official: The official splits that occur in the data.

    Example:
        >>> official_or_none("train", {"train", "eval"}), official_or_none("train", {"train"})
        ('train', '')
    """
    is_kept = split in ("eval", "test") or (split == "train" and "eval" in official)
    return split if is_kept else ""


def split_by_threshold(place: int, official: str, config: SplitConfig) -> str:
    """Return the split of a unit by its place alone.

    Args:
        place: Result of `place_of`.
        official: 'train' for official training pages, which never become test pages; else empty.
        config: Shares.

    Returns:
        'train', 'eval' or 'test'.

    Example:
        >>> split_by_threshold(0, "", SplitConfig()), split_by_threshold(2**63, "", SplitConfig())
        ('eval', 'train')
    """
    share = place / 2**64
    if share < config.eval_fraction:
        return "eval"
    if share < config.eval_fraction + config.test_fraction and not official:
        return "test"
    return "train"
