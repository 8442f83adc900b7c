"""Beam pipelines and the command lines that start them."""

import warnings

# Google's client libraries warn on import about the Python that TFX 1.16 needs; the user
# of a command can do nothing about it.
warnings.filterwarnings("ignore", category=FutureWarning, module=r"google\..*")
