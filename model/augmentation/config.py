"""Configuration of the line augmentation: how often and how strongly each step is applied."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, replace

import numpy as np

# Strengths in pixels refer to strips of this height and scale with the height of a strip.
REFERENCE_HEIGHT_PX = 48
# Steps whose strength cannot be negative.
_ONE_SIDED = ("elastic", "ghost", "blur", "resolution", "grain", "stain", "cutout")


@dataclass(frozen=True)
class Uniform:
    """A strength with a uniform distribution, for a share of the lines.

    Attributes:
        share: Share of the lines that are changed, 0..1.
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
            raise ValueError(f"{self.low}..{self.high} is not a range; give the lower end first")

    def draw(self, rng: np.random.Generator) -> float:
        """Draw the strength for one line; 0 if the line is not changed."""
        return float(rng.uniform(self.low, self.high)) if rng.random() < self.share else 0.0

    def scaled(self, factor: float) -> Uniform:
        """Return the distribution with strengths multiplied by `factor`."""
        return replace(self, low=self.low * factor, high=self.high * factor)


@dataclass(frozen=True)
class Normal:
    """A strength with a normal distribution around zero, for a share of the lines.

    Attributes:
        share: Share of the lines that are changed, 0..1.
        spread: Standard deviation; strengths are clipped at three of them.

    Example:
        >>> Normal(0.0, 2.0).draw(np.random.default_rng(0))
        0.0
    """

    share: float
    spread: float

    def __post_init__(self):
        _check_share(self.share)
        if not 0 <= self.spread < math.inf:
            raise ValueError(f"spread {self.spread} is out of range; give 0 or more")

    def draw(self, rng: np.random.Generator) -> float:
        """Draw the strength for one line; 0 if the line is not changed."""
        if rng.random() >= self.share:
            return 0.0
        return float(np.clip(rng.normal(), -3, 3)) * self.spread

    def scaled(self, factor: float) -> Normal:
        """Return the distribution with strengths multiplied by `factor`."""
        return replace(self, spread=self.spread * factor)


def _check_share(share: float) -> None:
    if not 0 <= share <= 1:
        raise ValueError(f"share {share} of the lines is out of range; give 0 to 1")


@dataclass(frozen=True)
class AugmentConfig:
    """The steps of the line augmentation: for which share of lines, and how strong.

    A strength of 0 leaves a line unchanged. Pixels refer to a strip 48 px high.

    Attributes:
        width: Logarithm of the factor on the width.
        height: Logarithm of the factor on the height of the letters.
        slant: Slant, as dx/dy; positive is forward.
        rotation: Slope of the line, in radians.
        shift: Distance by which the writing moves down, in px.
        frame: Distances by which the top and the bottom of the frame move, independently, in px.
        ends: Paper before and after the writing, independently, in px; negative cuts off.
        elastic: Standard deviation of a grid of offsets, 16 px by 24 px, in px.
        ghost: Darkness of strokes that extend into the frame from adjacent lines, 0..1.
        stroke: Change of the stroke width, from -1 (thinner) to 1 (thicker).
        blur: Standard deviation of a Gaussian blur, in px.
        resolution: Logarithm of the factor by which the resolution is lowered.
        gamma: Logarithm of the exponent on the ink.
        gain: Change of the ink's darkness, as a share of it.
        grain: Standard deviation of pixel noise, in ink of 0..1.
        stain: Darkness of stains, in ink of 0..1.
        cutout: Width of bars and spots that are blank or smeared, in px.

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
        """Return the configuration that leaves every line unchanged."""
        return cls().only()

    @classmethod
    def steps(cls) -> tuple[str, ...]:
        """Return the names of the steps, in the order of their application."""
        return tuple(field.name for field in fields(cls))

    def scaled(self, strength: float) -> AugmentConfig:
        """Return the configuration with the strengths of all steps multiplied by `strength`.

        Args:
            strength: Factor; with 0 every line stays unchanged.

        Raises:
            ValueError: If it is negative.
        """
        if not 0 <= strength < math.inf:
            raise ValueError(f"strength {strength} is out of range; give 0 or more")
        return AugmentConfig(
            **{name: getattr(self, name).scaled(strength) for name in self.steps()}
        )

    def only(self, *steps: str) -> AugmentConfig:
        """Return the configuration with only some steps switched on.

        Raises:
            ValueError: If there is no such step.
        """
        return self.without(*(name for name in self.steps() if name not in self._known(steps)))

    def without(self, *steps: str) -> AugmentConfig:
        """Return the configuration with some steps switched off.

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
