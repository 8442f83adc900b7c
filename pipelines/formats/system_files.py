"""Files that operating systems and file servers leave beside pages, by their names."""

from __future__ import annotations

import re

# What macOS, Windows and the software of file servers leave behind.
_FILES = frozenset({".ds_store", "thumbs.db", "ehthumbs.db", "desktop.ini", ".directory"})
_FOLDERS = frozenset({
    "@eadir", "__macosx", ".appledouble", ".trashes", ".spotlight-v100", ".fseventsd",
    "#recycle", "@recycle", "$recycle.bin", ".thumbnails", ".ipynb_checkpoints",
})  # fmt: skip
# Of copies of macOS, and of links by which Emacs marks a file as open.
_STARTS = ("._", ".#")
_TRASH = re.compile(r"\.trash-[0-9]+")


def is_stray(uri: str) -> bool:
    """Return whether a file belongs to an operating system or file server, by its path.

    Example:
        >>> is_stray("d/._p.png"), is_stray("d/@eaDir/p.png/SYNOPHOTO_THUMB_XL.jpg")
        (True, True)
        >>> is_stray("d/p.png"), is_stray("d/.p.png")
        (False, False)
    """
    *folders, name = uri.lower().split("/")
    return (
        name.startswith(_STARTS)
        or name in _FILES
        or any(folder in _FOLDERS or _TRASH.fullmatch(folder) for folder in folders)
    )
