"""Training on several devices gives the losses of training on one."""

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.training.replicas import split_evenly

pytestmark = pytest.mark.train

# In a separate process, because TensorFlow can split the CPU only before it is initialised.
_TRAIN_ON_ONE_AND_ON_TWO = """
import dataclasses
import numpy as np
import tensorflow as tf

(cpu,) = tf.config.list_physical_devices("CPU")
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)

import keras
from model.training.batches import Batch
from model.training.networks.recogniser import build_crnn
from model.networks.presets import PRESETS
from model.training.replicas import Replicas
from model.training.flags import training_config
from model.training.losses import compile_crnn

# Identical lines, so that the mean loss does not depend on how they are split.
strips = np.repeat(np.random.default_rng(0).random((1, 32, 64, 1), np.float32), 4, axis=0)
batch = Batch(strips, np.int32([[3, 1, 2, 0]] * 4), ("cab",) * 4)
preset = dataclasses.replace(PRESETS["tiny"], dropout=0.0)
for devices, count in ((["CPU:0"], 1), (["CPU:0", "CPU:1"], 2)):
    keras.utils.set_random_seed(0)
    replicas = Replicas(devices)
    assert replicas.count == count
    with replicas.scope():
        model = build_crnn(preset, 10)
        compile_crnn(model, training_config({"preset": "tiny"}), 100)
    print(*(replicas.train_on_batch(model, batch) for _ in range(4)))
"""


def test_two_devices_give_the_losses_of_one():
    done = subprocess.run(
        [sys.executable, "-c", _TRAIN_ON_ONE_AND_ON_TWO], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    one, two = (np.array(line.split(), float) for line in done.stdout.splitlines())
    assert one[3] < one[0] and np.allclose(one, two, rtol=1e-2)


@given(st.integers(1, 40), st.integers(1, 8))
def test_every_line_is_in_a_share_and_all_shares_have_the_same_size(lines, replicas):
    shares = split_evenly(lines, replicas)
    assert len({len(share) for share in shares}) == 1
    assert set(np.concatenate(shares)) == set(range(lines))
