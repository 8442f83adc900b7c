"""The parts of `python -m pipelines.lines`."""
