"""The CRNN in Keras 3: convolutions, column maximum, BiLSTMs, CTC output.

After Shi et al. 2015, with the column maximum and the auxiliary ("shortcut") CTC head
of Retsinas et al. 2022. Only layers and `keras.ops`: it trains on the TensorFlow, JAX
and torch backends alike.
"""

from __future__ import annotations

import keras
import numpy as np
from keras import layers

from model.charset import BLANK
from model.presets import ConvBlock, Preset

# A network that starts by writing blanks leaves the CTC plateau sooner.
_INITIAL_BLANK_BIAS = 1.0


def build_crnn(preset: Preset, class_count: int) -> keras.Model:
    """Build the network as it is trained, with both heads.

    Args:
        preset: Its sizes.
        class_count: Outputs a time step: the charset and the blank.

    Returns:
        A model from float32 [batch, input_height_px, width, 1] (ink 1, paper 0) to
        two logits [batch, width / step_px, class_count]: the output and the auxiliary.
    """
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
    for i in range(preset.lstm_layers):
        sequence = layers.Dropout(preset.dropout, name=f"dropout{i}")(sequence)
        lstm = layers.LSTM(preset.lstm_units, return_sequences=True)
        sequence = layers.Bidirectional(lstm, name=f"lstm{i}")(sequence)
    sequence = layers.Dropout(preset.dropout, name="dropout_output")(sequence)
    logits = layers.Dense(class_count, name="logits")(sequence)
    model = keras.Model(strips, [logits, auxiliary], name=f"crnn_{preset.name}")
    for head in ("logits", "auxiliary"):
        _favour_blank(model.get_layer(head))
    return model


def without_auxiliary(model: keras.Model) -> keras.Model:
    """Take the network as it is used: strips in, one logits out, weights shared."""
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
