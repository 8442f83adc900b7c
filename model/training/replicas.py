"""Several GPUs on one machine: each takes its share of every batch."""

from __future__ import annotations

from contextlib import nullcontext

import keras
import numpy as np

from model.training.batches import Batch
from model.training.optimisation.optimizer import train_on_batch


class Replicas:
    """The devices that a network is trained on.

    TensorFlow trains on all GPUs of a machine by its MirroredStrategy; the other backends,
    and a machine with one GPU or none, train on one device.

    Args:
        devices: TensorFlow's names of them; None for all GPUs that there are.
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
        """How many there are."""
        return self._strategy.num_replicas_in_sync if self._strategy else 1

    def scope(self):
        """Let a network that is built inside be copied to each device."""
        return self._strategy.scope() if self._strategy else nullcontext()

    def train_on_batch(self, model: keras.Model, batch: Batch) -> float:
        """Train on one batch.

        Args:
            model: Built and compiled inside `scope`.
            batch: Lines; where they do not deal out evenly, some are trained on twice.

        Returns:
            The mean loss of its lines.
        """
        # Keras builds its losses here; with replicas each trains on the whole first batch.
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
    """Deal the lines of a batch out, the same number to each replica.

    Args:
        line_count: Lines of the batch.
        replica_count: Replicas.

    Returns:
        int [lines] for each replica; the first lines twice where it does not come out even,
        for their gradients are averaged as if it did.

    Example:
        >>> [lines.tolist() for lines in split_evenly(5, 2)]
        [[0, 2, 4], [1, 3, 0]]
    """
    share = -(-line_count // replica_count)
    return [
        (np.arange(share) * replica_count + replica) % line_count
        for replica in range(replica_count)
    ]
