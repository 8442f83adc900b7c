"""The SavedModel of a bundle: serialised examples or line images in, text out.

TensorFlow only, and so imported by nobody but training on the TensorFlow backend.
"""

from __future__ import annotations

from pathlib import Path

import keras
import tensorflow as tf

from model.charset import BLANK, Charset
from model.preprocess import PreprocessConfig


class ServingModule(tf.Module):
    """The network with decoding around it, so that a server needs nothing else.

    Args:
        model: Strips in, logits out.
        charset: The characters.
        config: How a strip becomes the network's input.
    """

    def __init__(self, model: keras.Model, charset: Charset, config: PreprocessConfig):
        super().__init__()
        self.model = model
        self._config = config
        self._characters = tf.constant(["", *charset.characters])

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="examples")])
    def read_examples(self, examples):
        """Read serialised tf.Examples: text and confidence of each."""
        feature = {"image": tf.io.FixedLenFeature([], tf.string)}
        return self.read_images(tf.io.parse_example(examples, feature)["image"])

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="images")])
    def read_images(self, images):
        """Read encoded line images (PNG or JPEG strips): text and confidence of each."""
        # One line at a time: a line's text must not depend on its batch's widths.
        text, confidence = tf.map_fn(
            self._read_image, images, fn_output_signature=(tf.string, tf.float32)
        )
        return {"text": text, "confidence": confidence}

    def _read_image(self, image):
        logits = self.model(self._prepare(image)[None], training=False)[0]
        probabilities = tf.nn.softmax(logits)
        path = tf.argmax(probabilities, axis=-1, output_type=tf.int32)
        best = tf.reduce_max(probabilities, axis=-1)
        run_starts = tf.concat([[True], path[1:] != path[:-1]], axis=0)
        runs = tf.cumsum(tf.cast(run_starts, tf.int32)) - 1
        peaks = tf.math.segment_max(best, runs)
        labels = path[run_starts]
        written = labels != BLANK
        text = tf.strings.reduce_join(tf.gather(self._characters, labels[written]))
        some = tf.reduce_any(written)
        return text, tf.reduce_mean(tf.cond(some, lambda: peaks[written], lambda: best))

    def _prepare(self, image):
        """Do in TensorFlow what `model.preprocess.prepare_strip` does in numpy."""
        config = self._config
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


def write_saved_model(
    directory: Path, model: keras.Model, charset: Charset, config: PreprocessConfig
) -> None:
    """Write the SavedModel.

    Args:
        directory: Where to.
        model: Strips in, logits out; on the TensorFlow backend.
        charset: The characters.
        config: How a strip becomes the network's input.
    """
    module = ServingModule(model, charset, config)
    signatures = {"serving_default": module.read_examples, "images": module.read_images}
    tf.saved_model.save(module, str(directory), signatures=signatures)
