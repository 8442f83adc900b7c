"""The recurrent language model as a Keras network: an LSTM that foretells the next character.

After Mikolov et al. 2010, "Recurrent neural network based language model". Whole states are hidden
from the output for a line (Gal & Ghahramani 2016). Only layers and `keras.ops`: it trains on the
TensorFlow, JAX and torch backends alike.
"""

from __future__ import annotations

import keras
from keras import layers

from model.training.networks.lstm import ForwardLSTM

EMBEDDING, LSTM, OUTPUT = "embedding", "lstm", "output"
_EMBEDDING_UNITS = 64
UNITS = 512


def build_language_network(
    class_count: int, dropout: float, precision: str = "float32", seed: int = 0
) -> keras.Model:
    """Build the network.

    Args:
        class_count: Characters, and the line end.
        dropout: Share of the states that the output does not see in training.
        precision: Keras dtype policy that it computes in; its weights are float32.
        seed: Of dropout. Weights are drawn from Keras's own source of chance.

    Returns:
        A model from int32 [batch, time], the labels before, to logits [batch, time, class_count]
        of the labels that come next.
    """
    labels = keras.Input((None,), dtype="int32", name="labels")
    vectors = layers.Embedding(class_count, _EMBEDDING_UNITS, dtype=precision, name=EMBEDDING)(
        labels
    )
    states = ForwardLSTM(UNITS, return_sequences=True, dtype=precision, name=LSTM)(vectors)
    states = layers.SpatialDropout1D(dropout, seed=seed, dtype=precision, name="dropout")(states)
    logits = layers.Dense(class_count, dtype=precision, name=OUTPUT)(states)
    return keras.Model(labels, logits, name="recurrent_language_model")
