"""Logits to text: CTC, beam search, rescoring, calibration, predicted errors."""
