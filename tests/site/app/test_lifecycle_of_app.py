"""Install, migrate, uninstall, install again, on a site made for it: uninstalling leaves the site as it was.

Making a site needs the database's root: `root_login` and `root_password` of the bench's common_site_config.json, or
OUTAGE_DB_ROOT_PASSWORD (and OUTAGE_DB_ROOT_LOGIN, default root).
"""

import json
import os
import shlex
import subprocess
import sys
import tempfile
import unittest
import warnings
from pathlib import Path

import frappe

from ..live import Process
from ..world import ROLES, user

APP = "outage_response"
SITE = "outage-lifecycle.localhost"
SCENES = "tests.site.app.lifecycle_scenes."
ROOT = Path(__file__).resolve().parents[3]

# Frappe's own diaries: what they say is that something happened, and it did
DIARIES = {
	"tabActivity Log",
	"tabError Log",
	"tabScheduled Job Log",
	"tabPackage Import",
	"__global_search",
	"tabRoute History",
	"tabLogs To Clear",
	"tabPermission Log",  # from Frappe 16 on: who changed which permission
	"tabInstalled Application",  # of Frappe; `test_the_app_is_not_listed` looks at it
}
# of Frappe: from 16 on it asks for its own set-up as long as no app is there
NOT_OURS = (
	'{"doctype": "Installed Applications"',
	'{"doctype": "System Settings", "field": "setup_complete"',
)


class Bench:
	"""The bench of OUTAGE_BENCH, by its own commands."""

	def __init__(self):
		self.sites = Path(frappe.local.sites_path).resolve()
		self.own = shlex.split(os.environ.get("OUTAGE_BENCH_COMMAND", ""))
		common = json.loads((self.sites / "common_site_config.json").read_text(encoding="utf-8"))
		self.login = os.environ.get("OUTAGE_DB_ROOT_LOGIN") or common.get("root_login") or "root"
		self.password = os.environ.get("OUTAGE_DB_ROOT_PASSWORD") or common.get("root_password")

	def can_make_sites(self) -> bool:
		return bool(self.own or self.password)

	def new_site(self) -> None:
		self.drop_site()
		if self.own:
			self._run([*self.own, "new-site", SITE, "--bare"], cwd=ROOT)
			return
		root = ["--db-root-username", self.login, "--db-root-password", self.password]
		self.frappe("new-site", SITE, "--admin-password", "admin", *root, site=None)

	def drop_site(self) -> None:
		if self.own:
			self._run([*self.own, "drop-site", SITE], cwd=ROOT)
		elif (self.sites / SITE).exists():
			root = ["--db-root-username", self.login, "--db-root-password", self.password]
			with tempfile.TemporaryDirectory() as archive:
				self.frappe(
					"drop-site", SITE, "--force", "--no-backup", "--archived-sites-path", archive, *root, site=None
				)

	def frappe(self, *words: str, site: str | None = SITE) -> str:
		where = ["--site", site] if site else []
		return self._run([sys.executable, "-m", "frappe.utils.bench_helper", "frappe", *where, *words], cwd=self.sites)

	def scenes(self, *names: str) -> list:
		"""What each of these `lifecycle_scenes` answers, played one after the other in a fresh process on the site."""
		process, answers = Process(site=SITE), []
		try:
			for name in names:
				result = process.call("Administrator", SCENES + name)
				if "answer" not in result:
					raise AssertionError(f"{name}: {result.get('trace')}")
				answers.append(result["answer"])
		finally:
			process.end()
		return answers

	def pause_scheduler(self) -> None:
		file = self.sites / SITE / "site_config.json"
		config = json.loads(file.read_text(encoding="utf-8"))
		file.write_text(json.dumps(config | {"pause_scheduler": 1}, indent=1), encoding="utf-8")

	@staticmethod
	def _run(command: list[str], cwd: Path) -> str:
		done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, stdin=subprocess.DEVNULL)
		if done.returncode:
			raise AssertionError(f"{' '.join(command[3:6])} failed:\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}")
		return done.stdout


class LifecycleOfTheApp(unittest.TestCase):
	"""One site lives through it all; the tests look at what was seen on the way."""

	maxDiff = None

	@classmethod
	def setUpClass(cls):
		super().setUpClass()
		frappe.db.rollback()
		bench = Bench()
		if not bench.can_make_sites():
			words = (
				"NOT TESTED: install, migrate and uninstall. A site cannot be made without the database's root: "
				"set OUTAGE_DB_ROOT_PASSWORD (and OUTAGE_DB_ROOT_LOGIN)."
			)
			warnings.warn(words, stacklevel=1)
			raise unittest.SkipTest(words)
		cls.addClassCleanup(bench.drop_site)
		bench.new_site()
		bench.pause_scheduler()  # nobody else works here while we look
		_none, cls.before = bench.scenes("settle", "picture")
		bench.frappe("install-app", APP)
		cls.installed, cls.night, _none, cls.edited = bench.scenes("brought", "live_through", "edit", "brought")
		bench.frappe("migrate")
		# what a worker still does would be written after the app has gone
		cls.migrated, cls.during, _none = bench.scenes("brought", "picture", "wait_for_background_jobs")
		bench.frappe("uninstall-app", APP, "--yes", "--no-backup")
		_none, cls.after = bench.scenes("forget_residents", "picture")
		bench.frappe("install-app", APP)
		cls.again, cls.tasks_again = bench.scenes("brought", "declare_again")

	# ---------------------------------------------------------------- install and migrate

	def test_the_install_brings_the_procedure(self):
		self.assertEqual(self.installed["enabled"], ["I-v1", "II-v1", "III-v1"])
		self.assertEqual([row["plan"] for row in self.installed["levels"]], ["I-v1", "II-v1", "III-v1"])
		self.assertEqual(len(self.installed["departments"]), 8)
		self.assertTrue(set(ROLES.values()) <= set(self.installed["roles"]))
		self.assertIn("outage_response.jobs.every_minute", self.installed["jobs"])

	def test_the_install_changes_no_table_but_its_own(self):
		"""Columns that it adds to other apps' doctypes are of `setup/custom_fields.py`, on platforms that are here."""
		for table, was in self.before["tables"].items():
			self.assertLessEqual(set(was["columns"]), set(self.during["tables"][table]["columns"]), table)

	def test_an_incident_was_handled_from_beginning_to_end(self):
		self.assertEqual(self.night["status"], "Closed")

	def test_migrating_twice_keeps_what_was_edited(self):
		self.assertNotEqual(self.edited, self.installed)
		self.assertEqual(self.migrated, self.edited)
		words = [title for steps in self.migrated["plans"].values() for title in steps]
		self.assertIn("Our own words/7", words)

	# ---------------------------------------------------------------- uninstall

	def test_no_table_and_no_column_is_left(self):
		self.assertEqual(sorted(self.after["tables"]), sorted(self.before["tables"]))
		for table, was in self.before["tables"].items():
			self.assertEqual(self.after["tables"][table]["columns"], was["columns"], table)

	def test_every_row_is_as_it_was(self):
		"""Roles and who has them, fields, ToDos, permissions, files, communications, notifications, comments, versions,
		property setters, workspaces, scheduled jobs, patch log: every row of every table."""
		differences = {}
		for table, was in self.before["tables"].items():
			if table in DIARIES or table.endswith("_id_seq"):  # where numbers go on from
				continue
			then, now = (
				{
					key: said
					for key, said in rows.items()
					if not key.startswith(NOT_OURS) and not said.startswith("Installed Applications")
				}
				for rows in (was["rows"], self.after["tables"][table]["rows"])
			)
			found = {
				"left behind": sorted(f"{key}: {now[key]}" for key in set(now) - set(then))[:8],
				"missing": sorted(f"{key}: {then[key]}" for key in set(then) - set(now))[:8],
				"changed": sorted(key for key in set(then) & set(now) if then[key] != now[key])[:8],
			}
			found = {what: names for what, names in found.items() if names}
			if found:
				differences[table] = found
		self.assertEqual(differences, {})

	def test_the_night_had_left_traces(self):
		"""Else the test above would compare nothing."""
		for table in (
			"tabToDo",
			"tabNotification Log",
			"tabUser Permission",
			"tabFile",
			"tabComment",
			"tabCommunication",
			"tabCommunication Link",
			"tabDocShare",
			"tabTag Link",
			"tabHas Role",
			"tabRole",
			"tabCustom Field",
			"tabCustom DocPerm",
			"tabProperty Setter",
			"tabView Log",
			"tabDocument Follow",
			"tabList Filter",
			"tabScheduled Job Type",
			"tabSeries",
			"tabReport",
			"tabKanban Board",
			"tabNotification",
			"__UserSettings",
		):
			new = set(self.during["tables"][table]["rows"]) - set(self.before["tables"][table]["rows"])
			self.assertTrue(new, table)

	def test_the_app_is_not_listed(self):
		self.assertNotIn(APP, "".join(self.after["tables"]["tabInstalled Application"]["rows"]))

	def test_no_file_is_left_on_disk(self):
		self.assertEqual(self.after["files"], self.before["files"])

	# ---------------------------------------------------------------- install again

	def test_it_installs_again_as_new(self):
		for what in ("plans", "enabled", "levels", "departments", "settings", "jobs"):
			self.assertEqual(self.again[what], self.installed[what], what)
		self.assertTrue(set(ROLES.values()) <= set(self.again["roles"]))
		self.assertGreater(self.tasks_again, 0)

	def test_who_had_the_roles_does_not_have_them_again(self):
		self.assertEqual(self.again["holders"], self.installed["holders"])
		self.assertEqual(
			[row["parent"] for row in self.again["holders"] if row["role"] == "Outage Enthusiast"], [user("guard1")]
		)
