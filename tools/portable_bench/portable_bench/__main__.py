"""Entry point; nothing here may fail to parse on an old Python, so that the reason can be said in one line."""

import sys

if sys.version_info < (3, 11):  # noqa: UP036
	sys.stderr.write(
		"Python 3.11 is needed, this is {}.{}. Way out: install python3.11 and run make with PYTHON=python3.11\n".format(
			*sys.version_info[:2]
		)
	)
	sys.exit(2)

from portable_bench.cli import main

sys.exit(main())
