"""The parts of `python -m pipelines.sample` and `pipelines.demo`."""
