"""Polylines, and how far a line's writing reaches around its baseline."""
