"""Which names of folders, files and fields are those of splits."""

import pytest

from model.dataset.split_names import (
    field_split,
    file_name_split,
    folders_below,
    official_split,
    split_roots,
)


@pytest.mark.parametrize(
    ("uri", "roots", "split"),
    [
        ("in/test/projet/1.png", ["in/test/projet"], ""),
        ("in/test/projet/1.png", ["in"], "test"),
        ("in/test/1.png", ["in/test"], ""),
        ("in/Validation/a/1.png", ["in"], "eval"),
        ("in/val-de-marne/1.png", ["in"], ""),
        ("./in/train/1.png", ["./in"], "train"),
        ("train/1.png", ["."], "train"),
        ("/abs/test/d/val/1.png", ["/abs/test/d"], "eval"),
        ("gs://test/d/train/1.png", ["gs://test/d"], "train"),
        ("elsewhere/test/1.png", ["in"], ""),
        ("in/test/1.png", ["in/test", "in"], "test"),
    ],
)
def test_only_whole_names_below_the_input_decide(uri, roots, split):
    assert official_split(uri, roots) == split


@pytest.mark.parametrize(
    ("roots", "kept"),
    [
        (["d/train", "d/test"], ("d",)),
        (["d/train/a", "d/val/b", "d/more"], ("d",)),
        (["d/test"], ("d/test",)),
        (["d/test/a", "d/test/b"], ("d/test/a", "d/test/b")),
        (["d/test/a", "e"], ("d/test/a", "e")),
        (["d", "d/test"], ("d",)),
        ([""], ("",)),
        (["/d/train", "/d/test"], ("/d",)),
        ([], ()),
    ],
)
def test_inputs_that_name_several_splits_are_meant_as_such(roots, kept):
    assert split_roots(roots) == kept or split_roots(roots) == tuple(k.lstrip("/") for k in kept)


def test_folders_are_listed_below_the_topmost_root():
    assert folders_below("a/b/c/1.png", ["a/b", "a"]) == ["b", "c"]


@pytest.mark.parametrize(
    ("name", "split"),
    [
        ("d/Train.CSV", "train"),
        ("validation.parquet", "eval"),
        ("val-00000-of-00001-472467affea948eb.parquet", "eval"),
        ("test1.tsv", "test"),
        ("val-de-marne.csv", ""),
        ("laval.csv", ""),
        ("train-de-vie.tsv", ""),
        ("contest.csv", ""),
    ],
)
def test_a_file_is_named_after_a_split(name, split):
    assert file_name_split(name) == split


@pytest.mark.parametrize(
    ("field", "split"),
    [("TRAIN", "train"), ("dev", "eval"), ("Validierung", "eval"), ("prueba", "test"), ("7", "")],
)
def test_fields_name_splits(field, split):
    assert field_split(field) == split
