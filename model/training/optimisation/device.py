"""The device that a network is trained on, and the precision."""

from __future__ import annotations

PRECISIONS = ("float32", "bfloat16")


def check_precision(precision: str) -> None:
    """Check that a precision is known.

    Raises:
        ValueError: If it is not one of `PRECISIONS`.
    """
    if precision not in PRECISIONS:
        raise ValueError(f"precision {precision!r}; choose {' or '.join(PRECISIONS)}")


def keras_policy(precision: str) -> str:
    """Return the Keras dtype policy of a precision.

    Args:
        precision: One of `PRECISIONS`.

    Example:
        >>> [keras_policy(precision) for precision in PRECISIONS]
        ['float32', 'mixed_bfloat16']
    """
    return precision if precision == "float32" else f"mixed_{precision}"


def describe_device() -> str:
    """Describe in one line the device and the Keras backend.

    Returns:
        For example 'training on CPU (no GPU found), Keras 3.12.4 on tensorflow'.
    """
    import keras

    backend = keras.backend.backend()
    if backend == "torch":
        import torch

        gpus = torch.cuda.device_count()
    else:
        # No device type is passed, because JAX raises if there is no device of that type.
        gpus = sum(name.startswith("gpu") for name in keras.distribution.list_devices())
    device = f"{gpus} GPU" if gpus else "CPU (no GPU found)"
    return f"training on {device}, Keras {keras.__version__} on {backend}"
