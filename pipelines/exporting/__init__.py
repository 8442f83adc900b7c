"""The parts of `python -m pipelines.export`."""
