"""Beam pipelines and the command lines that start them."""

import logging
import warnings

# What libraries say on import about themselves, and the user of a command can do nothing
# about: Google's about the Python that TFX 1.16 needs, Beam's about its optional parts.
_NOISE = ("apitools not found", "Resource module is not available")

warnings.filterwarnings("ignore", category=FutureWarning, module=r"google\..*")
logging.getLogger().addFilter(lambda record: not str(record.msg).startswith(_NOISE))
