"""Evaluation: CER, WER, confidence intervals, confusions, line detection scores and the report."""
