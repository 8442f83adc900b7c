"""How a run reads text from what the network saw."""

from __future__ import annotations

from dataclasses import dataclass

from model.decoding.beam_config import WIDEST_BEAM

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
