"""The parts of `python -m pipelines.predict`."""
