"""Formats of input, one file each: bytes to records and nothing else."""
