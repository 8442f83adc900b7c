"""ONNX Runtime sessions: one thread of a core, or a GPU where there is one."""

from __future__ import annotations

from pathlib import Path

import onnxruntime

CPU, GPU, AUTO = "cpu", "gpu", "auto"
DEVICES = (AUTO, CPU, GPU)
_GPU_PROVIDERS = ("CUDAExecutionProvider", "ROCMExecutionProvider")
_CPU_PROVIDER = "CPUExecutionProvider"
# Noted in the metadata of a network that has them.
FIXED_RANGES = "quire_fixed_ranges"


def gpu_providers() -> list[str]:
    """List what ONNX Runtime could run a GPU with; whether there is one shows in a session."""
    return [name for name in _GPU_PROVIDERS if name in onnxruntime.get_available_providers()]


def open_session(
    path: Path, device: str = CPU, has_arena: bool = True
) -> onnxruntime.InferenceSession:
    """Load a network.

    Args:
        path: The ONNX file.
        device: One of `DEVICES`; `AUTO` takes a GPU if ONNX Runtime finds one.
        has_arena: Whether memory is kept from run to run: faster, and never less than the
            largest input took.

    Returns:
        A session that takes no more than one thread of the CPU.

    Raises:
        ValueError: If a GPU is asked for and there is none, or the file holds no network.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    # Patterns are for shapes that come again and again; lines have hundreds, and each would hold
    # a plan of its own.
    options.enable_mem_pattern = False
    options.enable_cpu_mem_arena = has_arena
    found = gpu_providers()
    if device == GPU and not found:
        raise ValueError("ONNX Runtime finds no GPU; install onnxruntime-gpu, or use --device cpu")
    providers = [_CPU_PROVIDER] if device == CPU else [*found, _CPU_PROVIDER]
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=providers)
    # ONNX Runtime has a class for each cause, and none above them.
    except Exception as error:
        raise ValueError(
            f"{path.parent}: {path.name} cannot be loaded ({error}); copy the model anew"
        ) from None


def is_on_gpu(session: onnxruntime.InferenceSession) -> bool:
    """Tell whether a session runs on a GPU: it may have fallen back to the CPU."""
    return session.get_providers()[0] in _GPU_PROVIDERS


def has_fixed_ranges(session: onnxruntime.InferenceSession) -> bool:
    """Tell whether a network of 8-bit integers rounds a line alike in any batch.

    One without the guards of `model.training.networks.quantise_guards` does not.
    """
    return FIXED_RANGES in session.get_modelmeta().custom_metadata_map
