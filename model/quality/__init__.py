"""Contrast, skew and blur; warnings about a page and about a line image."""
