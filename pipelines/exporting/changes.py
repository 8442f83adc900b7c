"""Which files of an export have to be written anew."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cached_property
from hashlib import sha256

from pipelines.exporting.listing import Listing
from pipelines.formats.addresses import is_address
from pipelines.formats.page_text import PageText

# The key of a file that holds all pages; no document is called so.
ALL = ""
_DIGITS = 16


class Changes:
    """What differs between an export and the tables, page by page and document by document.

    Args:
        pages: The pages that are there, in order; their lines are not looked at.
        name_of: Returns what the files of a page are called, by its URI.
        document_of: Returns what those of its document are called.
        before: What the export holds; nothing if it is new.
        since: Pages that a later run than this one read count as changed; empty for none.
        at_once: Whether all pages change if one does.
    """

    def __init__(
        self,
        pages: Iterable[PageText],
        name_of: Callable[[str], str],
        document_of: Callable[[PageText], str],
        before: Listing,
        since: str = "",
        at_once: bool = False,
    ):
        self.before, self._at_once = before, at_once
        self.pages: dict[str, str] = {}
        documents, forced = {ALL: sha256()}, {}
        for page in pages:
            self.pages[page.uri] = state = state_of_page(page, name_of(page.uri))
            is_forced = bool(since) and page.run_id > since
            for key in (ALL, document_of(page)):
                documents.setdefault(key, sha256()).update(state.encode())
                forced[key] = forced.get(key, False) or is_forced
            if is_forced:
                forced[page.uri] = True
        self._states = {key: digest.hexdigest()[:_DIGITS] for key, digest in documents.items()}
        self._forced = forced

    @property
    def documents(self) -> tuple[str, ...]:
        """Paths of the documents, as `ExportNames.of_document` has them."""
        return tuple(key for key in self._states if key != ALL)

    def state(self, key: str) -> str:
        """Return what a document, or with `ALL` everything, is made of."""
        return self._states[key]

    def has_page(self, uri: str) -> bool:
        """Return whether the files of a page have to be written."""
        if self._at_once:
            return self.has_any()
        return self._forced.get(uri, False) or self.before.pages.get(uri) != self.pages.get(uri)

    def has_whole(self, path: str, key: str) -> bool:
        """Return whether a file of several pages has to be written.

        Args:
            path: The file.
            key: The document that it is of, or `ALL`.
        """
        return self._forced.get(key, False) or self.before.wholes.get(path) != self._states[key]

    def has_any(self) -> bool:
        """Return whether any page differs, came or went."""
        return self._has_any

    @cached_property
    def _has_any(self) -> bool:
        return any(self._forced.values()) or dict(self.before.pages) != self.pages


def state_of_page(page: PageText, name: str) -> str:
    """Return a digest of what decides how the files of a page look.

    The text is not looked at: another one is that of another run.

    Args:
        page: The page; its lines are not looked at.
        name: What its files are called.
    """
    address = page.address if is_address(page.address) else ""
    image = page.sha256, page.width_px, page.height_px, page.dpi, address
    place = page.document, page.place, page.label, page.canvas_px
    facts = repr((name, page.uri, page.run_id, image, place))
    return sha256(facts.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGITS]
