"""The CRNN in Keras 3: convolutions, column-wise max pooling, BiLSTMs, CTC output.

After Shi et al. 2015, with the column-wise max pooling and the auxiliary ("shortcut") CTC head
of Retsinas et al. 2022. It uses only layers and `keras.ops`, so it trains on the TensorFlow,
JAX and torch backends.
"""

from __future__ import annotations

import keras
import numpy as np
from keras import layers

from model.networks.presets import ConvBlock, Preset
from model.text.charset import BLANK
from model.training.networks.lstm import BidirectionalLSTM

# A network that outputs blanks at first leaves the initial plateau of CTC training sooner.
_INITIAL_BLANK_BIAS = 1.0
# The layers that output logits of characters.
HEADS = ("logits", "auxiliary")


def build_crnn(
    preset: Preset, class_count: int, precision: str = "float32", seed: int = 0
) -> keras.Model:
    """Build the network for training, with both heads.

    Args:
        preset: Sizes of the network.
        class_count: Outputs per time step: the charset and the blank label.
        precision: Keras dtype policy; weights are always float32.
        seed: Seed of dropout; weights are initialised from the global seed of Keras.

    Returns:
        A model from float32 [batch, input_height_px, width, 1] (ink 1, paper 0) to
        two logits [batch, width / step_px, class_count]: main and auxiliary head.
    """
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy(precision)
    try:
        model = _assemble(preset, class_count, seed)
    finally:
        keras.config.set_dtype_policy(policy)
    for head in HEADS:
        _favour_blank(model.get_layer(head))
    return model


def _assemble(preset: Preset, class_count: int, seed: int) -> keras.Model:
    strips = keras.Input((preset.input_height_px, None, 1), name="strips")
    features = strips
    for i, block in enumerate(preset.blocks):
        features = _convolve(features, block, f"block{i}")
    features = layers.MaxPooling2D((preset.feature_height, 1), name="column_maximum")(features)
    columns = layers.Reshape((-1, preset.blocks[-1].channels), name="columns")(features)
    auxiliary = layers.Conv1D(
        class_count, preset.auxiliary_kernel_steps, padding="same", name="auxiliary"
    )(columns)
    sequence = columns
    # With a seed per dropout layer, the state of each is saved in checkpoints.
    seeds = np.random.SeedSequence(seed).generate_state(preset.lstm_layers + 1) >> 1
    for i in range(preset.lstm_layers):
        dropout = layers.Dropout(preset.dropout, seed=int(seeds[i]), name=f"dropout{i}")
        lstm = layers.LSTM(preset.lstm_units, return_sequences=True)
        sequence = BidirectionalLSTM(lstm, name=f"lstm{i}")(dropout(sequence))
    dropout = layers.Dropout(preset.dropout, seed=int(seeds[-1]), name="dropout_output")
    logits = layers.Dense(class_count, name="logits")(dropout(sequence))
    return keras.Model(strips, [logits, auxiliary], name=f"crnn_{preset.name}")


def without_auxiliary(model: keras.Model) -> keras.Model:
    """Return the network for inference: the main head only, weights shared."""
    return keras.Model(model.input, model.get_layer("logits").output, name=model.name)


def _convolve(features, block: ConvBlock, name: str):
    convolved = layers.Conv2D(
        block.channels,
        block.kernel_px,
        strides=block.stride_px,
        padding="same",
        use_bias=False,
        name=f"{name}_conv",
    )(features)
    convolved = layers.BatchNormalization(momentum=0.9, name=f"{name}_norm")(convolved)
    if block.residual:
        convolved = layers.Add(name=f"{name}_add")([convolved, features])
    convolved = layers.ReLU(name=f"{name}_relu")(convolved)
    if block.pool_px != (1, 1):
        convolved = layers.MaxPooling2D(block.pool_px, name=f"{name}_pool")(convolved)
    return convolved


def _favour_blank(head: layers.Layer) -> None:
    kernel, bias = head.get_weights()
    bias = np.zeros_like(bias)
    bias[BLANK] = _INITIAL_BLANK_BIAS
    head.set_weights([kernel, bias])
