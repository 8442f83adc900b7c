"""ONNX Runtime sessions on a single CPU thread or on a GPU."""

from __future__ import annotations

from pathlib import Path

import onnxruntime

CPU, GPU, AUTO = "cpu", "gpu", "auto"
DEVICES = (AUTO, CPU, GPU)
_GPU_PROVIDERS = ("CUDAExecutionProvider", "ROCMExecutionProvider")
_CPU_PROVIDER = "CPUExecutionProvider"
# Key in the metadata of networks with fixed quantisation ranges.
FIXED_RANGES = "quire_fixed_ranges"


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
        ValueError: If a GPU is requested and ONNX Runtime finds none, or the file is no network.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    # Memory patterns are cached by input shape; lines have hundreds of widths, and the cache would
    # grow with each.
    options.enable_mem_pattern = False
    options.enable_cpu_mem_arena = has_arena
    found = gpu_providers()
    if device == GPU and not found:
        raise ValueError("ONNX Runtime finds no GPU; install onnxruntime-gpu, or use --device cpu")
    providers = [_CPU_PROVIDER] if device == CPU else [*found, _CPU_PROVIDER]
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=providers)
    # The exceptions of ONNX Runtime have no common base class.
    except Exception as error:
        raise ValueError(
            f"{path.parent}: {path.name} cannot be loaded ({error}); copy the model again"
        ) from None


def is_on_gpu(session: onnxruntime.InferenceSession) -> bool:
    """Return whether a session runs on a GPU; it may have fallen back to the CPU."""
    return session.get_providers()[0] in _GPU_PROVIDERS


def has_fixed_ranges(session: onnxruntime.InferenceSession) -> bool:
    """Return whether the result of a quantised network for a line is independent of its batch.

    That needs the fixed ranges from `model.training.networks.quantise_guards`.
    """
    return FIXED_RANGES in session.get_modelmeta().custom_metadata_map
