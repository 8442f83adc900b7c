"""Fine-tuning, through the command line of the training."""

import numpy as np
import pytest

from model.text.charset import Charset
from model.training.base_model import open_base, preset_of
from model.training.transfer import describe_change, move_outputs
from tests.drawn import line_example, write_tfrecords

pytestmark = pytest.mark.train

TEXTS = ["maire", "rame", "amie"]


def test_characters_keep_their_outputs_under_other_labels():
    old, new = Charset(("a", "c", "d")), Charset(("b", "c", "d", "e"))
    kernel = np.arange(8, dtype=np.float32).reshape(2, 4)
    moved = move_outputs(kernel, np.full((2, 5), -1, np.float32), old, new)
    assert moved.tolist() == [[0, -1, 2, 3, -1], [4, -1, 6, 7, -1]]


def test_lost_and_new_characters_are_listed():
    change = describe_change(Charset(("a", "b")), Charset((" ", "a")))
    assert change == "fine-tuning: 1 characters kept, 1 new (' '), 1 lost (b)"


def _dataset(folder, texts):
    for split, count in (("train", 40), ("eval", 6)):
        lines = [line_example(texts[i % len(texts)], i, split) for i in range(count)]
        write_tfrecords(folder / split / "a.tfrecord.gz", lines)
    (folder / "charset.json").write_text(Charset.of_texts(texts).to_json())
    return str(folder)


def test_a_network_gets_the_weights_of_the_trained_one(tmp_path):
    from model.networks.presets import PRESETS
    from model.recogniser.bundle import load_bundle
    from model.training.__main__ import main
    from model.training.networks.recogniser import build_crnn
    from model.training.transfer import start_from

    dataset, base = _dataset(tmp_path / "a", TEXTS), tmp_path / "base"
    flags = ["--preset", "tiny", "--epochs", "1"]
    assert main(["--dataset", dataset, "--output", str(base), *flags]) == 0
    charset = load_bundle(base).charset
    model = build_crnn(PRESETS["tiny"], charset.class_count)
    start_from(open_base(base), charset, PRESETS["tiny"], print)(model)
    saved = build_crnn(PRESETS["tiny"], charset.class_count)
    saved.load_weights(base / "weights.keras")
    assert all(map(np.array_equal, model.get_weights(), saved.get_weights()))


@pytest.mark.parametrize("content", [b"", b"PK\x05\x06" + bytes(18)])
def test_a_file_that_holds_no_network_is_reported(tmp_path, content):
    (tmp_path / "weights.keras").write_bytes(content)
    with pytest.raises(ValueError, match="weights.keras: not a network of Quire"):
        preset_of(tmp_path / "weights.keras")
