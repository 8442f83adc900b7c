"""The parts of `python -m pipelines.transcribe`, and its dry run."""
