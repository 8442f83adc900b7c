"""Google's storage without credentials: a server that stands in for it, or a public bucket."""

from __future__ import annotations

import os
from contextlib import suppress

# The variable of Google's client for a server that stands in for the storage.
_STAND_IN = "STORAGE_EMULATOR_HOST"
# Tells worker processes of this machine that there are no credentials.
_NONE_FOUND = "QUIRE_GOOGLE_ANONYMOUS"
# Google's library would ask three times for three seconds whether this is one of its machines.
_ASKING = {"GCE_METADATA_TIMEOUT": "1", "GCE_METADATA_DETECT_RETRIES": "1"}


def look_for_credentials() -> None:
    """Look for credentials of Google once, for this process and those that it starts."""
    for name, value in _ASKING.items():
        os.environ.setdefault(name, value)
    if not is_anonymous():
        from google.auth import default
        from google.auth.exceptions import DefaultCredentialsError

        try:
            default()
        except DefaultCredentialsError:
            os.environ[_NONE_FOUND] = "1"
    if is_anonymous():
        keep_beam_from_looking()


def is_anonymous() -> bool:
    """Return whether there are no credentials, or they do not matter."""
    return bool(os.environ.get(_STAND_IN) or os.environ.get(_NONE_FOUND))


def keep_beam_from_looking() -> None:
    """Let Beam not look for credentials, which takes it half a minute and many messages."""
    with suppress(ImportError):
        from apache_beam.internal.gcp import auth

        # There is no option for it.
        auth._Credentials._credentials_init = True
