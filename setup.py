"""Packaging. `frappe` is not required here: the package of that name on PyPI is a placeholder; bench provides the framework."""

import re
from pathlib import Path

from setuptools import find_packages, setup

ROOT = Path(__file__).parent
VERSION = re.search(r'__version__ = "(.+?)"', (ROOT / "outage_response/__init__.py").read_text(encoding="utf-8")).group(
	1
)

setup(
	name="outage_response",
	version=VERSION,
	description="Power-outage response for property companies, on the Frappe framework",
	packages=find_packages(include=["outage_response", "outage_response.*"]),
	include_package_data=True,
	zip_safe=False,
	python_requires=">=3.10",
	classifiers=[
		"Framework :: Frappe",
		"License :: OSI Approved :: MIT License",
		"Programming Language :: Python :: 3",
		*(f"Programming Language :: Python :: 3.{minor}" for minor in range(10, 15)),
	],
)
