"""ALTO, read and written."""
