"""Arrays and text: everything that computes, free of Beam and TFX."""
