"""What a training computes on, and in which precision."""

from __future__ import annotations

PRECISIONS = ("float32", "bfloat16")


def keras_policy(precision: str) -> str:
    """Give Keras's name of a precision.

    Args:
        precision: One of `PRECISIONS`.

    Example:
        >>> [keras_policy(precision) for precision in PRECISIONS]
        ['float32', 'mixed_bfloat16']
    """
    return precision if precision == "float32" else f"mixed_{precision}"


def describe_device() -> str:
    """Say in one line what the training runs on.

    Returns:
        For instance 'training on CPU (no GPU found), Keras 3.12.4 on tensorflow'.
    """
    import keras

    backend = keras.backend.backend()
    if backend == "torch":
        import torch

        gpus = torch.cuda.device_count()
    else:
        # Without an argument: JAX raises if it is asked for GPUs where there are none.
        gpus = sum(name.startswith("gpu") for name in keras.distribution.list_devices())
    device = f"{gpus} GPU" if gpus else "CPU (no GPU found)"
    return f"training on {device}, Keras {keras.__version__} on {backend}"
