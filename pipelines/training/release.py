"""Release the model of a finished run: read the evaluation, complete the card, publish."""

from __future__ import annotations

import json
import os
import platform
import secrets
import shutil
from dataclasses import dataclass, field
from datetime import datetime, timezone
from importlib import metadata
from pathlib import Path

from components.base_gate import SERVING_FOLDER
from components.evaluation import Evaluation, read_evaluation
from components.statistics import count_lines
from model.decoding.config import BEAM
from model.recogniser.bundle import CARD_FILE, LATEST, load_bundle, read_card, update_card
from model.training.base_model import BASE_ENTRY
from pipelines.training.config import TrainConfig
from pipelines.training.metadata import read_artifacts
from schemas import VERSION

_BLESSED_FILE = "BLESSED"
_LIBRARIES = ("apache-beam", "keras", "numpy", "onnx", "tensorflow", "tfx")


@dataclass(frozen=True)
class Outcome:
    """The results of a run's components.

    Attributes:
        evaluation: Errors on the eval split.
        blessed: Whether the Evaluator accepted the model.
        line_counts: Lines by split.
        base: Entry of the model card that compares a fine-tuned model with its base; empty if it
            has none.
    """

    evaluation: Evaluation
    blessed: bool
    line_counts: dict[str, int]
    base: dict = field(default_factory=dict)

    @property
    def is_better_than_base(self) -> bool:
        """Whether a fine-tuned model reads better than its base; also where it has none."""
        return self.base.get("is_better", True)

    @property
    def is_accepted(self) -> bool:
        """Whether the model is released."""
        return self.blessed and self.is_better_than_base


@dataclass(frozen=True)
class Release:
    """A released model.

    Attributes:
        folder: Folder of its version.
        is_new: Whether this run added the version.
    """

    folder: Path
    is_new: bool


def read_outcome(config: TrainConfig) -> Outcome:
    """Read the results of the components of a finished run.

    Args:
        config: The run.

    Returns:
        The evaluation, whether the model was accepted, and the counts.
    """
    artifacts = read_artifacts(config)
    return Outcome(
        evaluation=read_evaluation(str(artifacts.folder("Evaluator", "evaluation"))),
        blessed=(artifacts.folder("Evaluator", "blessing") / _BLESSED_FILE).is_file(),
        line_counts=count_lines(str(artifacts.folder("StatisticsGen", "statistics"))),
        base=read_card(artifacts.folder("Trainer", "model") / SERVING_FOLDER).get(BASE_ENTRY, {}),
    )


def _only_folder(parent: Path) -> Path:
    (folder,) = (path for path in parent.iterdir() if path.is_dir())
    return folder


def release(config: TrainConfig, outcome: Outcome) -> Release:
    """Complete the model that the Pusher staged, and make it `latest`.

    The folder of the version is complete when it gets its final name, and the link is replaced
    atomically. A model that was released before is not released twice, but becomes `latest`
    again.

    Args:
        config: The run.
        outcome: The results of its components; blessed.

    Returns:
        The release, in `<output>/<version>`.
    """
    staged = _only_folder(config.staging)
    released = _find_released(config.output, load_bundle(staged).digest(BEAM))
    is_new = released is None
    if released is None:
        update_card(staged, _facts(staged, config, outcome))
        released = _publish(staged, config.output)
    else:
        shutil.rmtree(staged)
    point_link(config.output / LATEST, released.name)
    return Release(released, is_new)


def _find_released(output: Path, whole_digest: str) -> Path | None:
    for card in sorted(output.glob(f"[0-9]*/{CARD_FILE}")):
        if json.loads(card.read_text("utf-8")).get("whole_digest") == whole_digest:
            return card.parent
    return None


def _facts(staged: Path, config: TrainConfig, outcome: Outcome) -> dict:
    bundle = load_bundle(staged)
    slices = {
        f"by_{feature}": {value: result.to_dict() for value, result in results.items()}
        for feature, results in outcome.evaluation.slices.items()
    }
    return {
        "code_version": VERSION,
        "created": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "dataset": {
            "name": config.dataset.name,
            "charset_size": len(bundle.charset.characters),
            "lines": outcome.line_counts,
        },
        "digest": bundle.digest(),
        # Includes the language model, if there is one.
        "whole_digest": bundle.digest(BEAM),
        "evaluation": {
            "split": "eval",
            "max_cer": config.recipe.max_cer,
            "overall": outcome.evaluation.overall.to_dict(),
            **slices,
        },
        "libraries": {
            "python": platform.python_version(),
            **{name: metadata.version(name) for name in _LIBRARIES},
        },
        "preset": config.recipe.preset,
    }


def _publish(staged: Path, output: Path) -> Path:
    # The Pusher uses the time in seconds as version; another run may have the same one.
    version = int(staged.name)
    while (output / str(version)).exists():
        version += 1
    released = output / str(version)
    os.rename(staged, released)
    return released


def point_link(link: Path, target: str) -> None:
    """Create a relative link, or point it to another target, atomically.

    Args:
        link: The link.
        target: Name of a file or folder beside it.
    """
    new_link = link.with_name(f".{link.name}-{secrets.token_hex(4)}")
    new_link.symlink_to(target)
    os.replace(new_link, link)
