"""The bench itself, in the standard layout that the `bench` command knows."""

import json
import os
from pathlib import Path

from portable_bench.app import App
from portable_bench.place import Place, user_name
from portable_bench.services import root_password

# `bench` takes a folder for a bench only if all of these are there.
FOLDERS = ("apps", "sites", "sites/assets", "config", "config/pids", "logs", "mail", "services", "archived")


def common_config(app: App, ports: dict[str, int], password: str, user: str) -> dict[str, object]:
	"""Settings every site of the bench shares."""
	return {
		"db_host": "127.0.0.1",
		"db_port": ports["mariadb"],
		"root_login": "root",
		"root_password": password,
		"redis_cache": f"redis://127.0.0.1:{ports['redis_cache']}",
		"redis_queue": f"redis://127.0.0.1:{ports['redis_queue']}",
		"redis_socketio": f"redis://127.0.0.1:{ports['redis_queue']}",
		"webserver_port": ports["web"],
		"socketio_port": ports["socketio"],
		"default_site": app.sites.main,
		"serve_default_site": True,
		# Allows the `bench` command when the set-up was run by root.
		"frappe_user": user,
		"background_workers": 1,
		# Queues with workers that do nothing else
		"workers": {queue: {"timeout": seconds} for queue, seconds in app.queues.items()},
		# Mail that waits is sent every minute instead of every four, and clocks are looked at three times a minute.
		"scheduler_interval": 60,
		"scheduler_tick_interval": 20,
		"live_reload": False,
		"mail_server": "127.0.0.1",
		"mail_port": ports["mail"],
		"auto_email_id": app.sites.mail_from,
		"disable_mail_smtp_authentication": 1,
	}


def write_json(file: Path, data: dict[str, object]) -> bool:
	"""Write if it says something else than before. Returns whether it did."""
	text = json.dumps(data, indent=1, sort_keys=True) + "\n"
	if file.exists() and file.read_text(encoding="utf-8") == text:
		return False
	new = file.with_name(file.name + ".new")
	new.write_text(text, encoding="utf-8")
	os.replace(new, file)
	return True


def read_json(file: Path) -> dict[str, object]:
	"""Empty if there is none, or none that can be read."""
	try:
		return json.loads(file.read_text(encoding="utf-8"))
	except (FileNotFoundError, ValueError):
		return {}


def make_folders(place: Place) -> None:
	"""The layout."""
	for name in FOLDERS:
		(place.bench / name).mkdir(parents=True, exist_ok=True)


def write_files(place: Place, ports: dict[str, int]) -> bool:
	"""Configuration, list of apps, stand-ins for the built assets. Returns whether the list of apps changed."""
	make_folders(place)
	config = place.sites / "common_site_config.json"
	write_json(config, read_json(config) | common_config(place.app, ports, root_password(place), user_name()))
	_link_assets(place)
	return _write_apps(place)


def _apps(place: Place) -> tuple[str, str]:
	return "frappe", place.app.name


def _write_apps(place: Place) -> bool:
	file = place.sites / "apps.txt"
	current = file.read_text(encoding="utf-8").split() if file.exists() else []
	apps = [*current, *(app for app in _apps(place) if app not in current)]
	# The newline at the end matters: `bench get-app` appends to this file.
	text = "\n".join(apps) + "\n"
	if file.exists() and file.read_text(encoding="utf-8") == text:
		return False
	file.write_text(text, encoding="utf-8")
	return True


def _link_assets(place: Place) -> None:
	assets = place.sites / "assets"
	for app in _apps(place):
		link, target = assets / app, place.apps / app / app / "public"
		if target.is_dir() and not link.exists():
			link.unlink(missing_ok=True)
			link.symlink_to(target)
	for name in ("assets.json", "assets-rtl.json"):
		# Empty or absent, every template page and every mail fails; a real build overwrites these.
		if not read_json(assets / name):
			write_json(assets / name, {"not-built.bundle.css": "/assets/frappe/css/not-built.css"})
