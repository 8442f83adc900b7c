"""Fine-tuning: the weights of one network as the start of another."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np

from model.networks.presets import Preset
from model.recogniser.bundle import WEIGHTS_FILE, load_bundle
from model.text.charset import Charset
from model.training.networks.recogniser import HEADS, build_crnn


def start_from(
    directory: Path, charset: Charset, preset: Preset, report: Callable[[str], None]
) -> Callable[[keras.Model], None]:
    """Prepare to give a fresh network the weights of a trained one.

    Args:
        directory: The trained model.
        charset: Characters of the fresh network.
        preset: Its sizes.
        report: Takes what becomes of the characters.

    Returns:
        A function that does it: characters that both know keep their weights, new ones
        keep what chance gave them.

    Raises:
        ValueError: If there is no such model, or it is of another preset.
    """
    bundle = load_bundle(directory)
    path = bundle.directory / WEIGHTS_FILE
    if not path.is_file():
        raise ValueError(f"{directory}: no {WEIGHTS_FILE}; give --init a model that has it")
    known = preset_of(path)
    if known != preset.name:
        raise ValueError(f"{directory} is of preset {known}; give --preset {known}")
    # The weights alone: what else the file says of the layers differs between versions of Keras.
    source = build_crnn(preset, bundle.charset.class_count)
    source.load_weights(path)
    report(describe_change(bundle.charset, charset))

    def give(model: keras.Model) -> None:
        for layer in source.layers:
            weights = layer.get_weights()
            if layer.name in HEADS:
                fresh = model.get_layer(layer.name).get_weights()
                weights = [
                    move_outputs(old, new, bundle.charset, charset)
                    for old, new in zip(weights, fresh)
                ]
            if weights:
                model.get_layer(layer.name).set_weights(weights)

    return give


def preset_of(path: Path) -> str:
    """Tell the preset of the network that a `.keras` file holds.

    Args:
        path: The file; nothing of it is run.

    Raises:
        ValueError: If it is no such file.
    """
    try:
        with zipfile.ZipFile(path) as file:
            name = json.loads(file.read("config.json"))["config"]["name"]
    except (KeyError, TypeError, ValueError, zipfile.BadZipFile) as error:
        raise ValueError(f"{path}: no network of ours ({error}); train it anew") from None
    return name.removeprefix("crnn_")


def describe_change(old: Charset, new: Charset) -> str:
    """List the characters that fine-tuning loses and gains.

    Example:
        >>> describe_change(Charset(("a", "b")), Charset(("a", "é")))
        'fine-tuning: 1 characters kept, 1 new (é), 1 lost (b)'
    """
    known, wanted = set(old.characters), set(new.characters)
    kept = len(known & wanted)
    return (
        f"fine-tuning: {kept} characters kept, {_listed(wanted - known, 'new')}, "
        f"{_listed(known - wanted, 'lost')}"
    )


def _listed(characters: set[str], what: str) -> str:
    names = " ".join(c if c.isprintable() and c != " " else ascii(c) for c in sorted(characters))
    return f"{len(characters)} {what} ({names})" if characters else f"none {what}"


def move_outputs(
    old: np.ndarray, new: np.ndarray, old_charset: Charset, charset: Charset
) -> np.ndarray:
    """Carry the outputs over that two networks have in common.

    Args:
        old: float32 [..., old classes], a weight of the trained head.
        new: float32 [..., classes], that of the fresh one.
        old_charset: Characters of the trained head.
        charset: Characters of the fresh one.

    Returns:
        float32 [..., classes].

    Example:
        >>> old, new = Charset(("a", "b")), Charset(("b", "c"))
        >>> move_outputs(np.float32([9, 1, 2]), np.float32([0, 0, 0]), old, new).tolist()
        [9.0, 2.0, 0.0]
    """
    moved = new.copy()
    moved[..., 0] = old[..., 0]
    for character, label in charset.labels.items():
        if character in old_charset.labels:
            moved[..., label] = old[..., old_charset.labels[character]]
    return moved
