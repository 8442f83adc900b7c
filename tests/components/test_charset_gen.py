"""The charset of the training lines."""

import json

import pytest
from tfx.utils.import_utils import import_class_by_path
from tfx.v1.types.standard_artifacts import Examples, HyperParameters

from components.charset_gen import Charset, CharsetGen, collect_charset
from components.errors import DatasetError
from model.text.charset import Charset as CharacterSet
from tests.drawn import line_example, write_tfrecords

pytestmark = pytest.mark.train


def lines(*texts):
    return [line_example(text, i) for i, text in enumerate(texts)]


def test_characters_of_all_files_are_collected(tmp_path):
    paths = [str(tmp_path / name) for name in ("a.gz", "b.gz")]
    write_tfrecords(tmp_path / "a.gz", lines("cab", "réunion"))
    write_tfrecords(tmp_path / "b.gz", lines("12 mai"))
    assert collect_charset(paths) == CharacterSet.of_texts(["cab", "réunion", "12 mai"])


def test_lines_without_any_text_are_rejected(tmp_path):
    write_tfrecords(tmp_path / "a.gz", lines("", " "))
    with pytest.raises(DatasetError, match="train has no text"):
        collect_charset([str(tmp_path / "a.gz")])


def test_a_broken_file_is_reported(tmp_path):
    (tmp_path / "odd.gz").write_bytes(b"no gzip")
    with pytest.raises(DatasetError, match=r"split train: .*odd\.gz"):
        collect_charset([str(tmp_path / "odd.gz")])


def test_the_component_reads_the_train_split_and_writes_both_artifacts(tmp_path):
    examples, charset, hyperparameters = Examples(), Charset(), HyperParameters()
    for artifact, name in ((examples, "e"), (charset, "c"), (hyperparameters, "h")):
        artifact.uri = str(tmp_path / name)
        (tmp_path / name).mkdir()
    examples.splits = ["train", "eval"]
    write_tfrecords(tmp_path / "e" / "Split-train" / "data.gz", lines("abc"))
    write_tfrecords(tmp_path / "e" / "Split-eval" / "data.gz", lines("xyz"))
    CharsetGen.test_call(
        examples=examples, code="", charset=charset, hyperparameters=hyperparameters
    )
    text = (tmp_path / "c" / "charset.json").read_text("utf-8")
    assert CharacterSet.from_json(text) == CharacterSet(("a", "b", "c"))
    # The Trainer parses the only file there as JSON.
    (copy,) = (tmp_path / "h").iterdir()
    assert json.loads(copy.read_text("utf-8")) == json.loads(text)


def test_kubeflow_finds_the_class_by_the_name_of_the_type():
    assert import_class_by_path(Charset.TYPE_NAME) is Charset
