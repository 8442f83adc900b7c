"""The charset, the normalisation of transcriptions, and durations as text."""
