"""PyLaia, with images scaled to the 128 px of its guide, and best-path decoding.

--model: a folder with `model`, `weights.ckpt` and `syms.txt`, as in published models. Default:
the architecture of `pylaia-htr-create-model` for that height, with random weights.
"""

from __future__ import annotations

import tempfile
from importlib.metadata import version
from pathlib import Path

from benchmarks.rivals.stopwatch import CHARACTERS, Loaded, Options, batches, race

_HEIGHT_PX = 128


def load(options: Options) -> Loaded:
    """Load PyLaia."""
    import torch

    torch.set_num_threads(1)
    from laia.data import PaddingCollater
    from laia.data.transforms.vision import ToImageTensor
    from laia.decoders import CTCGreedyDecoder
    from laia.engine import ImageFeeder
    from PIL import Image

    network, symbols = _published(options.model) if options.model else _random()
    network.eval()
    to_tensor = ToImageTensor(mode="L", invert=True, fixed_height=_HEIGHT_PX)
    collate = PaddingCollater({"img": (1, None, None)})
    feed, decode = ImageFeeder(), CTCGreedyDecoder()

    def read_batch(paths: list[str]) -> list[str]:
        tensors = []
        for path in paths:
            with Image.open(path) as image:
                tensors.append(to_tensor(image))
        # The network expects the widest line first.
        order = sorted(range(len(paths)), key=lambda index: -tensors[index].size(2))
        batch = collate([{"img": tensors[index]} for index in order])
        hypotheses = decode(network(feed(batch["img"])))["hyp"]
        texts = dict(zip(order, hypotheses))
        return ["".join(symbols[label] for label in texts[n]) for n in range(len(paths))]

    @torch.no_grad()
    def read(paths: list[str]) -> list[str]:
        return [text for some in batches(paths, options.batch) for text in read_batch(some)]

    return Loaded(version("pylaia"), options.model or "random", read)


def _published(folder: str):
    from laia.common.loader import ModelLoader
    from laia.utils import SymbolsTable

    loader = ModelLoader(folder, filename="model", device="cpu")
    network = loader.load_by(str(Path(folder, "weights.ckpt")))
    return network, SymbolsTable(str(Path(folder, "syms.txt")))


def _random():
    from laia.common.arguments import CreateCRNNArgs
    from laia.scripts.htr.create_model import run
    from laia.utils import SymbolsTable

    with tempfile.NamedTemporaryFile("w", suffix=".txt", encoding="utf-8") as table:
        table.write("<ctc> 0\n")
        table.writelines(
            f"{char.strip() or '<space>'} {n}\n" for n, char in enumerate(CHARACTERS, 1)
        )
        table.flush()
        network = run(table.name, fixed_input_height=_HEIGHT_PX, crnn=CreateCRNNArgs())
        return network, SymbolsTable(table.name)


if __name__ == "__main__":
    race(load)
