"""What decides a training run, and what it tells of itself."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field

from model.augmentation.config import AugmentConfig
from model.evaluation.metrics import ErrorCount
from model.line_images.preprocess import PreprocessConfig
from model.text.charset import Charset
from model.training.batches import BatchConfig
from model.training.optimisation.device import PRECISIONS, keras_policy


@dataclass(frozen=True)
class TrainingConfig:
    """Everything that decides a training run but the data.

    Attributes:
        preset: Name of the network's size.
        epochs: Passes over the training lines.
        learning_rate: Peak of the schedule.
        dropout: Share of features dropped before the LSTMs and the output.
        weight_decay: Of AdamW, on matrices only.
        clip_norm: Longest gradient.
        averaged_share: Share of the run that the averaged weights look back on.
        patience_epochs: Epochs without a better CER after which it ends; 0 for never.
        precision: One of `PRECISIONS`; weights are float32 in any case.
        processes: That decode and augment lines; 0 for none of their own.
        seed: Of weights, dropout, augmentation and order.
        balance: How far small documents are drawn as often as large ones, 0..1.
        batch: How lines become batches.
        augmentation: What may happen to a line.
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
        if self.precision not in PRECISIONS:
            raise ValueError(f"precision {self.precision!r}; choose {' or '.join(PRECISIONS)}")

    @property
    def policy(self) -> str:
        """Keras's name of the precision."""
        return keras_policy(self.precision)


@dataclass(frozen=True)
class LineFiles:
    """The TFRecords of a split, read anew at each pass.

    Attributes:
        paths: The files.
        charset: Characters to encode with.
        preprocess: How a strip becomes input.
    """

    paths: tuple[str, ...]
    charset: Charset
    preprocess: PreprocessConfig


@dataclass(frozen=True)
class EpochResult:
    """How the network stood after one epoch.

    Attributes:
        epoch: From 1.
        loss: Mean training loss.
        characters: Character errors on the eval split, greedy.
        words: Word errors on the eval split, greedy.
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

    def figures(self) -> dict[str, float]:
        """The figures that make curves."""
        return {
            "loss": self.loss,
            "cer": self.characters.rate,
            "wer": self.words.rate,
            "lines_per_second": self.lines_per_second,
        }

    def facts(self) -> dict:
        """Plain values, with the two rates, for the card and the checkpoint."""
        return {**asdict(self), "cer": self.characters.rate, "wer": self.words.rate}

    @classmethod
    def of_facts(cls, facts: dict) -> EpochResult:
        """Read what `facts` gave."""
        return cls(
            facts["epoch"],
            facts["loss"],
            ErrorCount(**facts["characters"]),
            ErrorCount(**facts["words"]),
            facts["lines_per_second"],
        )
