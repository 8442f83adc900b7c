"""Settings of decoding: method, lexicon and beam search."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields

WIDEST_BEAM = 1024
# Outside these ranges a single character could overflow a float weight.
_RANGES = {
    "lm_weight": (0, 10),
    "length_bonus": (-20, 20),
    "blank_penalty": (0, 10),
    "frequency_weight": (0, 2),
    "unknown_word_penalty": (0, 20),
    "unknown_edge_penalty": (0, 20),
    "least_probability": (0, 1),
    "least_share": (0, 1),
}
# Values of settings that files of older versions lack: the feature is off.
_LEGACY_DEFAULTS = {"blank_penalty": 0.0, "frequency_weight": 0.0, "unknown_edge_penalty": 0.0}

GREEDY, BEAM = "greedy", "beam"
DECODINGS = (GREEDY, BEAM)
# Instead of the name of a language: each page's own, and none.
AUTO_LANGUAGE, NO_LANGUAGE = "auto", "none"
MOST_LINES = 5


@dataclass(frozen=True)
class DecodingConfig:
    """Settings of decoding that a user chooses; tuned settings are in the bundle.

    Attributes:
        method: One of `DECODINGS`: the best path, or a beam search with the bundle's language
            model.
        beam_width: Prefixes that the beam search keeps; None for the bundle's; 0 decodes
            greedily.
        lexicon: Text file, UTF-8, whose words are added to the known ones; empty for none.
        most_lines: Hypotheses of a line in the output of a beam search, the best one included.
        language: Name of the language whose model a beam search uses on all pages;
            `AUTO_LANGUAGE` for the model that knows the page best, `NO_LANGUAGE` for none, which
            decodes greedily.

    Raises:
        ValueError: If a setting is out of range.
    """

    method: str = GREEDY
    beam_width: int | None = None
    lexicon: str = ""
    most_lines: int = MOST_LINES
    language: str = AUTO_LANGUAGE

    def __post_init__(self):
        if self.method not in DECODINGS:
            raise ValueError(f"decoding {self.method!r}; choose {' or '.join(DECODINGS)}")
        if self.beam_width is not None and not 0 <= self.beam_width <= WIDEST_BEAM:
            raise ValueError(
                f"beam of {self.beam_width} prefixes; choose 1 to {WIDEST_BEAM}, or 0 to decode "
                "greedily"
            )
        if self.most_lines < 1:
            raise ValueError(f"{self.most_lines} texts of a line; give 1 or more")


@dataclass(frozen=True)
class BeamConfig:
    """Settings of a CTC prefix beam search.

    The weight of a text is
    P_ctc(text) * P_lm(text)**lm_weight * exp(length_bonus * characters).

    Attributes:
        width: Prefixes kept after a frame; 0 decodes greedily, without language model.
        lm_weight: Exponent of the language model's probability.
        length_bonus: Bonus for each character, in nats; it compensates the language model's bias
            towards short texts.
        blank_penalty: Penalty of the blank in every frame, in nats.
        frequency_weight: Exponent of the prior frequency of a character, by which its probability
            is divided: the network is biased towards frequent characters.
        unknown_word_penalty: Penalty of a word that is not in the lexicon, in nats.
        unknown_edge_penalty: The same for the first and the last word of a line, which may be
            parts of words broken at the end of a line.
        least_probability: A character with a lower probability is no candidate in a frame, unless
            it is the most probable one. A frame whose only candidate is the blank counts as a
            certain blank.
        least_share: A prefix is dropped if its weight is below this share of the best one's.

    Raises:
        ValueError: If a setting is no number, or out of range.
    """

    width: int = 16
    lm_weight: float = 0.5
    length_bonus: float = 1.0
    blank_penalty: float = 0.5
    frequency_weight: float = 0.3
    unknown_word_penalty: float = 2.0
    unknown_edge_penalty: float = 2.0
    least_probability: float = 0.005
    least_share: float = 1e-2

    def __post_init__(self):
        for name, value in asdict(self).items():
            kinds = (int,) if name == "width" else (int, float)
            if isinstance(value, bool) or not isinstance(value, kinds):
                raise ValueError(f"{name} of {value!r}; give a number")
        if not 0 <= self.width <= WIDEST_BEAM:
            raise ValueError(
                f"beam of {self.width} prefixes; choose 1 to {WIDEST_BEAM}, or 0 for the best path"
            )
        for name, (lowest, highest) in _RANGES.items():
            if not lowest <= getattr(self, name) <= highest:
                raise ValueError(
                    f"{name} of {getattr(self, name)}; give a number from {lowest} to {highest}"
                )

    @classmethod
    def of_facts(cls, facts: object) -> BeamConfig:
        """Return the settings in a dictionary from `dataclasses.asdict`.

        Args:
            facts: The dictionary; one of an older version may lack settings, which are then off.

        Raises:
            ValueError: If it does not hold such settings.
        """
        known = {field.name for field in fields(cls)}
        if not isinstance(facts, dict) or {*facts, *_LEGACY_DEFAULTS} != known:
            raise ValueError(f"settings of the beam search are not {{{', '.join(sorted(known))}}}")
        return cls(**_LEGACY_DEFAULTS | facts)
