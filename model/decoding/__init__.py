"""From logits to text: CTC, beam search, rescoring, calibration, error prediction."""
