"""The auxiliary head as a second opinion for the beam search.

Training has a second output that sees the convolutions' features and a few steps around, but
not the line (the "shortcut" of Retsinas et al. 2022). Alone it reads badly. Yet it knows strokes
and not texts, so where the first output is sure of what it takes for language, it leaves the
language model another choice.
"""

from __future__ import annotations

import numpy as np
import onnxruntime

from model.decoding.ctc import softmax
from model.networks.session import CPU, open_session
from model.recogniser.bundle import Bundle

# Its share of the probabilities; between a tenth and a fifth it makes no difference.
AUXILIARY_SHARE = 0.15
# What the recogniser's network puts out for it.
FEATURES = "columns"


class AuxiliaryHead:
    """A loaded auxiliary head.

    Args:
        bundle: The model that it belongs to.
        network: The recogniser's network.
        share: Its share of the probabilities, above 0 and below 1.
        device: One of `model.networks.session.DEVICES`.

    Raises:
        ValueError: If the bundle has no head, or one of another network.
    """

    def __init__(
        self,
        bundle: Bundle,
        network: onnxruntime.InferenceSession,
        share: float,
        device: str = CPU,
    ):
        path = bundle.auxiliary_path
        self._network = network
        self._session = open_session(path, device)
        self._share = share
        classes = self._session.get_outputs()[0].shape[-1]
        gives_features = FEATURES in {output.name for output in network.get_outputs()}
        if classes != bundle.charset.class_count or not gives_features:
            raise ValueError(
                f"{path.parent}: {path.name} belongs to another network; copy the model again"
            )

    def run(self, strips: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Run the network, and ask the head, too.

        Args:
            strips: float32 [line, input_height_px, padded width, 1].

        Returns:
            What the network sees alone, float32 [line, time, classes], and what both see, as
            `join_opinions` gives it.
        """
        logits, features = self._network.run(["logits", FEATURES], {"strips": strips})
        # One line at a time: of several, ONNX Runtime rounds otherwise.
        other = [self._session.run(["logits"], {FEATURES: line[None]})[0] for line in features]
        return logits, join_opinions(logits, np.concatenate(other), self._share)


def join_opinions(logits: np.ndarray, other: np.ndarray, share: float) -> np.ndarray:
    """Take the weighted mean of two outputs' probabilities.

    Args:
        logits: float32 [..., classes].
        other: The same of the second output.
        share: What the second one counts for.

    Returns:
        float32 of the same shape: logarithms of the mean probabilities, which are logits, too.

    Example:
        >>> sure, unsure = np.log(np.float32([[0.9, 0.1], [0.5, 0.5]]))
        >>> np.exp(join_opinions(sure, unsure, 0.25)).round(3).tolist()
        [0.800000011920929, 0.20000000298023224]
    """
    mean = (1 - share) * softmax(logits) + share * softmax(other)
    # What both take for impossible stays a number.
    return np.log(np.maximum(mean, np.finfo(np.float32).tiny, dtype=np.float32))
