"""The way from `bench run-tests` to the tests of the repository, which stand beside the package.

`tests/` is not shipped with the package; in a checkout its folders are found here as well, as `outage_response.tests.site`.
"""

from pathlib import Path

BESIDE = Path(__file__).resolve().parents[2] / "tests"
if (BESIDE / "site").is_dir():
	__path__.append(str(BESIDE))
