"""What the default recogniser is made of."""
