"""Training examples: splits, leaks, charset audit, TFRecords, report."""
