"""Evaluation of confidences on lines with ground truth: calibration, predicted CER of pages."""

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

# A predicted CER within this distance of the measured one counts as near.
NEAR = 0.02


@dataclass(frozen=True)
class ConfidenceSummary:
    """Calibration of confidences and accuracy of predicted CERs.

    Attributes:
        method: How lines were decoded: one of `model.decoding.config.DECODINGS`.
        temperature: Temperature of the bundle for this method.
        plain: Reliability diagram of the confidences before tempering.
        tempered: The same after tempering.
        pages: Predicted and measured CER by page URI; empty if the bundle cannot predict it.
    """

    method: str
    temperature: float
    plain: tuple[ReliabilityBin, ...]
    tempered: tuple[ReliabilityBin, ...]
    pages: dict[str, PagePrediction]

    @property
    def near_pages(self) -> int:
        """Number of pages whose CER was predicted within `NEAR`."""
        return sum(page.error <= NEAR for page in self.pages.values())

    @property
    def mean_page_error(self) -> float:
        """Mean absolute error of the predicted CERs of pages; 0 without pages."""
        return float(np.mean([page.error for page in self.pages.values()] or [0.0]))

    def to_dict(self) -> dict:
        """Return the figures as values for JSON."""
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
    """Accumulates the confidences of lines, with some bytes for each character.

    Attributes:
        method: How lines are decoded: one of `model.decoding.config.DECODINGS`.
        calibration: Calibration of the bundle for this method.
    """

    method: str
    calibration: Calibration
    _confidences: list[np.ndarray] = field(default_factory=list)
    _right: list[np.ndarray] = field(default_factory=list)
    _uncertainties: dict[str, list[LineUncertainty]] = field(default_factory=dict)
    _errors: dict[str, ErrorCount] = field(default_factory=dict)

    def add(self, truth: str, read: Transcript) -> None:
        """Add a line.

        Args:
            truth: Ground truth.
            read: The transcript.
        """
        self._confidences.append(np.array([c.confidence for c in read.characters], np.float64))
        self._right.append(right_characters(truth, read.text))
        uncertainty = LineUncertainty(1 - read.confidence, len(read.characters))
        self._uncertainties.setdefault(read.page_uri, []).append(uncertainty)
        before = self._errors.get(read.page_uri, ErrorCount())
        self._errors[read.page_uri] = before + character_errors(truth, read.text)

    def summary(self) -> ConfidenceSummary:
        """Return the summary.

        Confidences of a beam search are tempered already, those of the best path are not.
        """
        confidences = np.concatenate([np.zeros(0), *self._confidences])
        right = np.concatenate([np.zeros(0, bool), *self._right])
        temperature = self.calibration.temperature
        is_tempered = self.method == BEAM
        other = temper(confidences, 1 / temperature if is_tempered else temperature)
        plain, tempered = (other, confidences) if is_tempered else (confidences, other)
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
            uri: PagePrediction(model.predict(self._uncertainties[uri]), errors.rate)
            for uri, errors in self._errors.items()
            if errors.length
        }
