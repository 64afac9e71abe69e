"""The tool's own tests need no app and no bench: they try it on an invented app."""

import sys
from pathlib import Path

import pytest

TOOL = Path(__file__).resolve().parents[1]
EXAMPLE = Path(__file__).resolve().parent / "example"
if str(TOOL) not in sys.path:
	sys.path.insert(0, str(TOOL))

from portable_bench import app  # noqa: E402
from portable_bench.place import Place  # noqa: E402


@pytest.fixture
def place(tmp_path: Path) -> Place:
	"""A checkout in which nothing is yet."""
	return Place(tmp_path, app.read(EXAMPLE))
