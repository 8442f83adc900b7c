"""PTransforms: short labelled chains around the pure functions of `model` and `formats`."""
