"""The configuration of a training run, and the result of each epoch."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field

from model.augmentation.config import AugmentConfig
from model.dataset.examples import read_examples
from model.evaluation.metrics import ErrorCount
from model.line_images.preprocess import PreprocessConfig
from model.text.charset import Charset
from model.training.batches import BatchConfig
from model.training.optimisation.device import check_precision, keras_policy
from schemas.records import LineExample

AUTO_EPOCHS = 0
_EPOCHS = 20
# Draws of a line after which fine-tuning gains little, and the range of epochs that they are made
# in; and that range for a model's own readings, which it soon learns by heart.
_TUNING_DRAWS, _TUNING_EPOCHS = 2_400, (8, 30)
_ADAPTATION_EPOCHS = (3, 8)


@dataclass(frozen=True)
class TrainingConfig:
    """Everything that determines a training run, except the data.

    Attributes:
        preset: Name of the network preset.
        epochs: Passes over the training lines; `AUTO_EPOCHS` until `suitable_epochs` is known.
        learning_rate: Peak learning rate of the schedule.
        dropout: Dropout rate before the LSTMs and the output.
        weight_decay: Weight decay of AdamW, applied to matrices only.
        clip_norm: Global norm that gradients are clipped to.
        averaged_share: Share of the run that the moving average of the weights covers.
        patience_epochs: Epochs without a lower CER after which training stops; 0 for never.
        precision: One of `PRECISIONS`, or `AUTO` until it is chosen; weights are always float32.
        processes: Worker processes that decode and augment lines; 0 for none.
        seed: Seed of weights, dropout, augmentation and the order of lines.
        balance: How much more often lines of small documents are drawn than those of large
            ones, 0..1; at 1 every document is drawn equally often. Epochs are equally long.
        batch: How lines are grouped into batches.
        augmentation: Augmentation of the training lines.
    """

    preset: str = "fast"
    epochs: int = 20
    learning_rate: float = 2e-3
    dropout: float = 0.1
    weight_decay: float = 1e-2
    clip_norm: float = 2.0
    averaged_share: float = 0.01
    patience_epochs: int = 0
    precision: str = "float32"
    processes: int = 0
    seed: int = 0
    balance: float = 0.0
    batch: BatchConfig = field(default_factory=BatchConfig)
    augmentation: AugmentConfig = field(default_factory=AugmentConfig)

    def __post_init__(self):
        check_precision(self.precision)

    @property
    def policy(self) -> str:
        """Keras dtype policy of the precision."""
        return keras_policy(self.precision)


def suitable_epochs(lines: int, is_tuned: bool, is_adapted: bool) -> int:
    """Return the epochs of a training for which no number is prescribed.

    Args:
        lines: Number of training lines, at least 1.
        is_tuned: Whether it starts from a trained model.
        is_adapted: Whether its lines are the readings of that model.

    Example:
        >>> [suitable_epochs(lines, True, False) for lines in (30, 120, 250, 2200)]
        [30, 20, 10, 8]
        >>> suitable_epochs(600, True, True), suitable_epochs(600, False, False)
        (4, 20)
    """
    if not is_tuned:
        return _EPOCHS
    least, most = _ADAPTATION_EPOCHS if is_adapted else _TUNING_EPOCHS
    return max(least, min(most, -(-_TUNING_DRAWS // lines)))


@dataclass(frozen=True)
class LineFiles:
    """The TFRecord files of a split, read again in every epoch.

    Attributes:
        paths: The files.
        charset: Charset that texts are encoded with.
        preprocess: How a line strip becomes network input.
        left_out: Pages and lines that are passed over.
    """

    paths: tuple[str, ...]
    charset: Charset
    preprocess: PreprocessConfig
    left_out: frozenset[tuple[str, str]] = frozenset()

    def examples(self) -> Iterator[LineExample]:
        """Read the lines, in order."""
        for example in read_examples(self.paths):
            if (example.page_uri, example.line_id) not in self.left_out:
                yield example


@dataclass(frozen=True)
class EpochResult:
    """Losses and errors of one epoch.

    Attributes:
        epoch: Number of the epoch, from 1.
        loss: Mean training loss.
        characters: Character errors on the eval split, decoded greedily.
        words: Word errors on the eval split, decoded greedily.
        lines_per_second: Training speed.
    """

    epoch: int
    loss: float
    characters: ErrorCount
    words: ErrorCount
    lines_per_second: float

    def __str__(self):
        return (
            f"epoch {self.epoch}: loss {self.loss:.3f}, eval CER {self.characters.rate:.2%}, "
            f"WER {self.words.rate:.2%}, {self.lines_per_second:.0f} lines/s"
        )

    def scalars(self) -> dict[str, float]:
        """Return the values that are plotted as curves, by name."""
        return {
            "loss": self.loss,
            "cer": self.characters.rate,
            "wer": self.words.rate,
            "lines_per_second": self.lines_per_second,
        }

    def to_dict(self) -> dict:
        """Return JSON values, including both rates, for the model card and the checkpoint."""
        return {**asdict(self), "cer": self.characters.rate, "wer": self.words.rate}

    @classmethod
    def from_dict(cls, values: dict) -> EpochResult:
        """Return the result that `to_dict` was called on."""
        return cls(
            values["epoch"],
            values["loss"],
            ErrorCount(**values["characters"]),
            ErrorCount(**values["words"]),
            values["lines_per_second"],
        )
