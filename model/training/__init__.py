"""Training of the recogniser: on its own, or as `run_fn` of TFX's Trainer."""
