"""Data-parallel training on the GPUs of one machine: each gets a share of every batch."""

from __future__ import annotations

from contextlib import nullcontext

import keras
import numpy as np

from model.training.batches import Batch
from model.training.optimisation.optimizer import train_on_batch


class Replicas:
    """The devices that a network is trained on.

    TensorFlow trains on all GPUs of a machine with its MirroredStrategy; other backends use one
    device, as does a machine with one GPU or none.

    Args:
        devices: TensorFlow's names of the devices; None for all GPUs.
    """

    def __init__(self, devices: list[str] | None = None):
        self._strategy = None
        self._is_built = False
        if keras.backend.backend() != "tensorflow":
            return
        import tensorflow as tf

        devices = devices or [gpu.name for gpu in tf.config.list_logical_devices("GPU")]
        if len(devices) > 1:
            self._strategy = tf.distribute.MirroredStrategy(devices)

    @property
    def count(self) -> int:
        """Number of replicas."""
        return self._strategy.num_replicas_in_sync if self._strategy else 1

    def scope(self):
        """Return a context in which networks are built; TensorFlow copies them to each device."""
        return self._strategy.scope() if self._strategy else nullcontext()

    def train_on_batch(self, model: keras.Model, batch: Batch) -> float:
        """Train on one batch.

        Args:
            model: Network that was built and compiled inside `scope`.
            batch: Lines; if they cannot be split evenly, some are trained on twice.

        Returns:
            The mean loss over the lines.
        """
        # The first call builds the losses of Keras; each replica trains on the whole first batch.
        if not self._strategy or not self._is_built:
            self._is_built = True
            return train_on_batch(model, batch.strips, [batch.labels, batch.labels])
        shares = [
            (batch.strips[lines], (batch.labels[lines], batch.labels[lines]))
            for lines in split_evenly(len(batch.texts), self.count)
        ]
        parts = self._strategy.experimental_distribute_values_from_function(
            lambda context: keras.tree.map_structure(
                keras.ops.convert_to_tensor, shares[context.replica_id_in_sync_group]
            )
        )
        model.reset_metrics()
        return float(model.train_function(iter([parts]))["loss"])


def split_evenly(line_count: int, replica_count: int) -> list[np.ndarray]:
    """Split the lines of a batch into one share of equal size for each replica.

    Args:
        line_count: Number of lines in the batch.
        replica_count: Number of replicas.

    Returns:
        Line indices for each replica, int [lines]; if the lines cannot be split evenly, the
        first ones occur twice, because the gradients of equal shares are averaged.

    Example:
        >>> [lines.tolist() for lines in split_evenly(5, 2)]
        [[0, 2, 4], [1, 3, 0]]
    """
    share = -(-line_count // replica_count)
    return [
        (np.arange(share) * replica_count + replica) % line_count
        for replica in range(replica_count)
    ]
