"""Configuration of one training run, with the checks that do not need TFX."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from model.dataset.examples import read_examples
from model.line_images.preprocess import PreprocessConfig
from model.networks.presets import preset_named
from model.recogniser.bundle import LATEST
from model.training.base_model import open_base
from model.training.flags import training_config
from pipelines.cli.options import UsageError
from schemas.features import LINE_FILES

SPLITS = ("train", "eval")
_EVAL_CURE = "raise --eval_fraction and ingest again; a single page cannot be held out, correct two"

# A network that outputs nothing, or the same text for every line, has a CER close to 1.
DEFAULT_MAX_CER = 0.95
# Splits of one collection differ by less than 0.1, different collections by 0.37 or more.
DEFAULT_MAX_DRIFT = 0.3


def _new_run_id() -> str:
    return f"{datetime.now(timezone.utc):%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"


@dataclass(frozen=True)
class TrainingRecipe:
    """How a model is trained and evaluated, on this machine or on a cluster.

    Attributes:
        training: Flags of `model.training.flags`, by name; missing ones have their default.
        max_cer: Highest CER on the eval split at which a model is released.
        max_drift: Highest divergence of the eval split from the train split at which a model
            is trained.
    """

    training: Mapping[str, Any]
    max_cer: float = DEFAULT_MAX_CER
    max_drift: float = DEFAULT_MAX_DRIFT

    @property
    def preset(self) -> str:
        """Name of the network's size."""
        return training_config(self.training).preset


@dataclass(frozen=True)
class TrainConfig:
    """One training run on this machine.

    Attributes:
        dataset: Folder that `pipelines.ingest` wrote.
        output: Folder of the models; a version goes to `<output>/<version>`.
        recipe: How the model is trained and evaluated.
        run_id: Identifier of the run.
    """

    dataset: Path
    output: Path
    recipe: TrainingRecipe
    run_id: str = field(default_factory=_new_run_id)

    @property
    def tfx_root(self) -> Path:
        """Folder of everything that TFX keeps; the released models do not need it."""
        return self.output / ".tfx"

    @property
    def run_root(self) -> Path:
        """Folder of this run's artifacts."""
        return self.tfx_root / self.run_id

    @property
    def metadata_path(self) -> Path:
        """Database of ML Metadata, one for all runs."""
        return self.tfx_root / "metadata.sqlite"

    @property
    def staging(self) -> Path:
        """Folder where the Pusher puts the model before it is released."""
        return self.run_root / "staging"


def pinned_flags(flags: Mapping[str, Any]) -> dict[str, Any]:
    """Return the flags of a training on this machine with what their files hold.

    TFX takes the result of an earlier run if all flags are the same, though a link such as `latest`
    may lead to another model by now, or a file have another content.

    Args:
        flags: Flags of `model.training.flags`, by name.

    Raises:
        UsageError: If the model to start from cannot be used.
    """
    init = flags.get("init")
    try:
        base = str(open_base(init).directory) if init else None
    except ValueError as error:
        raise UsageError(str(error)) from None
    texts = map(Path, flags.get("language_model_text") or ())
    others = (Path(folder).glob(f"train/{LINE_FILES}") for folder in flags.get("replay") or ())
    files = sorted({*texts, *(path for found in others for path in found)})
    stats = [(str(path), path.stat().st_size, path.stat().st_mtime_ns) for path in files]
    return {**flags, "init": base, "inputs": stats}


def check_config(config: TrainConfig) -> None:
    """Check dataset and output before TFX is imported.

    Args:
        config: The run.

    Raises:
        UsageError: If the dataset or the output cannot be used.
    """
    if not config.dataset.is_dir():
        raise UsageError(f"{config.dataset}: no such folder; make a dataset with pipelines.ingest")
    for split in SPLITS:
        _check_split(config, split)
    check_output(config.output)


def _check_split(config: TrainConfig, split: str) -> None:
    folder = config.dataset / split
    cure = "ingest more pages" if split == "train" else _EVAL_CURE
    paths = sorted(folder.glob(LINE_FILES))
    if not paths:
        raise UsageError(f"{folder}: no {LINE_FILES}; {cure}")
    try:
        line = next(read_examples(map(str, paths)), None)
    except (OSError, ValueError) as error:
        raise UsageError(str(error)) from None
    if line is None:
        raise UsageError(f"{folder}: no line in its files; {cure}")
    try:
        PreprocessConfig(line.height_px, preset_named(config.recipe.preset).input_height_px)
    except ValueError as error:
        raise UsageError(f"{folder}: {error}") from None


def check_output(output: Path) -> None:
    """Check that models can be released to a folder.

    Args:
        output: The folder of the models, which need not exist.

    Raises:
        UsageError: If they cannot.
    """
    if output.exists() and not output.is_dir():
        raise UsageError(f"{output}: is a file; give --output a folder")
    latest = output / LATEST
    if latest.exists() and not latest.is_symlink():
        raise UsageError(f"{latest}: is not a link; move it away or choose another --output")
