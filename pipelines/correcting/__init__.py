"""Corrections that were made elsewhere, taken over into the log."""
