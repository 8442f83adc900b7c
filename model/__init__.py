"""Arrays and text: everything that computes, free of Beam and TFX."""

from pathlib import Path

# The model that comes with the package, and its name wherever a model's folder is asked for.
DEFAULT_MODEL = "default"
DEFAULT_FOLDER = Path(__file__).with_name(DEFAULT_MODEL)
