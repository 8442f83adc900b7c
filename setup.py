"""Let Beam build this package: --setup_file wants a setup.py.

Everything about the package is in pyproject.toml.
"""

from setuptools import setup

setup()
