"""Datasets of training lines: splits, leaks, charset audit, TFRecords, report."""
