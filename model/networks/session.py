"""ONNX Runtime sessions on a single CPU thread or on a GPU."""

from __future__ import annotations

from pathlib import Path

import onnxruntime

from model.networks.external_data import has_external_data

CPU, GPU, AUTO = "cpu", "gpu", "auto"
DEVICES = (AUTO, CPU, GPU)
_GPU_PROVIDERS = ("CUDAExecutionProvider", "ROCMExecutionProvider")
_CPU_PROVIDER = "CPUExecutionProvider"
# Key in the metadata of networks with fixed quantisation ranges.
FIXED_RANGES = "quire_fixed_ranges"


class _ExternalData(Exception):
    """A network keeps weights in other files."""


def gpu_providers() -> list[str]:
    """Return the GPU providers of ONNX Runtime; a GPU itself may still be missing."""
    return [name for name in _GPU_PROVIDERS if name in onnxruntime.get_available_providers()]


def uses_gpu(device: str) -> bool:
    """Return whether sessions on a device may run on a GPU.

    Args:
        device: One of `DEVICES`.
    """
    return device != CPU and bool(gpu_providers())


def open_session(
    path: Path, device: str = CPU, has_arena: bool = True
) -> onnxruntime.InferenceSession:
    """Return a session of a network, limited to one CPU thread.

    Args:
        path: The ONNX file.
        device: One of `DEVICES`; `AUTO` uses a GPU if ONNX Runtime finds one.
        has_arena: Whether memory is kept from run to run: faster, but never less than the
            largest input took.

    Raises:
        ValueError: If a GPU is requested and ONNX Runtime finds none, or the file is no network,
            or one whose weights are in other files.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    # Memory patterns are cached by input shape; lines have hundreds of widths, and the cache would
    # grow with each.
    options.enable_mem_pattern = False
    options.enable_cpu_mem_arena = has_arena
    # Else the bytes of a file could choose a format that is not looked into.
    options.add_session_config_entry("session.load_model_format", "ONNX")
    found = gpu_providers()
    if device == GPU and not found:
        raise ValueError("ONNX Runtime finds no GPU; install onnxruntime-gpu, or use --device cpu")
    providers = [_CPU_PROVIDER] if device == CPU else [*found, _CPU_PROVIDER]
    try:
        # As bytes, so that what is loaded is what was looked at.
        network = path.read_bytes()
        if has_external_data(network):
            raise _ExternalData
        return onnxruntime.InferenceSession(network, options, providers=providers)
    except _ExternalData:
        raise ValueError(
            f"{path.parent}: {path.name} keeps weights in other files, which is refused; save it "
            "as one file"
        ) from None
    # The exceptions of ONNX Runtime have no common base class.
    except Exception as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise ValueError(
            f"{path.parent}: {path.name} cannot be loaded ({reason}); copy the model again"
        ) from None


def check_shape(path: Path, name: str, found: dict[str, list], expected: tuple) -> None:
    """Check the shape of an input or output of a network.

    Args:
        path: The ONNX file.
        name: The input or output.
        found: Shapes by name, from `input_shapes` or `output_shapes`.
        expected: Its shape; None for an axis of any length.

    Raises:
        ValueError: If there is none of the name, or it has another shape.

    Example:
        >>> check_shape(Path("m/x.onnx"), "logits", {"logits": ["batch", 7]}, (None, 8))
        Traceback (most recent call last):
            ...
        ValueError: m: x.onnx belongs to another model: logits is [batch, 7] and not [*, 8]; \
copy the model again
    """
    shape = found.get(name)
    if shape is None:
        raise ValueError(
            f"{path.parent}: {path.name} belongs to another model: it has no {name}; "
            "copy the model again"
        )
    # An axis without a number takes any.
    fits = len(shape) == len(expected) and all(
        want is None or not isinstance(has, int) or has == want
        for has, want in zip(shape, expected)
    )
    if not fits:
        has = ", ".join("*" if one is None else str(one) for one in shape)
        want = ", ".join("*" if one is None else str(one) for one in expected)
        raise ValueError(
            f"{path.parent}: {path.name} belongs to another model: {name} is [{has}] and not "
            f"[{want}]; copy the model again"
        )


def input_shapes(session: onnxruntime.InferenceSession) -> dict[str, list]:
    """Return the shapes of the inputs of a network by name."""
    return {one.name: one.shape for one in session.get_inputs()}


def output_shapes(session: onnxruntime.InferenceSession) -> dict[str, list]:
    """Return the shapes of the outputs of a network by name."""
    return {one.name: one.shape for one in session.get_outputs()}


def is_on_gpu(session: onnxruntime.InferenceSession) -> bool:
    """Return whether a session runs on a GPU; it may have fallen back to the CPU."""
    return session.get_providers()[0] in _GPU_PROVIDERS


def has_fixed_ranges(session: onnxruntime.InferenceSession) -> bool:
    """Return whether the result of a quantised network for a line is independent of its batch.

    That needs the fixed ranges from `model.training.networks.quantise_guards`.
    """
    return FIXED_RANGES in session.get_modelmeta().custom_metadata_map
