"""What is written when training of the line finder is over."""

from __future__ import annotations

import json
from pathlib import Path

from model.training.lines.config import LineTrainingConfig

ONNX_FILE = "lines.onnx"
CARD_FILE = "lines.json"


def write_line_model(directory: Path, model, config: LineTrainingConfig, card: dict) -> None:
    """Write the network as ONNX, and what is to be known about it.

    Args:
        directory: Where to; made if it is not there.
        model: What `build_line_network` gave, trained.
        config: The run.
        card: What is to be known.
    """
    from model.training.networks.line_finder_onnx import export_line_network

    directory.mkdir(parents=True, exist_ok=True)
    network = export_line_network(model, config.network)
    (directory / ONNX_FILE).write_bytes(network.SerializeToString())
    (directory / CARD_FILE).write_text(json.dumps(card, indent=1, ensure_ascii=False), "utf-8")
