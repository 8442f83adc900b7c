"""The parts of `python -m pipelines.sample` and `python -m pipelines.demo`."""
