"""What `model` computes, wrapped for TFX."""
