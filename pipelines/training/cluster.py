"""Where a cluster trains, and on what machine; the checks that need neither TFX nor Kubeflow."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pipelines.cli.options import UsageError
from pipelines.training.config import TrainingRecipe

# Google Cloud's machine families: GB of memory for each virtual CPU.
_MEMORY_GB = {
    "n1-standard": 3.75,
    "n1-highmem": 6.5,
    "n1-highcpu": 0.9,
    "n2-standard": 4.0,
    "n2-highmem": 8.0,
    "n2-highcpu": 1.0,
    "e2-standard": 4.0,
    "e2-highmem": 8.0,
    "e2-highcpu": 1.0,
    "c3-standard": 4.0,
    "c3-highmem": 8.0,
    "g2-standard": 4.0,
}
# In the A families the number is that of the GPUs: (virtual CPUs, GB) for each.
_PER_GPU = {"a2-highgpu": (12, 85.0), "a2-ultragpu": (12, 170.0), "a3-highgpu": (26, 234.0)}


@dataclass(frozen=True)
class Machine:
    """A worker.

    Attributes:
        cpus: Virtual CPUs.
        memory_gb: Memory.
        gpu_type: What the cluster calls its GPUs: on Vertex for instance NVIDIA_TESLA_T4, on
            a Kubernetes of your own nvidia.com/gpu.
        gpu_count: How many of them; 0 for none.
    """

    cpus: int
    memory_gb: float
    gpu_type: str
    gpu_count: int


@dataclass(frozen=True)
class ClusterConfig:
    """A training pipeline for a cluster.

    Attributes:
        dataset: What `pipelines.ingest` wrote, where the workers find it.
        output: Folder of the models, where the workers find it.
        recipe: How the model is trained and judged.
        image: Container that has this package with its extras `train` and `vertex`.
        machine: What Trainer and Evaluator run on.
        compile_to: File to write, .json or .yaml.
    """

    dataset: str
    output: str
    recipe: TrainingRecipe
    image: str
    machine: Machine
    compile_to: Path


def machine_of(machine_type: str, gpu_type: str, gpu_count: int) -> Machine:
    """Say what a machine type has; Kubeflow asks for that, not for the type's name.

    Args:
        machine_type: A name of Google Cloud, such as n1-standard-8.
        gpu_type: See `Machine`.
        gpu_count: See `Machine`.

    Returns:
        The machine.

    Raises:
        UsageError: If the type is not known.

    Example:
        >>> machine_of("n1-standard-8", "NVIDIA_TESLA_T4", 1)
        Machine(cpus=8, memory_gb=30.0, gpu_type='NVIDIA_TESLA_T4', gpu_count=1)
    """
    family, _, size = machine_type.rpartition("-")
    size = size.removesuffix("g" if family in _PER_GPU else "")
    if not size.isdecimal() or int(size) == 0 or family not in {*_MEMORY_GB, *_PER_GPU}:
        raise UsageError(
            f"--machine_type {machine_type}: not known; give one such as n1-standard-8, of "
            f"{', '.join([*_MEMORY_GB, *_PER_GPU])}"
        )
    cpus, memory_gb = _PER_GPU.get(family) or (1, _MEMORY_GB[family])
    return Machine(cpus * int(size), memory_gb * int(size), gpu_type, gpu_count)


def check_cluster(config: ClusterConfig) -> None:
    """Refuse what no worker could use.

    Args:
        config: The pipeline.

    Raises:
        UsageError: If a place is only of this machine, or the file cannot be written.
    """
    for flag, place in (("--dataset", config.dataset), ("--output", config.output)):
        if "://" not in place and not place.startswith("/"):
            raise UsageError(
                f"{place}: a cluster does not see this folder; give {flag} a URI such as "
                "gs://bucket/folder, or the absolute path of a disk that all workers mount"
            )
    if config.compile_to.suffix not in (".json", ".yaml"):
        raise UsageError(f"{config.compile_to}: end --compile_to in .json or .yaml")
    if not config.compile_to.absolute().parent.is_dir():
        raise UsageError(f"{config.compile_to.parent}: no such folder; make it first")
