"""The decoding settings of a bundle: tuned beam search, and calibration of confidences."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass, field, fields

from model.decoding.config import BEAM, BeamConfig
from model.decoding.page_error import PageErrorModel

# Values of settings that files of older versions lack.
_LEGACY_DEFAULTS = {
    "knows_words": False,
    "auxiliary_share": 0.0,
    "recurrent_share": 0.0,
    "most_surprise_nats": None,
    "language": "",
}


@dataclass(frozen=True)
class Calibration:
    """The calibration of one decoding method.

    Attributes:
        temperature: From `calibration.fit_temperature`; 1 if it was not fitted.
        page_error: Expected CER by confidence (tempered, for the beam search); None if it was not
            fitted.
    """

    temperature: float = 1.0
    page_error: PageErrorModel | None = None

    def __post_init__(self):
        if isinstance(self.temperature, bool) or not 0 < self.temperature < math.inf:
            raise ValueError(f"temperature of {self.temperature}; give a number above 0")


@dataclass(frozen=True)
class DecodingSettings:
    """Decoding settings that training tuned.

    Attributes:
        search: Settings of the beam search with the bundle's language model.
        knows_words: Whether the words of the training texts are the lexicon of the search.
        auxiliary_share: Weight of the auxiliary head in the search; 0 does not use it.
        recurrent_share: Share of the n-gram's weight that the recurrent language model takes over
            in rescoring; 0 does not rescore.
        greedy: Calibration of the best path; its confidences are never tempered.
        beam: Calibration of the beam search; its confidences are tempered.
        most_surprise_nats: A page that surprises every language model more, per character, is
            decoded greedily; None if no page is.
        language: Name of the language of the bundle's own language model, such as 'fr'; empty if
            it has none.
    """

    search: BeamConfig = field(default_factory=BeamConfig)
    knows_words: bool = False
    auxiliary_share: float = 0.0
    recurrent_share: float = 0.0
    greedy: Calibration = field(default_factory=Calibration)
    beam: Calibration = field(default_factory=Calibration)
    most_surprise_nats: float | None = None
    language: str = ""

    def __post_init__(self):
        for name in ("auxiliary_share", "recurrent_share"):
            share = getattr(self, name)
            if isinstance(share, bool) or not isinstance(share, (int, float)) or not 0 <= share < 1:
                raise ValueError(f"{name} of {share!r}; give a number from 0 to below 1")
        nats = self.most_surprise_nats
        if nats is not None and (isinstance(nats, bool) or not 0 < nats < math.inf):
            raise ValueError(f"most_surprise_nats of {nats!r}; give a number above 0, or null")
        if not isinstance(self.language, str):
            raise ValueError(f"language of {self.language!r}; give a name")

    def calibration(self, method: str) -> Calibration:
        """Return the calibration of a decoding method.

        Args:
            method: One of `model.decoding.config.DECODINGS`.
        """
        return self.beam if method == BEAM else self.greedy

    def to_json(self) -> str:
        """Return the settings as a JSON object."""
        return json.dumps(asdict(self), indent=1, allow_nan=False) + "\n"

    @classmethod
    def from_json(cls, text: str) -> DecodingSettings:
        """Return the settings in JSON from `to_json`.

        Args:
            text: The JSON object; those of older versions lack the words, the auxiliary head, the
                recurrent language model, the limit of surprise and the language, which are then
                not used.

        Raises:
            ValueError: If the text does not hold such settings.

        Example:
            >>> DecodingSettings.from_json(DecodingSettings().to_json()) == DecodingSettings()
            True
        """
        data = json.loads(text)
        if isinstance(data, dict):
            data = _LEGACY_DEFAULTS | data
        data = _object(data, tuple(field.name for field in fields(cls)), "settings")
        if not isinstance(data["knows_words"], bool):
            raise ValueError(f"knows_words of {data['knows_words']!r}; give true or false")
        try:
            return cls(
                BeamConfig.of_facts(data["search"]),
                data["knows_words"],
                data["auxiliary_share"],
                data["recurrent_share"],
                _calibration(data["greedy"]),
                _calibration(data["beam"]),
                data["most_surprise_nats"],
                data["language"],
            )
        except TypeError as error:
            raise ValueError(f"decoding settings are not numbers: {error}") from None


def _calibration(facts: object) -> Calibration:
    facts = _object(facts, ("temperature", "page_error"), "calibration")
    found = facts["page_error"]
    model = None if found is None else PageErrorModel.of_facts(found)
    return Calibration(facts["temperature"], model)


def _object(data: object, names: tuple[str, ...], what: str) -> dict:
    if not isinstance(data, dict) or set(data) != set(names):
        raise ValueError(f"decoding {what} is not {{{', '.join(names)}}}")
    return data
