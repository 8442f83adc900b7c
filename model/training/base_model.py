"""The model that fine-tuning starts from: its preset, and the charset that it passes on."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Iterable
from pathlib import Path

from model.networks.manifest import check_files
from model.recogniser.bundle import WEIGHTS_FILE, Bundle, load_bundle
from model.text.charset import Charset

# Entries of a model card: of a fine-tuned model its base, and how both read held-out lines; and the
# keys of the pages that a model was trained on.
BASE_ENTRY, PAGES_ENTRY = "base", "trained_pages"
_KEY_BYTES, _KEY_PARTS = 4, 3


def open_base(directory: str | Path) -> Bundle:
    """Open a model to fine-tune.

    Args:
        directory: Folder of the model, or 'default'.

    Raises:
        ValueError: If there is no such model, or it has no weights to start from.
    """
    try:
        bundle = load_bundle(directory)
        if (bundle.directory / WEIGHTS_FILE).is_file():
            check_files(bundle.directory, [WEIGHTS_FILE], [WEIGHTS_FILE])
    except ValueError as error:
        raise ValueError(f"--init {error}") from None
    if not (bundle.directory / WEIGHTS_FILE).is_file():
        raise ValueError(f"--init {directory}: no {WEIGHTS_FILE}; give --init a model that has it")
    return bundle


def preset_of(path: Path) -> str:
    """Return the name of the preset of the network in a `.keras` file.

    Args:
        path: The file; no code in it is run.

    Raises:
        ValueError: If it is not such a file.
    """
    try:
        with zipfile.ZipFile(path) as file:
            name = json.loads(file.read("config.json"))["config"]["name"]
    except (KeyError, TypeError, ValueError, zipfile.BadZipFile) as error:
        raise ValueError(f"{path}: not a network of Quire ({error}); train it again") from None
    return name.removeprefix("crnn_")


def check_preset(init: str | Path, of_base: str, preset: str) -> None:
    """Check that a network has the preset of the model that it is fine-tuned from.

    Args:
        init: That model, as it is named.
        of_base: Its preset.
        preset: The preset of the network.

    Raises:
        ValueError: If it has another.
    """
    if of_base != preset:
        raise ValueError(f"--init {init} is of preset {of_base}; give --preset {of_base}, or none")


def joined_charset(base: Charset, charset: Charset) -> Charset:
    """Return a charset of all characters of two, in which those of the first keep their labels.

    Args:
        base: Charset of the model that is fine-tuned.
        charset: Characters of the new lines.

    Example:
        >>> joined_charset(Charset(("b", "d")), Charset(("a", "b", "c"))).characters
        ('b', 'd', 'a', 'c')
    """
    new = sorted(set(charset.characters) - set(base.characters))
    return Charset((*base.characters, *new))


def page_key(uri: str) -> str:
    """Return a short key of a page that is the same wherever its folder lies.

    Args:
        uri: Location of its image.

    Example:
        >>> page_key("/data/abbey/letters/p1.jpg") == page_key("scans/abbey/letters/p1.jpg")
        True
    """
    name = "/".join(uri.split("/")[-_KEY_PARTS:])
    return hashlib.blake2b(name.encode(), digest_size=_KEY_BYTES).hexdigest()


def page_keys(uris: Iterable[str]) -> list[str]:
    """Return the sorted keys of pages, for the model card."""
    return sorted(set(map(page_key, uris)))
