"""The auxiliary head, whose probabilities are mixed with those of the network for a beam search.

In training the network has a second output, the "shortcut" of Retsinas et al. (2022). It sees the
features of the convolutions at a few neighbouring time steps only, not the whole line. On its own
it is inaccurate. But it has learned strokes rather than texts: where the main output is too
confident because of its implicit language model, the mixture keeps alternatives for the search.
"""

from __future__ import annotations

import numpy as np
import onnxruntime

from model.decoding.ctc import softmax
from model.networks.session import CPU, input_shapes, open_session, output_shapes
from model.recogniser.bundle import Bundle

# Its weight in the mixture; values from 0.1 to 0.2 are equally good.
AUXILIARY_SHARE = 0.15
# Name of the network's output that is the input of the head.
FEATURES = "columns"


class AuxiliaryHead:
    """A loaded auxiliary head.

    Args:
        bundle: The model that it belongs to.
        network: The network of the recogniser.
        share: Weight of the head in the mixture, above 0 and below 1.
        device: One of `model.networks.session.DEVICES`.

    Raises:
        ValueError: If the bundle has no head, or its head belongs to another network.
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
        logits = output_shapes(self._session).get("logits")
        given = output_shapes(network).get(FEATURES)
        taken = input_shapes(self._session).get(FEATURES)
        # Either may have no axes at all.
        gives_features = given and taken and given[1:2] == taken[1:2] != []
        if not logits or logits[-1] != bundle.charset.class_count or not gives_features:
            raise ValueError(
                f"{path.parent}: {path.name} belongs to another network; copy the model again"
            )

    def run(self, strips: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Run the network and the head.

        Args:
            strips: float32 [line, input_height_px, padded width, 1].

        Returns:
            (logits of the network, logits of the mixture from `mix_outputs`), each float32
            [line, time, classes].
        """
        logits, features = self._network.run(["logits", FEATURES], {"strips": strips})
        # One line at a time: ONNX Runtime rounds differently for several.
        other = [self._session.run(["logits"], {FEATURES: line[None]})[0] for line in features]
        return logits, mix_outputs(logits, np.concatenate(other), self._share)


def mix_outputs(logits: np.ndarray, other: np.ndarray, share: float) -> np.ndarray:
    """Return the weighted mean of the probabilities of two outputs.

    Args:
        logits: float32 [..., classes].
        other: Logits of the second output, of the same shape.
        share: Weight of the second output.

    Returns:
        float32 of the same shape: the mean as log probabilities, which are logits, too.

    Example:
        >>> sure, unsure = np.log(np.float32([[0.9, 0.1], [0.5, 0.5]]))
        >>> np.exp(mix_outputs(sure, unsure, 0.25)).round(3).tolist()
        [0.800000011920929, 0.20000000298023224]
    """
    mean = (1 - share) * softmax(logits) + share * softmax(other)
    # Keeps the logarithm finite where both probabilities are 0.
    return np.log(np.maximum(mean, np.finfo(np.float32).tiny, dtype=np.float32))
