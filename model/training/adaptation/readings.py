"""The teacher of an adaptation: lines read twice by a model, greedily and by beam search.

The beam search makes fewer errors than the network alone, since it knows the language. Where both
agree and the search is confident, its text is nearly always right; a network that is trained on
such texts learns from the language model how the hand writes its letters (Kahn et al. 2020,
"Self-training for end-to-end speech recognition").
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rapidfuzz.distance import Levenshtein

from model.decoding.config import BEAM, DecodingConfig
from model.decoding.page_error import LineUncertainty, PageErrorModel
from model.recogniser.bundle import Bundle
from model.recogniser.line_reading import read_lines
from model.recogniser.recogniser import Recogniser
from schemas.records import LineImage, Transcript


@dataclass(frozen=True, eq=False)
class Reading:
    """A line as a teacher reads it.

    Attributes:
        image: The line.
        document: Document or folder that its page is in.
        text: Its text by beam search.
        confidences: Calibrated confidence of each character of it.
        doubt: Predicted CER of the text.
        disagreement: Edits between this text and the greedy one, for each character.
    """

    image: LineImage
    document: str
    text: str
    confidences: tuple[float, ...]
    doubt: float
    disagreement: float

    @property
    def uncertainty(self) -> float:
        """Predicted CER and disagreement together: lower is surer."""
        return self.doubt + self.disagreement


class Teacher:
    """A model that reads lines twice.

    Args:
        bundle: The model.

    Raises:
        ValueError: If it has no language model, or its search cannot be used.
    """

    def __init__(self, bundle: Bundle):
        self._greedy = Recogniser(bundle)
        self._search = Recogniser(bundle, DecodingConfig(BEAM))
        if self._search.plan.obstacle:
            raise ValueError(
                f"{self._search.plan.obstacle}; the beam search is the teacher of an adaptation"
            )

    def read(self, images: Sequence[LineImage], document: str) -> list[Reading]:
        """Read lines twice; those without text, or that cannot be read, are left out.

        Args:
            images: The lines.
            document: Document or folder that their page is in.
        """
        found = []
        for image, first, second in zip(
            images, read_lines(images, self._greedy), read_lines(images, self._search)
        ):
            if not isinstance(first, Transcript) or not isinstance(second, Transcript):
                continue
            if second.text:
                found.append(self._reading(image, document, first.text, second))
        return found

    def _reading(self, image: LineImage, document: str, greedy: str, read: Transcript) -> Reading:
        confidences = tuple(character.confidence for character in read.characters)
        return Reading(
            image,
            document,
            read.text,
            confidences,
            predicted_cer(self._search.page_error, read),
            Levenshtein.distance(greedy, read.text) / len(read.text),
        )


def predicted_cer(model: PageErrorModel | None, read: Transcript) -> float:
    """Return the predicted CER of a line; without a model that predicts it, its lack of confidence.

    Args:
        model: Predicts errors from confidences.
        read: The line, with text.
    """
    if model is None:
        return 1 - read.confidence
    return model.predict([LineUncertainty(1 - read.confidence, len(read.text))])
