"""What confidences are worth on lines whose text is known: characters in bins, pages predicted."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from model.decoding.calibration import (
    ReliabilityBin,
    expected_calibration_error,
    reliability,
    right_characters,
    temper,
)
from model.decoding.config import BEAM
from model.decoding.page_error import LineUncertainty, PageErrorModel, PagePrediction
from model.decoding.settings import Calibration
from model.evaluation.metrics import ErrorCount, character_errors
from schemas.records import Transcript

# A prediction this near to the CER counts as good.
NEAR = 0.02


@dataclass(frozen=True)
class ConfidenceSummary:
    """How far confidences hold.

    Attributes:
        method: How lines were read: one of `model.decoding.config.DECODINGS`.
        temperature: Of the bundle for this method.
        plain: Characters by their confidence before the temperature.
        tempered: The same after it.
        pages: By URI, pages whose CER was predicted; empty where the bundle cannot.
    """

    method: str
    temperature: float
    plain: tuple[ReliabilityBin, ...]
    tempered: tuple[ReliabilityBin, ...]
    pages: dict[str, PagePrediction]

    @property
    def near_pages(self) -> int:
        """Pages whose CER was predicted within `NEAR`."""
        return sum(page.error <= NEAR for page in self.pages.values())

    @property
    def mean_page_error(self) -> float:
        """Mean distance of prediction and CER over the pages; 0 without pages."""
        return float(np.mean([page.error for page in self.pages.values()] or [0.0]))

    def to_dict(self) -> dict:
        """Give the figures as what JSON can hold."""
        facts = {
            "decoding": self.method,
            "temperature": self.temperature,
            "calibration_error": expected_calibration_error(self.plain),
            "calibration_error_tempered": expected_calibration_error(self.tempered),
        }
        if self.pages:
            facts |= {
                "pages_predicted": len(self.pages),
                "pages_predicted_within_2_points": self.near_pages,
                "mean_error_of_page_cer": self.mean_page_error,
            }
        return facts


@dataclass
class ConfidenceTally:
    """Takes lines one by one and keeps what a summary needs: some bytes for each character.

    Attributes:
        method: How lines are read: one of `model.decoding.config.DECODINGS`.
        calibration: Of the bundle for this method.
    """

    method: str
    calibration: Calibration
    _confidences: list[np.ndarray] = field(default_factory=list)
    _right: list[np.ndarray] = field(default_factory=list)
    _doubts: dict[str, list[LineUncertainty]] = field(default_factory=dict)
    _errors: dict[str, ErrorCount] = field(default_factory=dict)

    def add(self, truth: str, read: Transcript) -> None:
        """Count a line that was read."""
        self._confidences.append(np.array([c.confidence for c in read.characters], np.float64))
        self._right.append(right_characters(truth, read.text))
        doubt = LineUncertainty(1 - read.confidence, len(read.characters))
        self._doubts.setdefault(read.page_uri, []).append(doubt)
        before = self._errors.get(read.page_uri, ErrorCount())
        self._errors[read.page_uri] = before + character_errors(truth, read.text)

    def summary(self) -> ConfidenceSummary:
        """Sum up.

        A beam search gives confidences that are tempered, the best path those that are not.
        """
        given = np.concatenate([np.zeros(0), *self._confidences])
        right = np.concatenate([np.zeros(0, bool), *self._right])
        temperature = self.calibration.temperature
        is_tempered = self.method == BEAM
        other = temper(given, 1 / temperature if is_tempered else temperature)
        plain, tempered = (other, given) if is_tempered else (given, other)
        model = self.calibration.page_error
        return ConfidenceSummary(
            method=self.method,
            temperature=temperature,
            plain=reliability(plain, right),
            tempered=reliability(tempered, right),
            pages=self._predicted(model) if model else {},
        )

    def _predicted(self, model: PageErrorModel) -> dict[str, PagePrediction]:
        return {
            uri: PagePrediction(model.predict(self._doubts[uri]), errors.rate)
            for uri, errors in self._errors.items()
            if errors.length
        }
