"""Sites of the bench. A fresh one comes from a dump in seconds; the dump is made anew when what it depends on has changed."""

import base64
import json
import re
import secrets
import shutil
from pathlib import Path

from portable_bench import framework
from portable_bench.app import App
from portable_bench.bench import read_json, write_json
from portable_bench.place import Place, code_inside, code_key, digest, inside
from portable_bench.services import database_id, dump, restore, sql
from portable_bench.shell import run_logged
from portable_bench.steps import Progress
from portable_bench.trouble import Trouble, explain

ADMIN_PASSWORD = "admin"
SITE_NAME = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+")


def check_name(name: str) -> str:
	"""A site's name is also a folder's and, altered, a database's."""
	if not SITE_NAME.fullmatch(name) or len(name) > 60:
		raise Trouble(
			f"{name!r} is no name for a site.", "use small letters, digits, dots: like trial.localhost", code=2
		)
	return name


def database_name(site: str) -> str:
	"""Name of a site's database and of its user."""
	return re.sub(r"\W", "_", site)


def framework_key(place: Place) -> str:
	"""What a site without the app depends on."""
	constraints = place.wanted("framework-constraints").read_bytes()
	return digest(framework.SHA256, code_inside("site"), constraints, _told(place))


def _told(place: Place) -> str:
	"""What the jobs of inside/site.py are told, as JSON."""
	said = place.app.sites
	return json.dumps(
		{
			"settings": {"country": said.country, "time_zone": said.time_zone, "language": said.language},
			"app": place.app.name,
			"call": said.call,
			"arguments": json.loads(said.arguments),
		}
	)


def app_key(place: Place) -> str:
	"""What a freshly installed site with the app depends on."""
	return digest(framework_key(place), code_key(place))


def config_of(place: Place, site: str) -> dict[str, object]:
	"""The site's own configuration; empty if there is no such site."""
	return read_json(place.sites / site / "site_config.json")


def address(app: App, site: str, ports: dict[str, int]) -> str:
	"""Where a browser finds the site. The demo has a server of its own, so that no name needs to resolve."""
	if site == app.sites.demo:
		return f"http://127.0.0.1:{ports[app.demo_web]}"
	return f"http://{site}:{ports['web']}"


def frappe(place: Place, site: str, arguments: list[str], progress: Progress, doing: str) -> str:
	"""One of the framework's own commands, as `bench --site ... <arguments>` runs it."""
	return run_logged(
		[
			place.env_python,
			"-m",
			"frappe.utils.bench_helper",
			"frappe",
			*(["--site", site] if site else []),
			*arguments,
		],
		doing=doing,
		log=place.setup_log,
		progress=progress,
		cwd=place.sites,
		env=place.environment(),
		explain_failure=_explain,
	)


def site_job(place: Place, site: str, job: str, progress: Progress) -> None:
	"""One of the small jobs of inside/site.py."""
	run_logged(
		[place.env_python, *inside("site", job, site, place.sites, _told(place))],
		doing=f"{job} {site}",
		log=place.setup_log,
		progress=progress,
		cwd=place.root,
		env=place.environment_inside(),
		explain_failure=_explain,
	)


def fresh_site(place: Place, site: str, ports: dict[str, int], progress: Progress, *, with_app: bool = True) -> None:
	"""A site as it is right after installing; what there was under this name is thrown away."""
	check_name(site)
	drop_site(place, site)
	base = place.dumps / f"framework-{framework_key(place)}.sql"
	full = place.dumps / f"app-{app_key(place)}.sql"
	if with_app and full.exists():
		_create_from(place, site, full)
	else:
		if base.exists():
			_create_from(place, site, base)
		else:
			_create_new(place, site, progress)
			site_job(place, site, "settle", progress)
			_keep_dump(place, site, base)
		if with_app:
			frappe(place, site, ["install-app", place.app.name], progress, f"installing the app on {site}")
			frappe(place, site, ["clear-cache"], progress, f"clearing the cache of {site}")
			_keep_dump(place, site, full)
	configure(place, site, ports, developer_mode=int(site == place.app.sites.main), allow_tests=True)
	site_job(place, site, "wake", progress)


def configure(place: Place, site: str, ports: dict[str, int], **settings: object) -> None:
	"""Settings in the site's own configuration; its address follows the port."""
	config = config_of(place, site)
	if config:
		write_json(
			place.sites / site / "site_config.json", config | settings | {"host_name": address(place.app, site, ports)}
		)


def drop_site(place: Place, site: str) -> bool:
	"""Throw away a site's database, user and folder. Returns whether there was such a site."""
	check_name(site)
	name = str(config_of(place, site).get("db_name") or database_name(site))
	hosts = ("127.0.0.1", "localhost", "%")
	sql(
		place,
		f"DROP DATABASE IF EXISTS `{name}`;" + "".join(f"DROP USER IF EXISTS `{name}`@'{host}';" for host in hosts),
	)
	folder = place.sites / site
	there = folder.exists()
	shutil.rmtree(folder, ignore_errors=True)
	return there


def is_installed(place: Place, site: str) -> bool:
	"""Whether the site, its database and the app in it are there."""
	name = config_of(place, site).get("db_name")
	if not name or not database_id(place):
		return False
	table = (
		f"SELECT COUNT(*) FROM information_schema.tables WHERE table_schema='{name}' AND table_name='tabDefaultValue'"
	)
	if sql(place, table).strip() != "1":
		return False
	listed = sql(place, "SELECT defvalue FROM tabDefaultValue WHERE defkey='installed_apps'", str(name))
	return f'"{place.app.name}"' in listed


def site_exists(place: Place, site: str) -> bool:
	"""Whether the site and its database are there, with or without the app."""
	name = config_of(place, site).get("db_name")
	return bool(name) and sql(place, f"SHOW DATABASES LIKE '{name}'").strip() == name


def migrate(place: Place, site: str, progress: Progress) -> None:
	"""Bring the site's schema and seeded data to what the app's files say."""
	if not is_installed(place, site):
		frappe(place, site, ["install-app", place.app.name], progress, f"installing the app on {site}")
		frappe(place, site, ["clear-cache"], progress, f"clearing the cache of {site}")
	frappe(place, site, ["migrate", "--skip-search-index"], progress, f"migrating {site}")
	site_job(place, site, "know", progress)


def _create_new(place: Place, site: str, progress: Progress) -> None:
	frappe(
		place,
		"",
		["new-site", site, "--db-name", database_name(site), "--admin-password", ADMIN_PASSWORD],
		progress,
		f"creating {site}",
	)


def _create_from(place: Place, site: str, source: Path) -> None:
	name, password = database_name(site), secrets.token_hex(12)
	sql(
		place,
		f"CREATE DATABASE `{name}`; CREATE USER `{name}`@'127.0.0.1' IDENTIFIED BY '{password}';"
		f"GRANT ALL PRIVILEGES ON `{name}`.* TO `{name}`@'127.0.0.1'; FLUSH PRIVILEGES;",
	)
	restore(place, name, source)
	folder = place.sites / site
	for part in ("public/files", "private/files", "private/backups", "locks", "logs"):
		(folder / part).mkdir(parents=True, exist_ok=True)
	write_json(
		folder / "site_config.json",
		{
			"db_name": name,
			"db_password": password,
			"db_type": "mariadb",
			"encryption_key": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
		},
	)


def _keep_dump(place: Place, site: str, file: Path) -> None:
	dump(place, str(config_of(place, site)["db_name"]), file)
	kind = file.name.partition("-")[0]
	for old in place.dumps.glob(f"{kind}-*.sql"):
		if old != file:
			old.unlink()


def _explain(output: str, doing: str, log: str) -> Trouble:
	# The framework's commands talk to no package index: what went wrong is in their own last line.
	if "no space left" in output.lower():
		return explain(output, doing, log)
	last = next((line.strip() for line in reversed(output.splitlines()) if line.strip()), "no output")
	return Trouble(
		f"Failed: {doing} ({last[:200]}).", f"read the end of {log}, mend it and run the same command again."
	)
