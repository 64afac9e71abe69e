"""The rules are tested without a site: the repository itself is enough, nothing needs to be installed but the test tools."""

import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT) not in sys.path:
	sys.path.insert(0, str(ROOT))

# No deadline: a busy machine is not a broken rule. Derandomised: the same run everywhere, a red one can be repeated.
settings.register_profile(
	"rules", max_examples=80, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("rules")


@pytest.fixture(scope="session")
def root() -> Path:
	return ROOT
