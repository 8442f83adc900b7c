"""kraken, with each image as a page of one line.

--model: a model file. Default: the architecture of `ketos train` with random weights.
"""

from __future__ import annotations

import warnings
from importlib.metadata import version

from benchmarks.rivals.stopwatch import CHARACTERS, Loaded, Options, race


def load(options: Options) -> Loaded:
    """Load kraken; it makes batches only of lines of the same page, so each line is run alone."""
    import torch

    torch.set_num_threads(1)
    from kraken.configs import RecognitionInferenceConfig
    from kraken.containers import BaselineLine, Segmentation
    from kraken.tasks import RecognitionTaskModel
    from PIL import Image

    # kraken prints several warnings for each line, such as one about its line extraction.
    warnings.simplefilter("ignore")
    if options.model:
        weights, task = options.model, RecognitionTaskModel.load_model(options.model)
    else:
        weights, task = "random", RecognitionTaskModel([_random_network()])
    config = RecognitionInferenceConfig(
        num_line_workers=0, num_threads=1, accelerator="cpu", device=1
    )

    def one_line(width: int, height: int) -> Segmentation:
        right, bottom, base = width - 1, height - 1, round(height * 0.7)
        line = BaselineLine(
            id="line",
            baseline=[(0, base), (right, base)],
            boundary=[(0, 0), (right, 0), (right, bottom), (0, bottom)],
        )
        return Segmentation("baselines", "", "horizontal-lr", False, lines=[line])

    def read(paths: list[str]) -> list[str]:
        texts = []
        for path in paths:
            with Image.open(path) as image:
                image.load()
            (record,) = task.predict(image, one_line(*image.size), config)
            texts.append(record.prediction)
        return texts

    return Loaded(version("kraken"), weights, read)


def _random_network():
    from kraken.configs import VGSLRecognitionTrainingConfig
    from kraken.lib.vgsl import TorchVGSLModel

    spec = VGSLRecognitionTrainingConfig().spec
    codec = {character: [label] for label, character in enumerate(CHARACTERS, 1)}
    return TorchVGSLModel(
        vgsl=f"{spec[:-1]} O1c{len(codec) + 1}]",
        codec=codec,
        model_type=["recognition"],
        seg_type="baselines",
        one_channel_mode="L",
        legacy_polygons=False,
    )


if __name__ == "__main__":
    race(load)
