"""Names of splits: in folders, in file names and in the fields of tables."""

from __future__ import annotations

import posixpath
import re
import unicodedata
from collections.abc import Iterable

_SPLIT_OF_FOLDER = {
    "train": "train",
    "training": "train",
    "eval": "eval",
    "evaluation": "eval",
    "val": "eval",
    "valid": "eval",
    "validation": "eval",
    "dev": "eval",
    "test": "test",
    "testing": "test",
}
# Words of fields only: nobody names a folder or a file after a split in these languages, or they
# mean something else there.
_SPLIT_OF_FIELD = {
    **_SPLIT_OF_FOLDER,
    "trn": "train",
    "entrainement": "train",
    "apprentissage": "train",
    "entrenamiento": "train",
    "validate": "eval",
    "development": "eval",
    "validierung": "eval",
    "validacion": "eval",
    "tst": "test",
    "prueba": "test",
}
FOLDER_NAMES = frozenset(_SPLIT_OF_FOLDER)
_WORDS = "|".join(sorted(_SPLIT_OF_FOLDER, key=len, reverse=True))
# A file name that is nothing but a split: train, val_list, train-00000-of-00002, test.labels.
_ONLY_A_SPLIT = re.compile(
    rf"({_WORDS})([_.-]?(list|lines|labels|set|split|data|gt))?"
    r"([_.-]?[0-9]+([_.-]of[_.-][0-9]+)?([_.-][0-9a-f]{8,})?)?"
)
# A split as one word among others.
_AMONG_OTHERS = re.compile(rf"(?:^|(?<=[_.-]))({_WORDS})(?=[_.-]|$)")


def _parts(path: str) -> list[str]:
    path = unicodedata.normalize("NFC", path).replace("\\", "/")
    return [part for part in path.split("/") if part not in ("", ".")]


def folders_below(uri: str, roots: Iterable[str] = ("",)) -> list[str]:
    """List the folders of a file below the root of the input.

    Args:
        uri: The file.
        roots: Folders of the input; the topmost one that holds the file counts.

    Returns:
        Names of folders, outermost first; empty if the file is outside of all roots.

    Example:
        >>> folders_below("in/test/projet/val/1.png", ["in/test/projet"])
        ['val']
    """
    parts = _parts(uri)
    found = [root for root in map(_parts, roots) if root == parts[: len(root)]]
    return parts[len(min(found, key=len)) : -1] if found else []


def split_folder(uri: str, roots: Iterable[str] = ("",)) -> str:
    """Return the innermost folder of a file that has the name of a split; empty for none.

    Args:
        uri: The file.
        roots: Folders of the input: what is above them does not count.

    Example:
        >>> split_folder("peraire/data/Test/B_0048.jpg"), split_folder("in/test/1.png", ["in/test"])
        ('Test', '')
    """
    folders = folders_below(uri, roots)
    return next((name for name in reversed(folders) if name.lower() in FOLDER_NAMES), "")


def official_split(uri: str, roots: Iterable[str] = ("",)) -> str:
    """Return the split that the folder of a page names; empty if it names none.

    Example:
        >>> official_split("peraire/data/test/B_0048.jpg"), official_split("a/b.jpg")
        ('test', '')
    """
    return _SPLIT_OF_FOLDER.get(split_folder(uri, roots).lower(), "")


def split_roots(roots: Iterable[str]) -> tuple[str, ...]:
    """Choose the folders below which names of folders decide the split.

    What is above an input does not count, unless the inputs themselves name several splits: of
    'd/train' and 'd/test', it is 'd'.

    Args:
        roots: Folder of each input.

    Returns:
        The folders, without those that are in another one.

    Example:
        >>> split_roots(["d/train", "d/test"]), split_roots(["d/test/a", "d/b"])
        (('d',), ('d/b', 'd/test/a'))
    """
    roots = sorted(set(roots))
    common = _common(roots)
    if len({official_split(f"{root}/x", [common]) for root in roots} - {""}) > 1:
        return (common,)
    tops: list[str] = []
    for root in sorted(roots, key=lambda root: len(_parts(root))):
        if not any(_parts(top) == _parts(root)[: len(_parts(top))] for top in tops):
            tops.append(root)
    return tuple(sorted(tops))


def _common(paths: list[str]) -> str:
    shared = list(_parts(paths[0])) if paths else []
    for parts in map(_parts, paths):
        same = next((i for i, (a, b) in enumerate(zip(shared, parts)) if a != b), len(parts))
        shared = shared[: min(same, len(shared))]
    return "/".join(shared)


def field_split(field: str) -> str:
    """Return the split that a field of a table names; empty where it names none, or several.

    Example:
        >>> field_split("validation1"), field_split("Entraînement"), field_split("train and test")
        ('eval', 'train', '')
    """
    letters = unicodedata.normalize("NFKD", field.lower())
    words = re.split(r"[^a-z]+", "".join(c for c in letters if not unicodedata.combining(c)))
    splits = {_SPLIT_OF_FIELD[word] for word in words if word in _SPLIT_OF_FIELD}
    return splits.pop() if len(splits) == 1 else ""


def file_name_split(name: str) -> str:
    """Return the split that a file is named after; empty where it has another name.

    Example:
        >>> file_name_split("d/train-00000-of-00002.parquet"), file_name_split("val_list.txt")
        ('train', 'eval')
        >>> file_name_split("val-de-marne.csv"), file_name_split("train_and_test.csv")
        ('', '')
    """
    stem = posixpath.basename(name).rsplit(".", 1)[0].lower()
    match = _ONLY_A_SPLIT.fullmatch(stem)
    return _SPLIT_OF_FOLDER[match[1]] if match else ""


def sibling_names(name: str) -> tuple[str, list[str]]:
    """Return the split among the words of a file name, and that name with the other splits.

    Such a word may be part of another name (val-de-marne.csv). It means a split where a file of
    another split has the same name otherwise: names_train_v2.csv beside names_test_v2.csv.

    Args:
        name: Path of the file.

    Returns:
        The split, empty for none; paths of files, one of which has to exist.

    Example:
        >>> sibling_names("d/names_train_v2.csv")[1][:3]
        ['d/names_eval_v2.csv', 'd/names_evaluation_v2.csv', 'd/names_val_v2.csv']
        >>> sibling_names("d/labels.csv")
        ('', [])
    """
    folder, base = posixpath.split(name)
    stem = base.rsplit(".", 1)[0]
    words = list(_AMONG_OTHERS.finditer(stem.lower()))
    if len(words) != 1:
        return "", []
    (word,) = words
    split = _SPLIT_OF_FOLDER[word[1]]
    others = [other for other, its in _SPLIT_OF_FOLDER.items() if its != split]
    before, written, after = (
        base[: word.start()],
        base[word.start() : word.end()],
        base[word.end() :],
    )
    names = [before + _in_case_of(written, other) + after for other in others]
    return split, [posixpath.join(folder, other) for other in names]


def _in_case_of(written: str, word: str) -> str:
    if written.isupper():
        return word.upper()
    return word.capitalize() if written[:1].isupper() else word
