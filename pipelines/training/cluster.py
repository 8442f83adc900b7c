"""Configuration of training on a cluster, with the checks that need neither TFX nor Kubeflow."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pipelines.buckets.store import is_bucket
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
# In the A families the size is the number of GPUs: (virtual CPUs, GB) for each GPU.
_PER_GPU = {"a2-highgpu": (12, 85.0), "a2-ultragpu": (12, 170.0), "a3-highgpu": (26, 234.0)}


@dataclass(frozen=True)
class Machine:
    """The resources of a worker.

    Attributes:
        cpus: Virtual CPUs.
        memory_gb: Memory.
        gpu_type: Type of its GPUs, as the cluster names it: for instance NVIDIA_TESLA_T4 on
            Vertex, nvidia.com/gpu on your own Kubernetes.
        gpu_count: Number of GPUs; 0 for none.
    """

    cpus: int
    memory_gb: float
    gpu_type: str
    gpu_count: int


@dataclass(frozen=True)
class ClusterConfig:
    """A training pipeline for a cluster.

    Attributes:
        dataset: Folder that `pipelines.ingest` wrote, as the workers see it.
        output: Folder of the models, as the workers see it.
        recipe: How the model is trained and evaluated.
        image: Container image that has this package with its extras `train` and `vertex`.
        machine: Machine of Trainer and Evaluator.
        compile_to: File to write, .json or .yaml.
    """

    dataset: str
    output: str
    recipe: TrainingRecipe
    image: str
    machine: Machine
    compile_to: Path


def machine_of(machine_type: str, gpu_type: str, gpu_count: int) -> Machine:
    """Return the resources of a machine type, which Kubeflow takes instead of the type's name.

    Args:
        machine_type: A machine type of Google Cloud, such as n1-standard-8.
        gpu_type: See `Machine`.
        gpu_count: See `Machine`.

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
            f"--machine_type {machine_type}: unknown; give one such as n1-standard-8, of "
            f"{', '.join([*_MEMORY_GB, *_PER_GPU])}"
        )
    cpus, memory_gb = _PER_GPU.get(family) or (1, _MEMORY_GB[family])
    return Machine(cpus * int(size), memory_gb * int(size), gpu_type, gpu_count)


def check_cluster(config: ClusterConfig) -> None:
    """Check that the workers of a cluster can use a configuration.

    Args:
        config: The pipeline.

    Raises:
        UsageError: If a folder is visible only on this machine, or the file cannot be written.
    """
    for flag, folder in (("--dataset", config.dataset), ("--output", config.output)):
        if not is_bucket(folder) and not folder.startswith("/"):
            raise UsageError(
                f"{folder}: a cluster does not see this folder; give {flag} a URI such as "
                "gs://bucket/folder, or the absolute path of a disk that all workers mount"
            )
    if config.compile_to.suffix not in (".json", ".yaml"):
        raise UsageError(f"{config.compile_to}: end --compile_to in .json or .yaml")
    if not config.compile_to.absolute().parent.is_dir():
        raise UsageError(f"{config.compile_to.parent}: no such folder; make it first")
