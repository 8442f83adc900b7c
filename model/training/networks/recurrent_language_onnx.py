"""The recurrent language model as an ONNX graph in 8-bit integers."""

from __future__ import annotations

import tempfile
from pathlib import Path

import keras
import numpy as np
import onnx
from onnx import TensorProto, helper
from onnxruntime.quantization import QuantType, quantize_dynamic

from model.language.recurrent_model import LABELS, LOG_PROBABILITIES
from model.training.networks.onnx_graph import Graph, lstm_weights
from model.training.networks.recurrent_language import EMBEDDING, LSTM, OUTPUT

# The look-up of vectors stays in float32: it costs nothing.
_QUANTISED = ["LSTM", "MatMul"]


def export_language_network(model: keras.Model) -> onnx.ModelProto:
    """Write the network as ONNX.

    Args:
        model: What `build_language_network` gave, trained.

    Returns:
        A graph from `labels` int32 [time, text] to `log_probabilities` float32
        [time, text, class_count].
    """
    graph = Graph()
    (vectors,) = model.get_layer(EMBEDDING).get_weights()
    sequence = graph.node("Gather", [graph.constant("vectors", vectors), LABELS], "looked_up")
    parts = zip(("input", "recurrent", "bias"), lstm_weights(*model.get_layer(LSTM).get_weights()))
    weights = [graph.constant(f"lstm_{part}", array[None]) for part, array in parts]
    units = model.get_layer(LSTM).units
    states = graph.node("LSTM", [sequence, *weights], "lstm_states", hidden_size=units)
    axis = graph.constant("direction_axis", np.array([1], np.int64))
    states = graph.node("Squeeze", [states, axis], "states")
    kernel, bias = model.get_layer(OUTPUT).get_weights()
    product = graph.node("MatMul", [states, graph.constant("kernel", kernel)], "product")
    scores = graph.node("Add", [product, graph.constant("output_bias", bias)], "scores")
    graph.node("LogSoftmax", [scores], LOG_PROBABILITIES, axis=-1)
    labels = helper.make_tensor_value_info(LABELS, TensorProto.INT32, ["time", "text"])
    shape = ["time", "text", len(bias)]
    output = helper.make_tensor_value_info(LOG_PROBABILITIES, TensorProto.FLOAT, shape)
    return graph.finish("recurrent_language_model", labels, [output])


def quantised_language_network(model: keras.Model) -> bytes:
    """Write the network in 8-bit integers: a quarter of the size, a third of the time.

    Args:
        model: What `build_language_network` gave, trained.

    Returns:
        The content of an ONNX file, of the form that `export_language_network` gives.
    """
    with tempfile.TemporaryDirectory() as folder:
        whole, small = Path(folder, "float.onnx"), Path(folder, "int8.onnx")
        whole.write_bytes(export_language_network(model).SerializeToString())
        quantize_dynamic(whole, small, op_types_to_quantize=_QUANTISED, weight_type=QuantType.QInt8)
        return small.read_bytes()
