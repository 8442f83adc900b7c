"""Calamari, with one network and no voting.

--model: a checkpoint. Default: the architecture of `calamari-train` with random weights.
"""

from __future__ import annotations

import os
from importlib.metadata import version

from benchmarks.rivals.stopwatch import CHARACTERS, Loaded, Options, race


def load(options: Options) -> Loaded:
    """Load Calamari; its own pipeline reads the files and makes batches of lines."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    from calamari_ocr.ocr.dataset.datareader.file import FileDataParams
    from calamari_ocr.ocr.predict.params import PredictorParams
    from calamari_ocr.ocr.predict.predictor import Predictor

    params = PredictorParams(silent=True, progress_bar=False)
    params.pipeline.batch_size = options.batch
    params.pipeline.num_processes = 1
    if options.model:
        predictor = Predictor.from_checkpoint(params, options.model)
    else:
        predictor = _random_predictor(params)

    def read(paths: list[str]) -> list[str]:
        samples = predictor.predict(FileDataParams(images=paths))
        return [sample.outputs.sentence for sample in samples]

    return Loaded(version("calamari-ocr"), options.model or "random", read)


def _random_predictor(params):
    from calamari_ocr.ocr import Codec
    from calamari_ocr.ocr.predict.predictor import Predictor
    from calamari_ocr.ocr.scenario import CalamariScenario

    scenario_params = CalamariScenario.default_params()
    scenario_params.data.codec = Codec(["", *CHARACTERS])
    scenario_params.model.classes = scenario_params.data.codec.size()
    scenario_params.data.downscale_factor = scenario_params.model.compute_downscale_factor().x
    scenario_params.data.__post_init__()
    scenario = CalamariScenario(scenario_params)
    inputs, targets = (
        scenario.data.create_input_layers(),
        scenario.data.create_target_as_input_layers(),
    )
    outputs = scenario.graph.predict(inputs)
    predictor = Predictor(params, scenario.data)
    predictor.set_model(scenario.model.export_graphs(inputs, outputs, targets)["default"])
    return predictor


if __name__ == "__main__":
    race(load)
