"""Benchmarks of speed, memory and accuracy; what is compared is measured in the same run."""
