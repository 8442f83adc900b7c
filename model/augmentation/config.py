"""How strongly, and how often, training lines are changed."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, replace

import numpy as np

# Strengths in pixels are those of strips this high; higher strips take more in proportion.
REFERENCE_HEIGHT_PX = 48
# Steps that have no opposite.
_ONE_SIDED = ("elastic", "ghost", "blur", "resolution", "grain", "stain", "cutout")


@dataclass(frozen=True)
class Uniform:
    """A strength that lies anywhere between two ends, on a share of the lines.

    Attributes:
        share: Of how many lines, 0..1.
        low: Least strength.
        high: Greatest strength.

    Example:
        >>> Uniform(1.0, 2.0, 2.0).draw(np.random.default_rng(0))
        2.0
    """

    share: float
    low: float
    high: float

    def __post_init__(self):
        _check_share(self.share)
        if not -math.inf < self.low <= self.high < math.inf:
            raise ValueError(f"{self.low}..{self.high} is no range; give the lower end first")

    def draw(self, rng: np.random.Generator) -> float:
        """Draw the strength for one line; 0 where the line is left alone."""
        return float(rng.uniform(self.low, self.high)) if rng.random() < self.share else 0.0

    def scaled(self, factor: float) -> Uniform:
        """Make it `factor` times as strong, on as many lines."""
        return replace(self, low=self.low * factor, high=self.high * factor)


@dataclass(frozen=True)
class Normal:
    """A strength spread around zero, on a share of the lines.

    Attributes:
        share: Of how many lines, 0..1.
        spread: Standard deviation; nothing lies beyond three of them.

    Example:
        >>> Normal(0.0, 2.0).draw(np.random.default_rng(0))
        0.0
    """

    share: float
    spread: float

    def __post_init__(self):
        _check_share(self.share)
        if not 0 <= self.spread < math.inf:
            raise ValueError(f"a spread of {self.spread} is none; give one from 0")

    def draw(self, rng: np.random.Generator) -> float:
        """Draw the strength for one line; 0 where the line is left alone."""
        if rng.random() >= self.share:
            return 0.0
        return float(np.clip(rng.normal(), -3, 3)) * self.spread

    def scaled(self, factor: float) -> Normal:
        """Make it `factor` times as strong, on as many lines."""
        return replace(self, spread=self.spread * factor)


def _check_share(share: float) -> None:
    if not 0 <= share <= 1:
        raise ValueError(f"a share of {share} of the lines; give one from 0 to 1")


@dataclass(frozen=True)
class AugmentConfig:
    """Set each step of the augmentation: on how many lines, and how strong.

    A strength of 0 leaves a line as it is. Pixels are those of a strip 48 px high.

    Attributes:
        width: ln of the factor on the width.
        height: ln of the factor on the height of the letters.
        slant: Lean, as dx/dy; positive leans forward.
        rotation: Slope of the line, in radians.
        shift: Distance that the writing moves down, in px.
        frame: Distance that the top and the bottom of the frame move, each by itself, in px.
        ends: Paper before and after the writing, each by itself, in px; negative cuts off.
        elastic: Standard deviation of a grid of offsets, 16 px by 24 px, in px.
        ghost: Darkness of strokes that reach in from the lines above and below, 0..1.
        stroke: Weight of the strokes, from -1 (thinned) to 1 (thickened).
        blur: Standard deviation of a Gaussian, in px.
        resolution: ln of the factor by which the resolution is lowered.
        gamma: ln of the exponent of the ink.
        gain: Change of the ink's darkness, as a share of it.
        grain: Standard deviation of noise from pixel to pixel, in ink of 0..1.
        stain: Darkness of stains, in ink of 0..1.
        cutout: Width of bars and spots that are missing or smeared, in px.

    Example:
        >>> AugmentConfig().only("slant", "gain").scaled(0.5).slant
        Normal(share=1.0, spread=0.08)
    """

    width: Uniform | Normal = Uniform(1.0, -0.15, 0.15)
    height: Uniform | Normal = Uniform(1.0, -0.12, 0.10)
    slant: Uniform | Normal = Normal(1.0, 0.16)
    rotation: Uniform | Normal = Normal(1.0, 0.004)
    shift: Uniform | Normal = Normal(1.0, 1.0)
    frame: Uniform | Normal = Normal(0.7, 1.5)
    ends: Uniform | Normal = Uniform(0.5, -2.0, 8.0)
    elastic: Uniform = Uniform(0.7, 0.5, 2.6)
    ghost: Uniform = Uniform(0.10, 0.15, 0.6)
    stroke: Uniform | Normal = Uniform(0.25, -1.0, 1.0)
    blur: Uniform = Uniform(0.10, 0.4, 1.0)
    resolution: Uniform = Uniform(0.10, 0.2, 0.7)
    gamma: Uniform | Normal = Uniform(0.6, -0.5, 0.5)
    gain: Uniform | Normal = Uniform(1.0, -0.3, 0.1)
    grain: Uniform = Uniform(0.4, 0.02, 0.08)
    stain: Uniform = Uniform(0.25, 0.05, 0.2)
    cutout: Uniform = Uniform(0.33, 1.0, 3.5)

    def __post_init__(self):
        for name in _ONE_SIDED:
            step = getattr(self, name)
            if not (isinstance(step, Uniform) and step.low >= 0):
                raise ValueError(f"{name}: {step} may fall below 0; give a Uniform from 0 or more")

    @classmethod
    def none(cls) -> AugmentConfig:
        """Leave every line as it is."""
        return cls().only()

    @classmethod
    def steps(cls) -> tuple[str, ...]:
        """Name the steps, in the order in which they act."""
        return tuple(field.name for field in fields(cls))

    def scaled(self, strength: float) -> AugmentConfig:
        """Make every step `strength` times as strong, on as many lines.

        Args:
            strength: 1 changes nothing, 0 leaves every line as it is.

        Raises:
            ValueError: If it is negative.
        """
        if not 0 <= strength < math.inf:
            raise ValueError(f"an augmentation {strength} times as strong; give 0 or more")
        return AugmentConfig(
            **{name: getattr(self, name).scaled(strength) for name in self.steps()}
        )

    def only(self, *steps: str) -> AugmentConfig:
        """Keep some steps and switch the others off.

        Raises:
            ValueError: If there is no such step.
        """
        return self.without(*(name for name in self.steps() if name not in self._known(steps)))

    def without(self, *steps: str) -> AugmentConfig:
        """Switch some steps off.

        Raises:
            ValueError: If there is no such step.
        """
        off = {name: replace(getattr(self, name), share=0.0) for name in self._known(steps)}
        return replace(self, **off)

    def _known(self, steps: tuple[str, ...]) -> tuple[str, ...]:
        unknown = [name for name in steps if name not in self.steps()]
        if unknown:
            raise ValueError(f"{unknown}: no such step; choose from {', '.join(self.steps())}")
        return steps
