"""The recurrent language model as a Keras network: an LSTM that predicts the next character.

After Mikolov et al. 2010, "Recurrent neural network based language model". Dropout hides the same
units at all time steps of a line (Gal & Ghahramani 2016). It uses only layers and `keras.ops`, so
it trains on the TensorFlow, JAX and torch backends.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import keras
import numpy as np
import onnx
from keras import layers
from onnx import TensorProto, helper
from onnxruntime.quantization import QuantType, quantize_dynamic

from model.language.recurrent_model import LABELS, LOG_PROBABILITIES
from model.training.networks.lstm import ForwardLSTM
from model.training.networks.onnx_graph import Graph, lstm_weights
from model.training.networks.quantise_advice import without_advice

# The embedding look-up stays in float32: it costs almost nothing.
_QUANTISED = ["LSTM", "MatMul"]

EMBEDDING, LSTM, OUTPUT = "embedding", "lstm", "output"
_EMBEDDING_UNITS = 64
UNITS = 512


def build_language_network(
    class_count: int, dropout: float, precision: str = "float32", seed: int = 0
) -> keras.Model:
    """Build the network.

    Args:
        class_count: Number of characters, and the line end.
        dropout: Dropout rate of the LSTM states in training.
        precision: Keras dtype policy; weights are always float32.
        seed: Seed of dropout; weights are initialised from the global seed of Keras.

    Returns:
        A model from int32 [batch, time], the preceding labels, to logits [batch, time,
        class_count] of the next label.
    """
    labels = keras.Input((None,), dtype="int32", name="labels")
    vectors = layers.Embedding(class_count, _EMBEDDING_UNITS, dtype=precision, name=EMBEDDING)(
        labels
    )
    states = ForwardLSTM(UNITS, return_sequences=True, dtype=precision, name=LSTM)(vectors)
    states = layers.SpatialDropout1D(dropout, seed=seed, dtype=precision, name="dropout")(states)
    logits = layers.Dense(class_count, dtype=precision, name=OUTPUT)(states)
    return keras.Model(labels, logits, name="recurrent_language_model")


def export_language_network(model: keras.Model) -> onnx.ModelProto:
    """Export the network as ONNX.

    Args:
        model: Trained network from `build_language_network`.

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
    """Export the network quantised to 8-bit integers: a quarter of the size, a third of the time.

    Args:
        model: Trained network from `build_language_network`.

    Returns:
        The content of an ONNX file, with the inputs and outputs of `export_language_network`.
    """
    with tempfile.TemporaryDirectory() as folder, without_advice():
        whole, small = Path(folder, "float.onnx"), Path(folder, "int8.onnx")
        whole.write_bytes(export_language_network(model).SerializeToString())
        quantize_dynamic(whole, small, op_types_to_quantize=_QUANTISED, weight_type=QuantType.QInt8)
        return small.read_bytes()
