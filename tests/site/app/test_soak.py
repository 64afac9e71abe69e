"""A short soak with a fixed seed: `make soak` is the long one (tests/soak)."""

import os
import subprocess
import sys
import unittest
from pathlib import Path

import frappe

from .. import base

ROOT = Path(__file__).resolve().parents[3]
SECONDS, PROCESSES, SEED = 25, 6, 20261129


class ShortSoak(unittest.TestCase):
	"""Many processes act at random on three towers while caches vanish and records are edited."""

	def test_what_must_hold_holds_afterwards(self):
		base.end_world()
		frappe.db.rollback()
		sites = Path(frappe.local.sites_path).resolve()
		run = subprocess.run(
			[
				sys.executable,
				"-m",
				"tests.soak",
				f"--minutes={SECONDS / 60}",
				f"--processes={PROCESSES}",
				f"--seed={SEED}",
			],
			cwd=ROOT,
			env={
				**os.environ,
				"OUTAGE_BENCH": str(sites.parent),
				"OUTAGE_SITE": frappe.local.site,
				"PYTHONPATH": os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH")))),
			},
			capture_output=True,
			text=True,
		)
		self.assertEqual(run.returncode, 0, f"{run.stdout}\n{run.stderr}"[-8000:])
		self.assertRegex(run.stdout, r"[1-9]\d* answered")
