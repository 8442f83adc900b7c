"""Word counts: from texts, and in the file that a model comes with."""

from __future__ import annotations

import json
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

from model.language.lexicon import words_of

# Name of the file in the folder of a model.
WORDS_FILE = "words.json"
MOST_WORDS = 1_000_000


def count_words(texts: Iterable[str]) -> Counter[str]:
    """Return the counts of the words of texts, ignoring case.

    Args:
        texts: Any texts.

    Returns:
        Counts by word in lower case, NFC.

    Example:
        >>> count_words(["Le maire, le 3 mai"])["le"]
        2
    """
    normal = (unicodedata.normalize("NFC", text) for text in texts)
    # Lower-case after splitting: 'İ'.lower() ends in a combining mark, which would end a word.
    return Counter(word.lower() for text in normal for word in words_of(text))


def to_json(counts: Mapping[str, int]) -> str:
    r"""Return word counts as a JSON object, one word per line, the most frequent first.

    Example:
        >>> to_json({"maire": 1, "le": 2})
        '{\n"le": 2,\n"maire": 1\n}\n'
    """
    ranked = dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))
    return json.dumps(ranked, ensure_ascii=False, indent=0) + "\n"


def from_json(text: str) -> Counter[str]:
    """Return the word counts in JSON from `to_json`.

    Raises:
        ValueError: If the text is not such JSON, or has more than a million words.

    Example:
        >>> from_json('{"le": 2}')
        Counter({'le': 2})
    """
    counts = json.loads(text)
    if not isinstance(counts, dict):
        raise ValueError("not an object of words and counts")
    for word, count in counts.items():
        if type(count) is not int or count < 1:
            raise ValueError(f"{word!r} has the count {count!r}, not a number from 1")
    return _checked(Counter(counts))


def read_model_words(directory: Path, is_needed: bool = True) -> Counter[str]:
    """Return the word counts of a model.

    Args:
        directory: Folder of the model.
        is_needed: Whether a missing file is an error.

    Returns:
        The counts; empty if the file is missing and not needed.

    Raises:
        ValueError: If the file is needed and missing, or is not valid.
    """
    path = directory / WORDS_FILE
    if not path.is_file():
        if is_needed:
            raise ValueError(
                f"{directory}: no {WORDS_FILE}; "
                "run python -m model.training.language or give a word list"
            )
        return Counter()
    try:
        return from_json(path.read_text("utf-8"))
    except ValueError as error:
        raise ValueError(f"{path}: {error}; train the model again, or delete the file") from None


def write_model_words(
    directory: Path, texts: Iterable[str], known: Mapping[str, int] | None = None
) -> Counter[str]:
    """Write the word counts of the training texts into the folder of a model.

    Args:
        directory: Folder of the model.
        texts: The training texts.
        known: Word counts of the model that it was fine-tuned from, to be added.

    Returns:
        The counts; of more than a million words the most frequent.
    """
    words = count_words(texts)
    words.update(known or {})
    counts = Counter(dict(words.most_common(MOST_WORDS)))
    (directory / WORDS_FILE).write_text(to_json(counts), "utf-8")
    return counts


def read_word_list(path: Path, least_count: int) -> Counter[str]:
    """Return the word counts of a user's word list.

    Args:
        path: Text file in UTF-8; one word per line, or running text.
        least_count: Minimum count given to each word: a name that is listed once is still to be
            used.

    Raises:
        OSError: If the file cannot be read.
        ValueError: If it is not UTF-8, has no word, or has more than a million.
    """
    try:
        with path.open(encoding="utf-8-sig") as lines:
            counts = _checked(count_words(lines))
    except UnicodeDecodeError:
        raise ValueError(f"{path}: not UTF-8; save the file as UTF-8") from None
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None
    if not counts:
        raise ValueError(f"{path}: no word in it; list words, one per line")
    return Counter({word: max(count, least_count) for word, count in counts.items()})


def _checked(counts: Counter[str]) -> Counter[str]:
    if len(counts) > MOST_WORDS:
        raise ValueError(f"{len(counts):,} words, more than {MOST_WORDS:,}; leave rare ones out")
    return counts
