"""Training of language models, and tuning of decoding on held-out lines."""
