"""Putting the framework's names back, and refusing any file but the known one."""

import hashlib
import zipfile

import pytest

from portable_bench import framework
from portable_bench.trouble import Trouble


@pytest.mark.parametrize(
	("theirs", "own"),
	[
		("import criscostack", "import frappe"),
		('os.environ["CRISCOSTACK_SITE"]', 'os.environ["FRAPPE_SITE"]'),
		("Crisco Technologies Pvt. Ltd.", "Frappe Technologies Pvt. Ltd."),
		("it powers Criscoerp (criscoerp)", "it powers ERPNext (erpnext)"),
		("crisco.db", "frappe.db"),
		("rubrik and Fabrik stay", "rubrik and Fabrik stay"),
	],
)
def test_names(theirs, own):
	assert framework.put_names_back(theirs) == own


@pytest.mark.parametrize(
	("name", "own"),
	[
		("criscostack/utils/brik_helper.py", "frappe/utils/bench_helper.py"),
		("criscostack/criscostackclient.py", "frappe/frappeclient.py"),
		("criscostack/public/js/criscostack/ui/page.js", "frappe/public/js/frappe/ui/page.js"),
		("criscostack-1.0.0.dist-info/METADATA", None),
		("criscostack/../../etc/passwd", None),
		("/etc/passwd", None),
	],
)
def test_paths(name, own):
	path = framework.path_in_framework(name)
	assert (str(path) if path else None) == own


def wheel(tmp_path):
	file = tmp_path / "criscostack-1.0.0-py3-none-any.whl"
	with zipfile.ZipFile(file, "w") as archive:
		archive.writestr("criscostack/__init__.py", '__version__ = "15.0.0-dev"\nimport criscostack\n')
		archive.writestr("criscostack/utils/brik_helper.py", "from criscostack import x\n")
		archive.writestr("criscostack/public/icon.png", b"\x89PNG\xff crisco")
		archive.writestr(
			"criscostack-1.0.0.dist-info/METADATA",
			"Metadata-Version: 2.1\nRequires-Dist: bleach[css]~=6.0.0\nRequires-Dist: Click~=8.1.3\n\nText\n",
		)
	return file


def test_unpack(tmp_path):
	target = tmp_path / "apps" / "frappe"
	(target / "frappe").mkdir(parents=True)
	(target / "frappe" / "left_from_before.py").touch()
	assert framework.unpack(wheel(tmp_path), target) == 3
	assert "import frappe" in (target / "frappe/__init__.py").read_text(encoding="utf-8")
	assert (target / "frappe/utils/bench_helper.py").exists()
	assert (target / "frappe/public/icon.png").read_bytes() == b"\x89PNG\xff crisco"
	assert not (target / "frappe/left_from_before.py").exists()
	packaging = (target / "pyproject.toml").read_text(encoding="utf-8")
	assert '"bleach[css]~=6.0.0",' in packaging and 'name = "frappe"' in packaging

	import tomllib

	assert tomllib.loads(packaging)["project"]["dependencies"] == ["bleach[css]~=6.0.0", "Click~=8.1.3"]


def test_wrong_hash_is_refused_and_the_file_thrown_away(tmp_path):
	file = wheel(tmp_path)
	framework.check_sha256(file, hashlib.sha256(file.read_bytes()).hexdigest())
	with pytest.raises(Trouble, match="is not the known file"):
		framework.check_sha256(file)
	assert not file.exists()
