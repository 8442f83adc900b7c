"""Training of language models, and tuning of decoding."""
