"""The model that fine-tuning starts from: its preset, and the charset that it passes on."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

from model.recogniser.bundle import WEIGHTS_FILE, Bundle, load_bundle
from model.text.charset import Charset

# Entry of the model card of a fine-tuned model: its base, and how both read held-out lines.
BASE_ENTRY = "base"


def open_base(directory: str | Path) -> Bundle:
    """Open a model to fine-tune.

    Args:
        directory: Folder of the model, or 'default'.

    Raises:
        ValueError: If there is no such model, or it has no weights to start from.
    """
    try:
        bundle = load_bundle(directory)
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
