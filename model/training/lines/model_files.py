"""The files that training of the line network writes at the end."""

from __future__ import annotations

import json
from pathlib import Path

from model.networks.manifest import changing
from model.training.lines.config import LineTrainingConfig

ONNX_FILE = "lines.onnx"
CARD_FILE = "lines.json"


def write_line_model(directory: Path, model, config: LineTrainingConfig, card: dict) -> None:
    """Write the network as ONNX, its model card and the manifest of both.

    Args:
        directory: Folder to write to; created if missing.
        model: Trained network from `build_line_network`.
        config: Configuration of the run.
        card: Content of the model card.
    """
    from model.training.networks.line_finder_onnx import export_line_network

    directory.mkdir(parents=True, exist_ok=True)
    network = export_line_network(model, config.network)
    with changing(directory):
        (directory / ONNX_FILE).write_bytes(network.SerializeToString())
        text = json.dumps(card, indent=1, ensure_ascii=False)
        (directory / CARD_FILE).write_text(text, "utf-8")
