"""For programs that still ask for this file, bench among them: everything stands in pyproject.toml."""

from setuptools import setup

setup()
