"""Polylines, and the extent of a line's writing around its baseline."""
