"""Fine-tuning: initialise a network with the weights of a trained one."""

from __future__ import annotations

from collections.abc import Callable

import keras
import numpy as np

from model.networks.presets import Preset
from model.recogniser.bundle import WEIGHTS_FILE, Bundle
from model.text.charset import Charset
from model.training.base_model import check_preset, preset_of
from model.training.networks.recogniser import HEADS, build_crnn


def start_from(
    base: Bundle, charset: Charset, preset: Preset, report: Callable[[str], None]
) -> Callable[[keras.Model], None]:
    """Prepare to copy the weights of a trained network into a new one.

    Args:
        base: The trained model, from `open_base`.
        charset: Charset of the new network.
        preset: Preset of the new network.
        report: Is given a line about the characters that are kept, new and lost.

    Returns:
        A function that copies the weights into a network: characters of both charsets keep
        their weights, new characters keep their random initialisation.

    Raises:
        ValueError: If the model has another preset.
    """
    path = base.directory / WEIGHTS_FILE
    check_preset(base.directory, preset_of(path), preset.name)
    # Only the weights: the rest of the file differs between versions of Keras.
    source = build_crnn(preset, base.charset.class_count)
    source.load_weights(path)
    report(describe_change(base.charset, charset))

    def copy_weights(model: keras.Model) -> None:
        for layer in source.layers:
            weights = layer.get_weights()
            if layer.name in HEADS:
                initial = model.get_layer(layer.name).get_weights()
                weights = [
                    move_outputs(old, new, base.charset, charset)
                    for old, new in zip(weights, initial)
                ]
            if weights:
                model.get_layer(layer.name).set_weights(weights)

    return copy_weights


def describe_change(old: Charset, new: Charset) -> str:
    """Describe which characters fine-tuning keeps, adds and loses.

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
    """Copy the outputs of the characters that two networks have in common.

    Args:
        old: float32 [..., old classes], a weight of the trained head.
        new: float32 [..., classes], the same weight of the new head.
        old_charset: Charset of the trained head.
        charset: Charset of the new head.

    Returns:
        float32 [..., classes], a copy of `new` with the outputs of `old`.

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
