"""Drawn handwriting: pages and texts."""
