"""The device that a network is trained on, and the precision."""

from __future__ import annotations

PRECISIONS = ("float32", "bfloat16")
# The precision that a few timed steps choose.
AUTO = "auto"


def check_precision(precision: str) -> None:
    """Check that a precision is known.

    Raises:
        ValueError: If it is neither `AUTO` nor one of `PRECISIONS`.
    """
    choices = (AUTO, *PRECISIONS)
    if precision not in choices:
        raise ValueError(f"precision {precision!r}; choose {', '.join(choices)}")


def keras_policy(precision: str) -> str:
    """Return the Keras dtype policy of a precision.

    Args:
        precision: One of `PRECISIONS`; `AUTO`, if nothing was timed, is the first of them.

    Example:
        >>> [keras_policy(precision) for precision in (AUTO, *PRECISIONS)]
        ['float32', 'float32', 'mixed_bfloat16']
    """
    precision = PRECISIONS[0] if precision == AUTO else precision
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


def is_out_of_memory(error: Exception) -> bool:
    """Whether an error of a Keras backend says that its device is out of memory.

    Example:
        >>> is_out_of_memory(RuntimeError("CUDA out of memory. Tried to allocate 2 GiB"))
        True
        >>> is_out_of_memory(RuntimeError("shapes do not match"))
        False
    """
    text = f"{type(error).__name__} {error}".lower().replace("_", " ")
    return any(
        sign in text
        for sign in ("out of memory", "outofmemory", "resource exhausted", "resourceexhausted")
    )
