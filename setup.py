"""Let Beam build this package: its flag --setup_file needs a setup.py.

Everything about the package is in pyproject.toml.
"""

from setuptools import setup

setup()
