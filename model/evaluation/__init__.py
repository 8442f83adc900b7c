"""CER, WER, intervals, confusions, line scores and the evaluation report."""
