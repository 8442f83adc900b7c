"""Which image a description means: the one rule for all commands, in the order of its steps.

1. The name as it is written, then decoded: a relative one from the folder of the XML, from the
   folder above, from that of the METS file above it; an absolute one only inside the input.
2. The last part of the name, in the same folders and in `images` beside the XML or one above.
3. The name with another ending, in the same folders.
4. The name of the XML, in the same folders.
5. A file of several pages with the name of the XML less a page number, or with that of its folder.

Beside an XML file in a folder `page` may lie masks, so the folder above such a folder goes first.
"""

from __future__ import annotations

import posixpath
import unicodedata
from collections.abc import Iterable, Iterator
from urllib.parse import unquote

from pipelines.descriptions.pairing import numbered_readings
from pipelines.formats.alike import nearest_images
from pipelines.formats.names import MARKUP_FOLDERS, PAGED_EXTENSIONS, loose_name
from pipelines.formats.source import Files

_IMAGES = "images"
_WORKSPACE_FILE = "mets.xml"
# Last parts of an absolute name that are looked for, as on another machine.
_MOST_PARTS = 3


class AmbiguousImage(ValueError):
    """Several files may be the image of a description.

    Attributes:
        uris: The files.
    """

    def __init__(self, uris: list[str]):
        first, second, *_ = self.uris = uris
        super().__init__(
            f"image may be {first} or {second}; take one of them out of the folder, or name it "
            "in the XML as it is called"
        )


def image_uri(markup_uri: str, image_name: str, files: Files) -> str | None:
    """Find the image file of a page description.

    Args:
        markup_uri: The XML file.
        image_name: The image as the XML names it, without a page number; may be empty.
        files: Where to look, and what is inside the input.

    Returns:
        The file; None where there is none.

    Raises:
        AmbiguousImage: If several files may be meant alike.
    """
    folders = _folders(markup_uri, files)
    named = files.first_existing(_exact(folders, markup_uri, image_name, files))
    if named is None and "/" in image_name:
        workspaces = _workspaces(markup_uri, files)
        named = files.first_existing(_named_from(workspaces, markup_uri, image_name, files))
    if named:
        return named
    around = map(posixpath.dirname, _exact(folders, markup_uri, image_name, files))
    places = list(dict.fromkeys([*around, *_with_images(folders)]))
    for name in dict.fromkeys([*_bases(image_name), posixpath.basename(markup_uri)]):
        for folder in places:
            if found := _most_alike(folder, name, files):
                return found
    return files.first_existing(_numbered(markup_uri))


def _exact(folders: list[str], markup_uri: str, image_name: str, files: Files) -> Iterator[str]:
    """Yield where the named file may be, without a look at any folder."""
    yield from _named_from(folders, markup_uri, image_name, files)
    for base in _bases(image_name):
        for form in (base, *(unicodedata.normalize(form, base) for form in ("NFC", "NFD"))):
            yield from (posixpath.join(folder, form) for folder in _with_images(folders))


def _named_from(
    folders: Iterable[str], markup_uri: str, image_name: str, files: Files
) -> Iterator[str]:
    own = posixpath.dirname(markup_uri)
    for name in _spellings(image_name):
        if posixpath.isabs(name) and files.is_inside(name):
            yield posixpath.normpath(name)
        for part in _parts(name):
            for folder in folders:
                path = _resolved(folder, part)
                if path and (posixpath.dirname(path) in (own, folder) or files.is_inside(path)):
                    yield path


def _spellings(image_name: str) -> list[str]:
    """Return a name as it is written and decoded, with '/' between its parts."""
    plain = image_name.replace("\\", "/")
    local = plain[len("file:") :] if plain.lower().startswith("file:") else plain
    local = f"/{local.lstrip('/')}" if local != plain else local
    return [name for name in dict.fromkeys([plain, local, unquote(local)]) if name]


def _bases(image_name: str) -> list[str]:
    bases = map(posixpath.basename, _spellings(image_name))
    return [base for base in dict.fromkeys(bases) if base not in ("", ".", "..")]


def _parts(name: str) -> list[str]:
    """Return a relative name, or the last parts of an absolute one, longest first."""
    parts = [part for part in name.split("/") if part]
    is_absolute = name.startswith("/") or ":" in parts[0] if parts else False
    if not is_absolute:
        return [name]
    return ["/".join(parts[-count:]) for count in range(min(_MOST_PARTS, len(parts) - 1), 0, -1)]


def _resolved(folder: str, name: str) -> str | None:
    """Join a folder and a relative name; None where it leads above what the folder's path names.

    Example:
        >>> _resolved("d/labels", "../images/./x.png"), _resolved("d", "../../x.png")
        ('d/images/x.png', None)
    """
    for part in name.split("/"):
        if part == "..":
            if posixpath.basename(folder) in ("", ".", ".."):
                return None
            folder = posixpath.dirname(folder)
        elif part not in ("", "."):
            folder = posixpath.join(folder, part)
    return folder


def _folders(markup_uri: str, files: Files) -> list[str]:
    """List the folders that names start from: that of the XML, and the one above."""
    own = posixpath.dirname(markup_uri)
    above = posixpath.dirname(own)
    if posixpath.basename(own).lower() in MARKUP_FOLDERS:
        return [above, own]
    return [own, above] if own != above and files.is_inside(above) else [own]


def _workspaces(markup_uri: str, files: Files) -> Iterator[str]:
    """Yield the nearest folder further above, inside the input, that holds a METS file."""
    folder = posixpath.dirname(posixpath.dirname(posixpath.dirname(markup_uri)))
    while folder and files.is_inside(folder):
        if files.first_existing([posixpath.join(folder, _WORKSPACE_FILE)]):
            yield folder
            return
        folder = posixpath.dirname(folder)


def _with_images(folders: Iterable[str]) -> list[str]:
    every = list(folders)
    return [*every, *(posixpath.join(folder, _IMAGES) for folder in every)]


def _most_alike(folder: str, name: str, files: Files) -> str | None:
    """Find the image in a folder whose name differs least, in its ending, case or Unicode form."""
    nearest = nearest_images([folder], name, files)
    if len(nearest) > 1:
        raise AmbiguousImage(nearest)
    return nearest[0] if nearest else None


def _numbered(markup_uri: str) -> Iterator[str]:
    for path, _ in numbered_readings(markup_uri):
        for extension in PAGED_EXTENSIONS:
            for form in ("NFC", "NFD"):
                for ending in (extension, extension.upper()):
                    yield unicodedata.normalize(form, path) + ending


def is_alike(name: str, other: str) -> bool:
    r"""Return whether two image names differ at most in folder, ending, case and Unicode form.

    Example:
        >>> is_alike("C:\\scans\\p%201.tif", "d/p 1.JPG"), is_alike("p1.png", "p2.png")
        (True, False)
    """
    wanted = loose_name(other)
    return any(loose_name(base) == wanted for base in _bases(name))
