"""Fake models that behave like real ones and are made in milliseconds."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from model.decoding.page_error import PageErrorModel, predict_of_read
from model.language.ngram_build import build_language_model
from model.language.recurrent_model import LABELS, LOG_PROBABILITIES
from model.line_images.preprocess import PreprocessConfig
from model.recogniser import bundle
from model.text.charset import Charset
from schemas.records import Character, Transcript

STEP_PX = 8
CHARACTERS = ("a", "b", "c", "d", "e", "é", " ")


def write_fake_bundle(directory: Path, strip_height_px: int = 64) -> Path:
    """Write a fake recogniser: each eight columns give one character, by their amount of ink.

    The network is a real ONNX file, and its output depends on every pixel of the line, so tests
    notice if a line is cropped, scaled or padded differently.

    Args:
        directory: Folder to create.
        strip_height_px: Height of its line strips.

    Returns:
        The directory.
    """
    directory.mkdir(parents=True)
    charset = Charset(tuple(sorted(CHARACTERS)))
    preprocess = PreprocessConfig(strip_height_px, input_height_px=32)
    # Class k is nearest to ink k / 30: the highest of 2 c m - c^2 over c.
    centres = np.arange(charset.class_count, dtype=np.float32) / 30
    sharpness = 3e4
    graph = helper.make_graph(
        [
            helper.make_node("Transpose", ["strips"], ["nchw"], perm=[0, 3, 1, 2]),
            helper.make_node(
                "AveragePool", ["nchw"], ["ink"], kernel_shape=[32, STEP_PX], strides=[1, STEP_PX]
            ),
            helper.make_node("Squeeze", ["ink", "axis"], ["columns"]),
            helper.make_node("Transpose", ["columns"], ["steps"], perm=[0, 2, 1]),
            helper.make_node("MatMul", ["steps", "slopes"], ["sloped"]),
            helper.make_node("Add", ["sloped", "offsets"], ["logits"]),
        ],
        "ink",
        [helper.make_tensor_value_info("strips", TensorProto.FLOAT, ["batch", 32, "width", 1])],
        [
            helper.make_tensor_value_info(
                "logits", TensorProto.FLOAT, ["batch", "time", charset.class_count]
            ),
            helper.make_tensor_value_info("columns", TensorProto.FLOAT, ["batch", 1, "time"]),
        ],
        [
            numpy_helper.from_array(np.array([2], np.int64), "axis"),
            numpy_helper.from_array(2 * sharpness * centres[None], "slopes"),
            numpy_helper.from_array(-sharpness * centres**2, "offsets"),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.checker.check_model(model)
    (directory / bundle.ONNX_FILE).write_bytes(model.SerializeToString())
    bundle.write_settings(directory, charset, preprocess)
    return directory


def write_language_model(
    directory: Path,
    texts: Iterable[str],
    order: int = 3,
    charset: Charset | None = None,
    language: str = "",
) -> None:
    """Build a language model of a bundle from texts, by default for the charset of the bundle."""
    charset = charset or bundle.load_bundle(directory).charset
    data = build_language_model(texts, charset, order)
    (directory / bundle.language_file(language)).write_bytes(data)


def write_fake_auxiliary(directory: Path, favourite: str) -> None:
    """Write an auxiliary head that outputs one character with high confidence at all time steps."""
    charset = bundle.load_bundle(directory).charset
    bias = np.zeros(charset.class_count, np.float32)
    bias[charset.encode(favourite)] = 20
    kernel = np.zeros((charset.class_count, 1, 1), np.float32)
    graph = helper.make_graph(
        [
            helper.make_node("Conv", ["columns", "kernel", "bias"], ["scores"]),
            helper.make_node("Transpose", ["scores"], ["logits"], perm=[0, 2, 1]),
        ],
        "favourite",
        [helper.make_tensor_value_info("columns", TensorProto.FLOAT, ["batch", 1, "time"])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", "time", len(bias)])],
        [numpy_helper.from_array(kernel, "kernel"), numpy_helper.from_array(bias, "bias")],
    )
    head = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.checker.check_model(head)
    (directory / bundle.AUXILIARY_FILE).write_bytes(head.SerializeToString())


def write_fake_recurrent(directory: Path, favourite: str) -> None:
    """Write a recurrent language model that predicts one character after any text."""
    charset = bundle.load_bundle(directory).charset
    scores = np.zeros((charset.class_count, charset.class_count), np.float32)
    scores[:, charset.encode(favourite)] = 8
    shape = ["time", "text", charset.class_count]
    graph = helper.make_graph(
        [
            helper.make_node("Gather", ["scores", LABELS], ["found"]),
            helper.make_node("LogSoftmax", ["found"], [LOG_PROBABILITIES]),
        ],
        "favourite",
        [helper.make_tensor_value_info(LABELS, TensorProto.INT32, ["time", "text"])],
        [helper.make_tensor_value_info(LOG_PROBABILITIES, TensorProto.FLOAT, shape)],
        [numpy_helper.from_array(scores, "scores")],
    )
    network = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.checker.check_model(network)
    (directory / bundle.RECURRENT_FILE).write_bytes(network.SerializeToString())


def writing_of(above_px: float, below_px: float) -> Callable[[np.ndarray], np.ndarray]:
    """Return a network that finds the same reach in all writing."""
    reach = np.log(np.array([above_px, below_px], np.float32))
    return lambda profiles: np.tile(reach, (len(profiles), 1))


class NameReader:
    """A recogniser that reads the id of each line as its text, with an expected CER of 1/4."""

    judges_languages = False
    page_error = PageErrorModel((0.5,), (0.25,))

    def predict_cer(self, transcripts):
        return predict_of_read(self.page_error, transcripts)

    def lines_at_once(self, width_px):
        return 1

    def prepare(self, image):
        return image.strip

    def run(self, strips):
        return strips

    def transcribe(self, image, logits):
        characters = tuple(Character(letter, 0.5) for letter in image.line.line_id)
        return Transcript(image.page_uri, image.line, image.line.line_id, 0.5, characters)
