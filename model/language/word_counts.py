"""Words and how often they occur: counted, and as a file beside a model."""

from __future__ import annotations

import json
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

from model.language.lexicon import words_of

# Its place in the folder of a model.
WORDS_FILE = "words.json"
MOST_WORDS = 1_000_000


def count_words(texts: Iterable[str]) -> Counter[str]:
    """Count the words of texts, whatever their capitals.

    Args:
        texts: Any.

    Returns:
        The words in small letters, NFC.

    Example:
        >>> count_words(["Le maire, le 3 mai"])["le"]
        2
    """
    normal = (unicodedata.normalize("NFC", text) for text in texts)
    # Once they are words: the small letter of 'İ' is two characters, the second no letter.
    return Counter(word.lower() for text in normal for word in words_of(text))


def to_json(counts: Mapping[str, int]) -> str:
    r"""Write words with their counts as a JSON object, the most frequent first, one a line.

    Example:
        >>> to_json({"maire": 1, "le": 2})
        '{\n"le": 2,\n"maire": 1\n}\n'
    """
    ranked = dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))
    return json.dumps(ranked, ensure_ascii=False, indent=0) + "\n"


def from_json(text: str) -> Counter[str]:
    """Read what `to_json` wrote.

    Raises:
        ValueError: If it is something else, or more than a million words.

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
    """Read the words that a model comes with.

    Args:
        directory: Its folder.
        is_needed: Whether it must come with some.

    Raises:
        ValueError: If it comes with none and must, or the file is not what it should be.
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
        raise ValueError(f"{path}: {error}; train anew or take the file out") from None


def write_model_words(directory: Path, texts: Iterable[str]) -> Counter[str]:
    """Write the words that a model comes with: those of the texts that it learnt from.

    Returns:
        The words; of more than a million the most frequent.
    """
    counts = Counter(dict(count_words(texts).most_common(MOST_WORDS)))
    (directory / WORDS_FILE).write_text(to_json(counts), "utf-8")
    return counts


def read_word_list(path: Path, least_count: int) -> Counter[str]:
    """Read a word list of the user's.

    Args:
        path: UTF-8; words on lines of their own or in running text.
        least_count: How often a word of the list counts at least: whoever lists a name once
            means it.

    Raises:
        OSError: If it cannot be read.
        ValueError: If it is not UTF-8, or has no word or more than a million.
    """
    try:
        with path.open(encoding="utf-8-sig") as lines:
            counts = _checked(count_words(lines))
    except UnicodeDecodeError:
        raise ValueError(f"{path}: not UTF-8; save it as such") from None
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None
    if not counts:
        raise ValueError(f"{path}: no word in it; list some, one a line")
    return Counter({word: max(count, least_count) for word, count in counts.items()})


def _checked(counts: Counter[str]) -> Counter[str]:
    if len(counts) > MOST_WORDS:
        raise ValueError(f"{len(counts):,} words, more than {MOST_WORDS:,}; leave rare ones out")
    return counts
