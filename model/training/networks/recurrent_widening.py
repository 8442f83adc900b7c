"""Give a trained recurrent language model the characters that a fine-tuned recogniser adds."""

from __future__ import annotations

import numpy as np
import onnx
from onnx import numpy_helper

# The initialisers of `recurrent_language.py`, in float32 or quantised.
_VECTORS, _BIAS = "vectors", "output_bias"
_KERNELS = ("kernel", "kernel_quantized")
# A new character is less probable than the rarest known one, by this many nats.
_RARER = 1.0


def widen_language_network(data: bytes, class_count: int) -> bytes:
    """Return a recurrent language model with more classes.

    Args:
        data: Content of an ONNX file from `model.training.networks.recurrent_language`.
        class_count: Number of characters, and the line end; new characters come last. They are
            improbable everywhere, and say nothing about what follows.

    Returns:
        The content of the wider network; `data` itself if it has so many classes.

    Raises:
        ValueError: If the network has more classes, or is another one.
    """
    network = onnx.load_from_string(data)
    arrays = {one.name: one for one in network.graph.initializer}
    if not {_VECTORS, _BIAS} <= arrays.keys() or not arrays.keys() & set(_KERNELS):
        raise ValueError("not a recurrent language model of Quire; train one")
    more = class_count - arrays[_BIAS].dims[0]
    if more < 0:
        raise ValueError(f"recurrent language model of {-more} more characters than the recogniser")
    if not more:
        return data

    def put(name: str, array: np.ndarray) -> None:
        arrays[name].CopyFrom(numpy_helper.from_array(np.ascontiguousarray(array), name))

    vectors, bias = (numpy_helper.to_array(arrays[name]) for name in (_VECTORS, _BIAS))
    put(_VECTORS, np.concatenate([vectors, np.repeat(vectors.mean(0)[None], more, 0)]))
    put(_BIAS, np.concatenate([bias, np.full(more, bias.min() - _RARER, bias.dtype)]))
    for name in arrays.keys() & set(_KERNELS):
        put(name, np.pad(numpy_helper.to_array(arrays[name]), ((0, 0), (0, more))))
    network.graph.output[0].type.tensor_type.shape.dim[-1].dim_value = class_count
    onnx.checker.check_model(network, full_check=False)
    return network.SerializeToString()
