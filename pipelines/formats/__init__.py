"""Readers and writers of file formats: bytes to records and back, without Beam."""
