"""The configuration of the training of a line network."""

from __future__ import annotations

from dataclasses import dataclass, field

from model.augmentation.page import PageAugmentConfig
from model.networks.presets import LineNetworkConfig
from model.training.optimisation.device import check_precision, keras_policy


@dataclass(frozen=True)
class LineTrainingConfig:
    """Everything that determines a training run, except the pages.

    Attributes:
        steps: Training steps, of one batch each.
        batch_size: Page crops in a batch.
        side_px: Height and width of a crop.
        learning_rate: Peak learning rate of the schedule.
        weight_decay: Weight decay of AdamW, applied to matrices only.
        clip_norm: Global norm that gradients are clipped to.
        averaged_share: Share of the run that the moving average of the weights covers.
        mark_share: Weight of line starts and of line ends in the loss, relative to baselines.
        meeting_weight: Weight in the loss of places where one line ends and another begins; if
            it is above 1, such places are also sampled more often.
        judge_steps: Steps between evaluations.
        precision: One of `PRECISIONS`; weights are always float32.
        seed: Seed of weights, crops and augmentation.
        network: Size of the network.
        augmentation: Augmentation of the crops.
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
                raise ValueError(
                    f"--{name} {getattr(self, name)} is too small; give a larger number"
                )
        for name in ("mark_share", "meeting_weight"):
            if getattr(self, name) <= 0:
                raise ValueError(f"--{name} {getattr(self, name)} is not above 0")
        if self.learning_rate <= 0:
            raise ValueError(f"--learning_rate {self.learning_rate} is not above 0")
        if self.side_px < 1 or self.side_px % self.network.multiple_px:
            raise ValueError(
                f"--side_px {self.side_px} is not a multiple of {self.network.multiple_px}"
            )
        check_precision(self.precision)

    @property
    def policy(self) -> str:
        """Keras dtype policy of the precision."""
        return keras_policy(self.precision)
