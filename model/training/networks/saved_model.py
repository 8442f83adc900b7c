"""The SavedModel of a bundle: from serialised examples or line images to text.

It needs TensorFlow, so only training on the TensorFlow backend imports this module.
"""

from __future__ import annotations

from pathlib import Path

import keras

from model.line_images.preprocess import PreprocessConfig
from model.text.charset import BLANK, Charset


def write_saved_model(
    directory: Path, model: keras.Model, charset: Charset, config: PreprocessConfig
) -> None:
    """Write the network with preprocessing and greedy decoding, as a server needs it.

    The signature `serving_default` takes serialised tf.Examples, `images` takes encoded
    line images (PNG or JPEG); both return the text and the confidence of each line.

    Args:
        directory: Folder to write to.
        model: Network from line strips to logits, on the TensorFlow backend.
        charset: Characters of the logits.
        config: How a line strip becomes network input.
    """
    import tensorflow as tf

    characters = tf.constant(["", *charset.characters])

    def read_image(image):
        logits = model(prepare_image(image, config)[None], training=False)[0]
        return decode_logits(logits, characters)

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="images")])
    def read_images(images):
        # One line at a time: the text of a line must not depend on the other lines of its batch.
        outputs = (tf.string, tf.float32)
        text, confidence = tf.map_fn(read_image, images, fn_output_signature=outputs)
        return {"text": text, "confidence": confidence}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="examples")])
    def read_examples(examples):
        feature = {"image": tf.io.FixedLenFeature([], tf.string)}
        return read_images(tf.io.parse_example(examples, feature)["image"])

    module = tf.Module()
    module.model = model
    signatures = {"serving_default": read_examples, "images": read_images}
    tf.saved_model.save(module, str(directory), signatures=signatures)


def prepare_image(image, config: PreprocessConfig):
    """Prepare a line strip as `model.line_images.preprocess.prepare_strip` does, in TensorFlow.

    Args:
        image: Scalar string tensor, an encoded line image.
        config: How a line strip becomes network input.

    Returns:
        Tensor float32 [input_height_px, padded width, 1], ink 1, paper 0.
    """
    import tensorflow as tf

    strip = tf.io.decode_image(image, channels=1, expand_animations=False)
    strip.set_shape([None, None, 1])
    ink = 1.0 - tf.cast(strip, tf.float32) / 255.0
    scaled = tf.cast(tf.shape(strip)[1], tf.float64) * config.input_height_px
    width = tf.maximum(1, tf.cast(tf.round(scaled / config.strip_height_px), tf.int32))
    size = tf.stack([config.input_height_px, width])
    ink = tf.image.resize(ink, size, method="area")
    padding = -width % config.width_step_px
    return tf.ensure_shape(
        tf.pad(ink, [[0, 0], [0, padding], [0, 0]]), [config.input_height_px, None, 1]
    )


def decode_logits(logits, characters):
    """Decode logits as `model.decoding.ctc.decode_greedy` does, in TensorFlow.

    Args:
        logits: Tensor float32 [time, classes], unnormalised.
        characters: String tensor [classes], with an empty entry for the blank label.

    Returns:
        Scalar tensors: text, its characters as they lie from left to right, and confidence in
        0..1.
    """
    import tensorflow as tf

    probabilities = tf.nn.softmax(logits)
    path = tf.argmax(probabilities, axis=-1, output_type=tf.int32)
    best = tf.reduce_max(probabilities, axis=-1)
    run_starts = tf.concat([[True], path[1:] != path[:-1]], axis=0)
    runs = tf.cumsum(tf.cast(run_starts, tf.int32)) - 1
    peaks = tf.math.segment_max(best, runs)
    labels = path[run_starts]
    written = labels != BLANK
    text = tf.strings.reduce_join(tf.gather(characters, labels[written]))
    some = tf.reduce_any(written)
    return text, tf.reduce_mean(tf.cond(some, lambda: peaks[written], lambda: best))
