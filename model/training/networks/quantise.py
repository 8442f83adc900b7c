"""A network in 8-bit integers: smaller and faster, at hardly any cost in reading.

Convolutions are quantised with ranges measured on real lines (static), LSTMs and the output with
ranges that ONNX Runtime takes from its input (dynamic) and that guards make the same for any
input, so that a line's text still depends on the line alone. After ONNX Runtime's guide to
quantisation.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import onnx
from onnxruntime.quantization import (
    CalibrationDataReader,
    CalibrationMethod,
    QuantFormat,
    QuantType,
    quantize_dynamic,
    quantize_static,
)

from model.training.networks.quantise_guards import guard_ranges

# The first convolution stays as it is: with one channel there is nothing to save, and ONNX
# Runtime's integer kernel for AMX (1.23) gets some of its 24 channels wrong. The sum that gives
# the logits is no part of the convolutions.
_FLOAT_NODES = ["block0_conv", "block0_relu", "scores"]


class _Lines(CalibrationDataReader):
    """Lines one at a time, as ONNX Runtime asks for them."""

    def __init__(self, strips: Iterable[np.ndarray]):
        self._strips = iter(strips)

    def get_next(self) -> dict[str, np.ndarray] | None:
        strip = next(self._strips, None)
        return None if strip is None else {"strips": strip[None]}


def quantise_network(network: Path, strips: Iterable[np.ndarray], output: Path) -> None:
    """Write a network in 8-bit integers.

    Args:
        network: What `model.training.networks.recogniser_onnx` wrote.
        strips: Lines to measure the ranges on, float32 [input_height_px, width, 1]; some
            hundred of all sorts.
        output: The ONNX file to write.

    Raises:
        ValueError: If there is no line to measure on.
    """
    strips = list(strips)
    if not strips:
        raise ValueError("no line to measure the ranges on; give some of the training lines")
    with tempfile.TemporaryDirectory() as folder:
        half_done = Path(folder, "convolutions.onnx")
        quantize_static(
            str(network),
            str(half_done),
            _Lines(strips),
            quant_format=QuantFormat.QDQ,
            op_types_to_quantize=["Conv", "Relu", "Add", "MaxPool"],
            nodes_to_exclude=_FLOAT_NODES,
            per_channel=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            calibrate_method=CalibrationMethod.MinMax,
        )
        guarded = onnx.load(half_done)
        guard_ranges(guarded)
        quantize_dynamic(
            guarded,
            str(output),
            op_types_to_quantize=["LSTM", "MatMul"],
            per_channel=True,
            weight_type=QuantType.QInt8,
        )
