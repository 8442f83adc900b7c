"""Ingest compared with an independent reading of the same XML."""
