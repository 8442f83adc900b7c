"""The recognisers that race in `benchmarks.recognise`, and what installs the rivals.

Each `run_` module runs in its own environment and imports nothing but `stopwatch` and the
recogniser's own library, as that library is meant to be called.
"""
