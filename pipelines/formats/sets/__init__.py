"""Readers of classic sets: IAM-HistDB, Bentham, RIMES."""
