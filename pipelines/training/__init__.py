"""The parts of `python -m pipelines.train`."""
