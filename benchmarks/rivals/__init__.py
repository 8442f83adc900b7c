"""The recognisers that `benchmarks.recognise` compares, and their installation.

Each `run_` module runs in its own environment. It imports only `stopwatch` and the library of its
recogniser, which it calls as the documentation of the library recommends.
"""
