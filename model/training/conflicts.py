"""Lines that must not be trained on: held out elsewhere, or with two texts for one image."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from model.dataset.examples import read_examples
from model.text.charset import Charset, normalise_text
from schemas.records import LineExample

# A page and a line on it.
LineName = tuple[str, str]
# Lines that a message names.
_NAMED = 3


@dataclass(frozen=True)
class Conflicts:
    """Lines that are left out of a training, by reason.

    Attributes:
        contradicting: Training lines whose image has another text elsewhere in the split.
        replay_held_out: Lines of other hands whose image is in one of the splits.
        replay_unknown: Lines of other hands with characters outside of the charset.
    """

    contradicting: tuple[LineName, ...] = ()
    replay_held_out: tuple[LineName, ...] = ()
    replay_unknown: tuple[LineName, ...] = ()

    @property
    def of_train(self) -> frozenset[LineName]:
        """Lines to leave out of the train split."""
        return frozenset(self.contradicting)

    @property
    def of_replay(self) -> frozenset[LineName]:
        """Lines to leave out of the lines of other hands."""
        return frozenset((*self.replay_held_out, *self.replay_unknown))

    def __str__(self):
        """Return one line for each reason; nothing if there is none."""
        reasons = (
            (self.contradicting, "image has two texts; correct one of them"),
            (self.replay_held_out, "of --replay are in the dataset, too"),
            (self.replay_unknown, "of --replay have letters that the model does not"),
        )
        return "\n".join(
            f"left out of training: {len(names):,} line{'s' if len(names) > 1 else ''}, {reason} "
            f"({_listed(names)})"
            for names, reason in reasons
            if names
        )


def _listed(names: Sequence[LineName]) -> str:
    some = ", ".join(f"{page.rpartition('/')[2]} {line}" for page, line in names[:_NAMED])
    return f"{some}, ..." if len(names) > _NAMED else some


@dataclass
class _Images:
    """The texts of each line image of a split, and the lines that show it."""

    texts: dict[bytes, set[str]] = field(default_factory=lambda: defaultdict(set))
    names: dict[bytes, list[LineName]] = field(default_factory=lambda: defaultdict(list))

    def add(self, example: LineExample) -> None:
        key = _key(example)
        self.texts[key].add(normalise_text(example.text))
        self.names[key].append((example.page_uri, example.line_id))


def _key(example: LineExample) -> bytes:
    return hashlib.blake2b(example.image, digest_size=8).digest()


def find_conflicts(
    train_paths: Iterable[str],
    eval_paths: Iterable[str],
    replay_paths: Iterable[str] = (),
    charset: Charset | None = None,
) -> Conflicts:
    """Find lines that must not be trained on.

    Args:
        train_paths: TFRecord files of the train split.
        eval_paths: TFRecord files of the eval split.
        replay_paths: TFRecord files of other hands, which are mixed in.
        charset: Charset of the model; None for any.
    """
    train, held_out = _Images(), {_key(example) for example in read_examples(eval_paths)}
    for example in read_examples(train_paths):
        train.add(example)
    known = set(charset.characters) if charset else None
    again, unknown = [], []
    for example in read_examples(replay_paths):
        name = (example.page_uri, example.line_id)
        if (key := _key(example)) in held_out or key in train.names:
            again.append(name)
        elif known is not None and not known.issuperset(example.text):
            unknown.append(name)
    return Conflicts(
        tuple(n for key, names in train.names.items() if len(train.texts[key]) > 1 for n in names),
        tuple(again),
        tuple(unknown),
    )
