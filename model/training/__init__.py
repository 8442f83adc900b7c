"""Training of the recogniser, alone or as `run_fn` of TFX."""
