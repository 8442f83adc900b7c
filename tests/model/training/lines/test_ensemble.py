"""An ensemble of line networks as one network."""

import keras
import numpy as np
import onnx
import pytest

from model.networks.presets import LineNetworkConfig
from model.segmentation.finder import load_line_network
from model.training.lines.ensemble import average_networks, main
from model.training.networks.line_finder import build_line_network
from model.training.networks.line_finder_onnx import export_line_network

pytestmark = pytest.mark.train


@pytest.fixture(scope="module")
def networks(tmp_path_factory):
    folder, paths = tmp_path_factory.mktemp("networks"), []
    for seed, channels in enumerate([(4, 6), (4, 6), (3, 5, 7)]):
        keras.utils.set_random_seed(seed)
        config = LineNetworkConfig(channels)
        paths.append(folder / f"{seed}.onnx")
        network = export_line_network(build_line_network(config), config)
        paths[-1].write_bytes(network.SerializeToString())
    return paths


def test_the_maps_are_the_mean(networks, tmp_path):
    output = tmp_path / "all.onnx"
    assert main([*map(str, networks), "--output", str(output)]) == 0
    image = np.random.default_rng(0).random((1, 1, 32, 48), np.float32)
    alone = [load_line_network(path)(image) for path in networks]
    assert load_line_network(output)(image) == pytest.approx(np.mean(alone, axis=0), abs=1e-5)


def test_one_network_keeps_all_its_nodes(networks):
    (one,) = (onnx.load_from_string(path.read_bytes()) for path in networks[:1])
    assert len(average_networks([one]).graph.node) == len(one.graph.node) + 2
    with pytest.raises(ValueError, match="no network to average"):
        average_networks([])


def test_a_file_that_is_no_line_network_is_reported_in_one_line(networks, tmp_path, capsys):
    (tmp_path / "x.onnx").write_bytes(b"not an ONNX file")
    other = onnx.load_from_string(networks[0].read_bytes())
    other.graph.input[0].name = "strips"
    (tmp_path / "y.onnx").write_bytes(other.SerializeToString())
    for name, message in (
        ("x", "not an ONNX file"),
        ("y", "not a line network"),
        ("z", "No such file"),
    ):
        flags = [str(tmp_path / f"{name}.onnx"), "--output", str(tmp_path / "out.onnx")]
        assert main(flags) == 2
        error = capsys.readouterr().err
        assert message in error and f"{name}.onnx" in error and error.count("\n") == 1
    assert main([str(networks[0]), "--output", str(networks[1])]) == 2
    assert "exists; choose another" in capsys.readouterr().err
