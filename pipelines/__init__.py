"""Beam pipelines and the command lines that start them."""

import logging
import warnings

# Messages that libraries log on import and that the user of a command cannot act on: Google's
# about the Python version that TFX 1.16 needs, Beam's about its optional dependencies.
_NOISE = ("apitools not found", "Resource module is not available")

warnings.filterwarnings("ignore", category=FutureWarning, module=r"google\..*")
logging.getLogger().addFilter(lambda record: not str(record.msg).startswith(_NOISE))
