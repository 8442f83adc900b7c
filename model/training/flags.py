"""The command-line flags of a training run, shared by every command that starts one."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from model.augmentation.config import AugmentConfig
from model.networks.presets import PRESETS, preset_named
from model.recogniser.bundle import WEIGHTS_FILE
from model.training.base_model import check_preset, open_base, preset_of
from model.training.batches import BatchConfig
from model.training.config import AUTO_EPOCHS, TrainingConfig
from model.training.language.config import add_language_flags
from model.training.optimisation.flags import add_compute_flags

BASE, OWN = CHARSETS = ("base", "own")
_PRESET = "fast"
# Not a flag of its own: what an adaptation is judged by, set by --adapt of `pipelines.train`.
ADAPTED = "adapted"
# A lower rate, so that a fine-tuned network keeps most of what it has learnt.
_FINE_TUNING_RATE = 0.4


def add_training_flags(parser: argparse.ArgumentParser) -> None:
    """Add the flags of `training_config` and `language_config`, `--init` and `--tensorboard`."""
    add = parser.add_argument_group("training").add_argument
    add(
        "--preset",
        choices=sorted(PRESETS),
        help=f"size of the network; if not given, that of --init, or {_PRESET}",
    )
    add(
        "--epochs",
        type=int,
        help="passes over the training lines; if not given, 20, with --init 8 to 30, the fewer the "
        "more lines there are",
    )
    add(
        "--seed",
        type=int,
        default=0,
        help="seed of weights, dropout, augmentation and the order of lines",
    )
    add("--init", type=Path, help="model to fine-tune, or default")
    add(
        "--charset",
        choices=CHARSETS,
        default=BASE,
        help="letters of a fine-tuned model: those of --init and of the dataset (base), or of the "
        "dataset only (own)",
    )
    add(
        "--replay",
        type=Path,
        nargs="+",
        help="with --init: datasets of other hands that are not to be forgotten; as many of their "
        "lines as of the dataset are trained on in each epoch",
    )
    add(
        "--learning_rate",
        type=float,
        help="peak learning rate; if not given, the preset's, times 0.4 with --init",
    )
    add("--dropout", type=float, help="dropout rate; if not given, the preset's")
    add("--augmentation", type=float, default=1.0, help="strength of augmentation; 0 for none")
    add(
        "--balance",
        type=float,
        default=0.0,
        help="how much more often to draw lines of small documents; 1: all documents equally",
    )
    add_compute_flags(add)
    add(
        "--batch_width_px",
        type=int,
        help="total width of the lines of a batch; if not given, the preset's",
    )
    add(
        "--patience",
        type=int,
        default=0,
        help="stop after this many epochs without a lower CER; 0 for never",
    )
    add("--tensorboard", type=Path, help="folder to write TensorBoard curves to")
    add(
        "--processes",
        type=int,
        default=0,
        help="worker processes that prepare lines; useful with a GPU",
    )
    add_language_flags(parser)


def chosen_training_flags(args: argparse.Namespace) -> dict[str, Any]:
    """Return the values of these flags as JSON values, to pass to another process.

    Args:
        args: Arguments from a parser that has these flags and maybe others.

    Returns:
        Values by name.
    """
    return {name: _json(getattr(args, name)) for name in vars(_defaults())}


def _json(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return list(map(_json, value))
    return str(value) if isinstance(value, Path) else value


def _defaults() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_training_flags(parser)
    return parser.parse_args([])


def training_config(flags: Mapping[str, Any]) -> TrainingConfig:
    """Build the configuration of a run from its flags.

    Args:
        flags: Values by name; a missing flag has its default.

    Returns:
        The configuration.

    Raises:
        ValueError: If a value is not valid.

    Example:
        >>> training_config({"preset": "fast", "init": "m"}).learning_rate
        0.0006
    """
    values = {**vars(_defaults()), **flags}
    of_base = _preset_of_base(values["init"])
    preset = preset_named(values["preset"] or of_base or _PRESET)
    if of_base:
        check_preset(values["init"], of_base, preset.name)
    _check(values)
    dropout = preset.dropout if values["dropout"] is None else values["dropout"]
    rate = values["learning_rate"]
    if rate is None:
        rate = round(preset.learning_rate * (_FINE_TUNING_RATE if values["init"] else 1.0), 9)
    width_px = values["batch_width_px"] or preset.batch_width_px
    return TrainingConfig(
        preset=preset.name,
        epochs=AUTO_EPOCHS if values["epochs"] is None else values["epochs"],
        learning_rate=rate,
        dropout=dropout,
        patience_epochs=values["patience"],
        precision=values["precision"],
        processes=values["processes"],
        seed=values["seed"],
        balance=values["balance"],
        batch=BatchConfig(width_px=width_px, seed=values["seed"]),
        augmentation=_augmentation(values["augmentation"]),
    )


def _preset_of_base(init: str | Path | None) -> str:
    """Return the preset of the model that fine-tuning starts from; empty for none, or one unseen.

    A pipeline for a cluster is written where its models cannot be seen.
    """
    try:
        return preset_of(open_base(init).directory / WEIGHTS_FILE) if init else ""
    except ValueError:
        return ""


def _check(values: Mapping[str, Any]) -> None:
    for name in ("epochs", "patience", "processes"):
        if values[name] is not None and values[name] < (name == "epochs"):
            raise ValueError(f"--{name} {values[name]} is too small; give a larger number")
    for name, highest in (("augmentation", 3), ("balance", 1), ("seed", 2**32 - 1)):
        if not 0 <= values[name] <= highest:
            raise ValueError(f"--{name} {values[name]} is not between 0 and {highest}")
    if values["replay"] and not values["init"]:
        raise ValueError("--replay is for fine-tuning; give --init, too")
    if values["dropout"] is not None and not 0 <= values["dropout"] < 1:
        raise ValueError(f"--dropout {values['dropout']} is not in the range from 0 to below 1")
    for name in ("learning_rate", "batch_width_px"):
        if values[name] is not None and values[name] <= 0:
            raise ValueError(f"--{name} {values[name]} is not above 0")


def _augmentation(strength: float) -> AugmentConfig:
    return AugmentConfig().scaled(strength) if strength else AugmentConfig.none()
