"""The parts of `python -m pipelines.ingest`."""
