"""Quantisation of the recogniser to 8-bit integers: smaller and faster, hardly less accurate.

Convolutions are quantised with ranges that are measured on real lines (static quantisation).
LSTMs and the output layer use the ranges of their actual inputs (dynamic quantisation); guards
(`quantise_guards`) make these ranges constant, so that the text of a line does not depend on the
other lines of its batch. After ONNX Runtime's guide to quantisation.
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

from model.training.networks.quantise_advice import without_advice
from model.training.networks.quantise_guards import guard_ranges

# The first convolution is not quantised: with one input channel there is nothing to gain, and the
# AMX integer kernel of ONNX Runtime 1.23 computes some of its 24 channels wrongly. "scores", the
# addition of the output bias, does not belong to a convolution.
_FLOAT_NODES = ["block0_conv", "block0_relu", "scores"]


class _Lines(CalibrationDataReader):
    """Feeds calibration lines to ONNX Runtime one at a time."""

    def __init__(self, strips: Iterable[np.ndarray]):
        self._strips = iter(strips)

    def get_next(self) -> dict[str, np.ndarray] | None:
        strip = next(self._strips, None)
        return None if strip is None else {"strips": strip[None]}


def quantise_network(network: Path, strips: Iterable[np.ndarray], output: Path) -> None:
    """Quantise a network to 8-bit integers.

    Args:
        network: ONNX file from `model.training.networks.recogniser_onnx`.
        strips: Calibration lines, float32 [input_height_px, width, 1]; a few hundred that
            represent the data.
        output: The ONNX file to write.

    Raises:
        ValueError: If there is no calibration line.
    """
    strips = list(strips)
    if not strips:
        raise ValueError("no calibration lines; give some of the training lines")
    with tempfile.TemporaryDirectory() as folder, without_advice():
        partly_quantised = Path(folder, "convolutions.onnx")
        quantize_static(
            str(network),
            str(partly_quantised),
            _Lines(strips),
            quant_format=QuantFormat.QDQ,
            op_types_to_quantize=["Conv", "Relu", "Add", "MaxPool"],
            nodes_to_exclude=_FLOAT_NODES,
            per_channel=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            calibrate_method=CalibrationMethod.MinMax,
        )
        guarded = onnx.load(partly_quantised)
        guard_ranges(guarded)
        quantize_dynamic(
            guarded,
            str(output),
            op_types_to_quantize=["LSTM", "MatMul"],
            per_channel=True,
            weight_type=QuantType.QInt8,
        )
