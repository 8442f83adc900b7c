"""Names of pages in the tables: the same page has one name, by whichever path it is given."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

from apache_beam.io.filesystems import FileSystems

from pipelines.buckets.store import is_bucket
from pipelines.files.zip_members import split_member
from pipelines.formats.addresses import is_address
from pipelines.formats.names import file_of
from schemas.records import PageSource


@dataclass(frozen=True)
class KnownNames:
    """What the names of the pages in the tables are like.

    Attributes:
        folders: Folders that have a page in or below them.
        sample: Some of the pages that are files.
        root: Folder that relative names start from, absolute; empty if no run recorded it.
        root_name: Start of the names of the pages in that folder; None if no run had `--root`.
    """

    folders: frozenset[str] = frozenset()
    sample: tuple[str, ...] = ()
    root: str = ""
    root_name: str | None = None

    def depth(self, folder: str) -> int | None:
        """Return how many folders up the tables have pages; None if they have none there.

        Example:
            >>> known = KnownNames(frozenset({"scans/1858", "scans", ""}))
            >>> known.depth("scans/1858"), known.depth("scans/1859"), known.depth("/mnt")
            (0, 1, None)
        """
        for steps, one in enumerate(ancestors(folder)):
            if one in self.folders:
                return steps
        return None


def ancestors(folder: str) -> Iterator[str]:
    """Yield a folder and those around it; that of relative paths is '', and '/' is left out.

    Example:
        >>> list(ancestors("scans/1858")), list(ancestors("/mnt/a")), list(ancestors("./a"))
        (['scans/1858', 'scans', ''], ['/mnt/a', '/mnt'], ['./a', '.'])
        >>> list(ancestors("gs://bucket/a"))
        ['gs://bucket/a', 'gs://bucket']
    """
    while folder not in ("", ".", "/"):
        yield folder
        folder = os.path.dirname(folder)
        if folder.endswith(":"):
            # A bucket is in no folder.
            return
    if folder != "/":
        yield folder


@dataclass(frozen=True)
class Place:
    """A folder of the input, and how the names of its pages start in the tables.

    Attributes:
        given: The folder, as the paths of its files start.
        name: Start of the names of its pages.
        aliases: Other starts under which the tables have pages of this folder.
    """

    given: str
    name: str
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True)
class PageNames:
    """The names of pages by their paths, and the reverse.

    Attributes:
        places: The folders of the input.
        known: The names in the tables, for files outside of those folders; None to keep theirs.
        root: Folder that relative names start from, absolute; recorded with the run.
        root_name: As of `KnownNames`.
    """

    places: tuple[Place, ...] = ()
    known: KnownNames | None = None
    root: str = ""
    root_name: str | None = None

    def name(self, path: str) -> str:
        """Return the name of a file or page.

        Args:
            path: Its path as it was listed; an address on the web is its own name.

        Example:
            >>> names = PageNames((Place("/mnt/b/scans", "scans"),))
            >>> names.name("/mnt/b/scans/1858/a.jpg"), names.name("other/a.jpg")
            ('scans/1858/a.jpg', 'other/a.jpg')
        """
        for folder in ancestors(os.path.dirname(path)) if self.places else ():
            if place := self._by_folder.get(folder):
                return joined(place.name, beneath(path, folder))
        if self.known is None or not path or is_address(path):
            return path
        folder, name = os.path.split(path)
        return joined(_place(folder, self.known).name, name)

    @cached_property
    def _by_folder(self) -> dict[str, Place]:
        return {place.given: place for place in self.places}

    def paths(self, name: str) -> Iterator[str]:
        """Yield the paths that a name in the tables may stand for, each in a folder of the input.

        Example:
            >>> names = PageNames((Place("/mnt/b/scans", "scans", ("/mnt/a/scans",)),))
            >>> list(names.paths("/mnt/a/scans/a.jpg")), list(names.paths("x/a.jpg"))
            (['/mnt/b/scans/a.jpg'], [])
        """
        for place in self.places:
            for start in (place.name, *place.aliases):
                if (rest := beneath(name, start)) is not None:
                    yield joined(place.given, rest)

    def renamed(self, source: PageSource) -> PageSource:
        """Return a source under the name of its page; its addresses stay."""
        if not self.places and self.known is None:
            return source
        return replace(source, uri=self.name(source.uri), document=self.name(source.document))


def location(name: str, address: str, root: str, root_name: str | None) -> str:
    """Return where a page of the tables is now: at its address, or below the root.

    Args:
        name: The page.
        address: Where it was when it was read; empty where that is its name.
        root: Folder that names start from, of the newest run that recorded one; may be empty.
        root_name: Start of those names; may be None.
    """
    address = address or name
    rest = beneath(name, root_name or "")
    is_remote = is_bucket(address)
    if is_remote or not root or rest is None or _is_there(address):
        return address
    below = joined(root, rest)
    return below if _is_there(below) else address


def _is_there(page: str) -> bool:
    member = split_member(page)
    return FileSystems.exists(member[0] if member else file_of(page))


def beneath(path: str, folder: str) -> str | None:
    """Return a path relative to a folder; None if it lies elsewhere.

    Example:
        >>> beneath("a/b/c", "a/b"), beneath("a/b", "a/b"), beneath("a/bc", "a/b")
        ('c', '', None)
        >>> beneath("b/c", ""), beneath("/b/c", ""), beneath("/b/c", "/"), beneath("./c", ".")
        ('b/c', None, 'b/c', 'c')
    """
    if path == folder:
        return ""
    if not folder:
        is_outside = path.startswith(("/", "./", "../")) or is_bucket(path) or path in (".", "..")
        return None if is_outside else path
    start = f"{folder.rstrip('/')}/"
    return path[len(start) :] if path.startswith(start) else None


def joined(folder: str, rest: str) -> str:
    """Join a folder, which may be empty, and a path below it; the reverse of `beneath`.

    Example:
        >>> joined("a", "b/c"), joined("", "b/c"), joined("a", ""), joined("/", "b")
        ('a/b/c', 'b/c', 'a', '/b')
    """
    return f"{folder.rstrip('/')}/{rest}" if folder and rest else folder or rest


def choose_place(folder: str, known: KnownNames) -> Place:
    """Choose how the names of the pages in a folder start.

    A folder that the tables have under another path keeps the name that it has there: relative to
    the root, absolute, or with links resolved. Else it is called as it is given.

    Args:
        folder: The folder, as given and normalised.
        known: The names in the tables.
    """
    given = folder or os.curdir
    options = list(dict.fromkeys(_possible_names(given, known)))
    depths = {name: known.depth(name) for name in options}
    found = [name for name in options if depths[name] is not None]
    name = min(found, key=lambda one: depths[one]) if found else _usual(given, options, known)
    aliases = tuple(one for one in options if one != name and depths[one] == 0)
    return Place(given, name, aliases)


# Files of a list are often in the same folders.
_place = lru_cache(maxsize=10_000)(choose_place)


def _possible_names(given: str, known: KnownNames) -> Iterator[str]:
    if is_bucket(given):
        if known.root and (rest := beneath(given, known.root)) is not None:
            yield joined(known.root_name or "", rest)
        yield given
        return
    root = known.root or os.getcwd()
    whole = os.path.abspath(given)
    paths = (whole, os.path.realpath(whole))
    for path in paths:
        rest = beneath(path, root)
        if rest is not None:
            yield joined(known.root_name or "", rest)
            if not known.root_name:
                yield joined(os.curdir, rest)
    is_there = os.path.normpath(os.path.join(root, given))
    # Relative to another folder it is another one, unless that was moved here.
    if not os.path.isabs(given) and (is_there == whole or not os.path.exists(is_there)):
        yield given
    yield from paths


def _usual(given: str, options: Sequence[str], known: KnownNames) -> str:
    if is_bucket(given):
        return options[0]
    whole = os.path.abspath(given)
    if known.root_name is not None:
        return options[0] if beneath(whole, known.root) is not None else whole
    if os.path.isabs(given):
        return given
    return given if known.root in ("", os.getcwd()) else whole


def page_names(folders: Iterable[str], root: str, known: KnownNames, has_lists: bool) -> PageNames:
    """Choose the names of the pages of a run.

    Args:
        folders: Folders of the input, from `input_roots`.
        root: Value of `--root`; empty if it was not given.
        known: The names in the tables.
        has_lists: Whether the input names lists, whose files may lie anywhere.

    Returns:
        The names.

    Raises:
        ValueError: If a folder of the input is not below `root`.
    """
    if root:
        known = _rooted(root, known)
    places = []
    for folder in dict.fromkeys(folders):
        if not root:
            places.append(choose_place(folder, known))
            continue
        rest = _beneath_real(folder or os.curdir, known.root)
        if rest is None:
            raise ValueError(f"{folder or os.curdir} is not in --root {root}; give a folder of it")
        places.append(Place(folder or os.curdir, joined(known.root_name or "", rest)))
    places.sort(key=lambda place: len(place.given), reverse=True)
    recorded = known.root or os.getcwd()
    if not root and any(_is_moved(place, recorded) for place in places):
        recorded = os.getcwd()
    return PageNames(tuple(places), known if has_lists else None, recorded, known.root_name)


def _is_moved(place: Place, root: str) -> bool:
    """Return whether a relative name now starts from this folder instead of the recorded one."""
    return not os.path.isabs(place.name) and place.name == place.given and root != os.getcwd()


def _beneath_real(folder: str, root: str) -> str | None:
    if is_bucket(folder):
        return beneath(folder, root)
    whole = os.path.abspath(folder)
    rests = (beneath(whole, root), beneath(os.path.realpath(whole), os.path.realpath(root)))
    return next((rest for rest in rests if rest is not None), None)


def _rooted(root: str, known: KnownNames) -> KnownNames:
    """Return the names as they are below a root that is given now."""
    whole = root.rstrip("/") if is_bucket(root) else os.path.abspath(root)
    name = known.root_name
    if name is None:
        place = choose_place(whole, known)
        name = place.name if known.depth(place.name) == 0 else stands_for(known.sample, whole)
    return replace(known, root=whole, root_name=name)


def stands_for(pages: Sequence[str], root: str) -> str:
    """Return the start of names of pages whose files are now found below a folder.

    Args:
        pages: Names of some pages.
        root: The folder.

    Returns:
        The start that most pages have whose files are there, if those are half of its pages;
        else empty, so that all names are new.
    """
    beneath_start: dict[str, list[str]] = {}
    for page in pages:
        for start in ancestors(os.path.dirname(page)):
            if start and (rest := beneath(page, start)):
                beneath_start.setdefault(start, []).append(rest)
    found = {
        start: sum(FileSystems.exists(joined(root, rest)) for rest in rests)
        for start, rests in beneath_start.items()
    }
    good = [start for start, rests in beneath_start.items() if 2 * found[start] >= len(rests)]
    base = os.path.basename(root)
    return max(
        good,
        key=lambda start: (found[start], os.path.basename(start) == base, len(start)),
        default="",
    )
