"""Contrast, skew and blur of pages and line images, and warnings about them."""
