"""Visualisation: lines, transcriptions and predictions drawn on a page."""
