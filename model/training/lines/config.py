"""What decides the training of a line network."""

from __future__ import annotations

from dataclasses import dataclass, field

from model.augmentation.page import PageAugmentConfig
from model.training.networks.line_finder import LineNetworkConfig
from model.training.optimisation.device import PRECISIONS


@dataclass(frozen=True)
class LineTrainingConfig:
    """Everything that decides a run but the pages.

    Attributes:
        steps: Batches to train on.
        batch_size: Pieces of pages in a batch.
        side_px: Side of a piece.
        learning_rate: Peak of the schedule.
        weight_decay: Of AdamW, on matrices only.
        clip_norm: Longest gradient.
        averaged_share: Share of the run that the averaged weights look back on.
        mark_share: What starts and ends of lines count in the loss, each, beside baselines.
        meeting_weight: What places count where one line ends and another begins; above 1 they
            are seen more often, too.
        judge_steps: Steps from one look at the eval pages to the next.
        precision: One of `PRECISIONS`; weights are float32 in any case.
        seed: Of weights, pieces and augmentation.
        network: Its size.
        augmentation: What may happen to a piece.
    """

    steps: int = 4000
    batch_size: int = 8
    side_px: int = 320
    learning_rate: float = 3e-3
    weight_decay: float = 1e-2
    clip_norm: float = 2.0
    averaged_share: float = 0.02
    mark_share: float = 0.8
    meeting_weight: float = 4.0
    judge_steps: int = 250
    precision: str = "float32"
    seed: int = 0
    network: LineNetworkConfig = field(default_factory=LineNetworkConfig)
    augmentation: PageAugmentConfig = field(default_factory=PageAugmentConfig)

    def __post_init__(self):
        for name in ("steps", "batch_size", "judge_steps"):
            if getattr(self, name) < 1:
                raise ValueError(f"--{name} {getattr(self, name)} is too small; give more")
        for name in ("mark_share", "meeting_weight"):
            if getattr(self, name) <= 0:
                raise ValueError(f"--{name} {getattr(self, name)} is not above 0")
        if self.learning_rate <= 0:
            raise ValueError(f"--learning_rate {self.learning_rate} is not above 0")
        if self.side_px < 1 or self.side_px % self.network.multiple_px:
            raise ValueError(
                f"--side_px {self.side_px} is no multiple of {self.network.multiple_px}"
            )
        if self.precision not in PRECISIONS:
            raise ValueError(f"precision {self.precision!r}; choose {' or '.join(PRECISIONS)}")

    @property
    def policy(self) -> str:
        """Keras's name of the precision."""
        return self.precision if self.precision == "float32" else f"mixed_{self.precision}"
