"""Ports on loopback: the usual ones if free, else the next; chosen once and kept, so that addresses stay.

A port that nobody listens on yet may already be another checkout's, which will start its server in a minute. So checkouts
choose one after the other, and none takes what another one has written down for itself.
"""

import fcntl
import json
import os
import socket
import tempfile
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from portable_bench.app import App
from portable_bench.trouble import Trouble


def usual(app: App) -> dict[str, int]:
	"""What is taken if it is free."""
	return {
		"web": 8000,
		app.demo_web: 8100,
		"socketio": 9000,
		"mariadb": 33306,
		"redis_cache": 33379,
		"redis_queue": 33380,
		"mail": 33825,
	}


def asked_by(app: App, name: str) -> str:
	"""`<PREFIX>_PORT_WEB=9000` and the like ask for one port and no other."""
	return app.variable(f"PORT_{name.upper()}")


def is_free(port: int) -> bool:
	"""Whether a server could listen there now."""
	with socket.socket() as probe:
		probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
		try:
			probe.bind(("127.0.0.1", port))
		except OSError:
			return False
	return True


@contextmanager
def one_at_a_time(ours: Path, registry: Path | None = None) -> Iterator[set[int]]:
	"""Choose and write down ports while no other checkout of this user does. Gives the ports that others have for themselves,
	also those whose servers are not running now.

	`ours` is the file of our ports. The registry in the folder for temporary files is one line for each such file; a bench
	that was removed is forgotten.
	"""
	registry = registry or Path(tempfile.gettempdir()) / f"portable-bench-ports-{os.getuid()}"
	handle = os.open(registry, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o600)
	with os.fdopen(handle, "r+", encoding="utf-8") as known:
		fcntl.flock(known, fcntl.LOCK_EX)
		others = [Path(line) for line in dict.fromkeys(known.read().splitlines()) if line and Path(line) != ours]
		others = [file for file in others if file.exists()]
		known.seek(0)
		known.truncate()
		known.write("".join(f"{file}\n" for file in [*others, ours]))
		known.flush()
		yield {port for file in others for port in read_ports(file).values()}


def asked_ports(app: App, environ: Mapping[str, str] = os.environ) -> dict[str, int]:
	"""Ports somebody asked for by name."""
	asked = {}
	for name in usual(app):
		text = environ.get(asked_by(app, name))
		if not text:
			continue
		if not text.isdigit() or not 1 <= int(text) <= 65535:
			raise Trouble(f"{asked_by(app, name)}={text} is no port.", "give a number from 1024 to 65535.", code=2)
		asked[name] = int(text)
	return asked


def choose(
	app: App,
	kept: Mapping[str, int],
	asked: Mapping[str, int],
	ours: set[str],
	free: Callable[[int], bool] = is_free,
	others: Collection[int] = (),
) -> dict[str, int]:
	"""A port for each name. `ours`: names whose server of ours runs on the kept port, which is then rightly taken.
	`others`: ports of other checkouts, which are theirs while nobody listens there, too."""
	chosen: dict[str, int] = {}
	for name, preferred in usual(app).items():
		port = asked.get(name) or kept.get(name) or preferred
		if name in ours and kept.get(name) == port:
			chosen[name] = port
			continue
		if name in asked and (port in chosen.values() or not free(port) or port in others):
			raise Trouble(
				f"Port {port}, asked for by {asked_by(app, name)}, is taken by another program or checkout.",
				"stop that program, ask for another port, or ask for none and a free one is taken.",
			)
		while port in chosen.values() or not free(port) or port in others:
			port += 1
			if port > 65535:
				raise Trouble(
					f"No free port for {name} above {preferred}.", f"ask for one with {asked_by(app, name)}=..."
				)
		chosen[name] = port
	return chosen


def read_ports(file: Path) -> dict[str, int]:
	"""Ports chosen earlier."""
	try:
		return {name: int(port) for name, port in json.loads(file.read_text(encoding="utf-8")).items()}
	except (FileNotFoundError, ValueError):
		return {}


def write_ports(file: Path, ports: Mapping[str, int]) -> None:
	"""Keep them for the next run."""
	file.parent.mkdir(parents=True, exist_ok=True)
	new = file.with_name(file.name + ".new")
	new.write_text(json.dumps(dict(ports), indent=1) + "\n", encoding="utf-8")
	os.replace(new, file)
