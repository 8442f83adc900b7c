"""How a run reads text from what the network saw."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields

WIDEST_BEAM = 1024
# Beyond these a single character could take a weight out of the range of floats.
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
# What settings say that were written before there was such a thing.
_OF_OLD = {"blank_penalty": 0.0, "frequency_weight": 0.0, "unknown_edge_penalty": 0.0}

GREEDY, BEAM = "greedy", "beam"
DECODINGS = (GREEDY, BEAM)
MOST_LINES = 5


@dataclass(frozen=True)
class DecodingConfig:
    """Settings of decoding that a user chooses; what was tuned lies in the bundle.

    Attributes:
        method: One of `DECODINGS`: the best path, or a beam search with the bundle's language
            model.
        beam_width: Prefixes that the beam search keeps; None for the bundle's. 0 is greedy.
        lexicon: Text file, UTF-8, whose words need no doubt; empty for none.
        most_lines: Texts of a line that the beam search gives, the one read among them.

    Raises:
        ValueError: If a setting is not possible.
    """

    method: str = GREEDY
    beam_width: int | None = None
    lexicon: str = ""
    most_lines: int = MOST_LINES

    def __post_init__(self):
        if self.method not in DECODINGS:
            raise ValueError(f"decoding {self.method!r}; choose {' or '.join(DECODINGS)}")
        if self.beam_width is not None and not 0 <= self.beam_width <= WIDEST_BEAM:
            raise ValueError(
                f"beam of {self.beam_width} prefixes; choose 1 to {WIDEST_BEAM}, or 0 to read "
                "greedily"
            )
        if self.most_lines < 1:
            raise ValueError(f"{self.most_lines} texts of a line; ask for one at least")


@dataclass(frozen=True)
class BeamConfig:
    """Settings of a CTC prefix beam search.

    A text is weighed by P_ctc(text) * P_lm(text)**lm_weight * exp(length_bonus * characters).

    Attributes:
        width: Prefixes kept after a frame; 0 reads the best path, without language model.
        lm_weight: Exponent of the language model's probability.
        length_bonus: Added for each character, in nats; it makes up for what a language model
            takes off longer texts.
        blank_penalty: Taken off, in nats, the blank in every frame.
        frequency_weight: Exponent of the frequency of characters that what the network saw of
            them is divided by: it leans towards those that training met most.
        unknown_word_penalty: Taken off, in nats, for a word that is not in the lexicon.
        unknown_edge_penalty: The same for a line's first and last word, which may be parts of
            words that are broken at the end of a line.
        least_probability: A character less probable than this is not tried in a frame, unless
            it is the most probable one. A frame where that leaves the blank alone counts as a
            certain blank.
        least_share: A prefix that has less than this share of the best one's weight is dropped.
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
        """Read what `dataclasses.asdict` gave.

        Args:
            facts: Old ones lack what there was not then; it is left out of the search.

        Raises:
            ValueError: If it is not such settings.
        """
        known = {field.name for field in fields(cls)}
        if not isinstance(facts, dict) or {*facts, *_OF_OLD} != known:
            raise ValueError(f"settings of the beam search are not {{{', '.join(sorted(known))}}}")
        return cls(**_OF_OLD | facts)
