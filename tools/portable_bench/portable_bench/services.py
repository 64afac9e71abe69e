"""MariaDB and Redis of this bench alone: own data, loopback, own ports and pid files. The system's services are never touched."""

import os
import secrets
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path

from portable_bench import processes
from portable_bench.place import Place, digest, find_program, user_name
from portable_bench.shell import run_logged
from portable_bench.steps import Progress
from portable_bench.trouble import Trouble

SERVICES = ("mariadb", "redis_cache", "redis_queue")
WAY_OUT = "read .bench/logs, or begin anew with: make clean, then make setup"

MARIADB_CONF = """\
[mariadbd]
datadir={data}
socket={socket}
pid-file={folder}/mariadb.server.pid
port={port}
bind-address=127.0.0.1
skip-name-resolve
skip-log-bin
character-set-server=utf8mb4
collation-server=utf8mb4_unicode_ci
max_allowed_packet=64M
max_connections=200
innodb_buffer_pool_size=256M
innodb_log_file_size=96M
# A trying-out database: a crash of the whole machine may lose the last second, a crash of a program loses nothing.
innodb_flush_log_at_trx_commit=2
innodb_doublewrite=0
sync_frm=OFF
# One file for all tables: a fresh site makes some three hundred of them, each of which would be flushed on its own.
innodb_file_per_table=OFF
performance_schema=off
"""

REDIS_CONF = """\
port {port}
bind 127.0.0.1
protected-mode yes
dir {folder}
save ""
appendonly no
set-proc-title no
"""


def data_folder(place: Place) -> Path:
	"""MariaDB's data."""
	return place.services / "mariadb"


def socket_path(place: Place) -> Path:
	"""MariaDB's socket; a path too long for a socket goes to the folder for temporary files."""
	path = place.services / "mariadb.sock"
	if len(str(path)) < 100:
		return path
	return Path(tempfile.gettempdir()) / f"portable-bench-{digest(str(place.bench))}.sock"


def root_password(place: Place) -> str:
	"""Password of MariaDB's root, made once for this bench."""
	file = place.config / "mariadb-root"
	if not file.exists():
		file.parent.mkdir(parents=True, exist_ok=True)
		handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
		with os.fdopen(handle, "w") as out:
			out.write(secrets.token_hex(12))
	return file.read_text(encoding="utf-8").strip()


def init_database(place: Place, progress: Progress) -> None:
	"""An empty data folder with a name of its own, so that sites know when their database was thrown away."""
	processes.stop(place, "mariadb", patience=60)
	shutil.rmtree(data_folder(place), ignore_errors=True)
	(place.services / "database-id").unlink(missing_ok=True)
	place.services.mkdir(parents=True, exist_ok=True)
	run_logged(
		[
			find_program("mariadb-install-db", "mysql_install_db") or "mariadb-install-db",
			"--no-defaults",
			f"--datadir={data_folder(place)}",
			"--auth-root-authentication-method=normal",
			"--skip-test-db",
			f"--user={user_name()}",
		],
		doing="creating the database folder",
		log=place.setup_log,
		progress=progress,
		env=place.environment(),
	)
	start_mariadb(place, _free_port(), password="")
	host_users = f"""
		ALTER USER root@localhost IDENTIFIED BY '{root_password(place)}';
		CREATE OR REPLACE USER root@'127.0.0.1' IDENTIFIED BY '{root_password(place)}';
		GRANT ALL PRIVILEGES ON *.* TO root@'127.0.0.1' WITH GRANT OPTION;
		DELETE FROM mysql.global_priv WHERE User IN ('', 'root') AND Host NOT IN ('localhost', '127.0.0.1');
		FLUSH PRIVILEGES;
	"""
	sql(place, host_users, password="")
	processes.stop(place, "mariadb", patience=60)
	(place.services / "database-id").write_text(secrets.token_hex(8), encoding="utf-8")


def database_id(place: Place) -> str:
	"""Name of the data folder; empty if there is none."""
	try:
		return (place.services / "database-id").read_text(encoding="utf-8")
	except FileNotFoundError:
		return ""


def start_mariadb(place: Place, port: int, password: str | None = None) -> None:
	"""Start MariaDB and wait until it answers."""
	conf = MARIADB_CONF.format(data=data_folder(place), socket=socket_path(place), folder=place.services, port=port)
	file = place.config / "mariadb.cnf"
	file.parent.mkdir(parents=True, exist_ok=True)
	file.write_text(conf, encoding="utf-8")
	program = find_program("mariadbd", "mysqld")
	if not program:
		raise Trouble("MariaDB is not installed.", "run make setup as root, or install mariadb-server.")
	command = [program, f"--defaults-file={file}"] + (["--user=root"] if os.geteuid() == 0 else [])
	processes.ensure(place, "mariadb", command, key=digest(conf, database_id(place)))

	def ready() -> bool:
		return (
			processes.listens(place, "mariadb", port)
			and _client(place, ["-e", "SELECT 1"], password=password).returncode == 0
		)

	processes.wait_until(place, "mariadb", ready, 60, WAY_OUT)


def start_redis(place: Place, name: str, port: int) -> bool:
	"""Start one of the two Redis servers. Returns whether it was (re)started, hence empty."""
	folder = place.services / name
	folder.mkdir(parents=True, exist_ok=True)
	conf = REDIS_CONF.format(port=port, folder=folder)
	file = place.config / f"{name}.conf"
	file.write_text(conf, encoding="utf-8")
	program = find_program("redis-server")
	if not program:
		raise Trouble("Redis is not installed.", "run make setup as root, or install redis-server.")
	started = processes.ensure(place, name, [program, file], key=conf)
	processes.wait_until(place, name, lambda: processes.listens(place, name, port), 20, WAY_OUT)
	return started


def start_services(place: Place, ports: dict[str, int]) -> None:
	"""All three."""
	start_mariadb(place, ports["mariadb"])
	start_redis(place, "redis_cache", ports["redis_cache"])
	start_redis(place, "redis_queue", ports["redis_queue"])


def stop_services(place: Place) -> list[str]:
	"""Stop all three; MariaDB gets the time it needs to close its files. Returns which were running."""
	return [name for name in SERVICES if processes.stop(place, name, patience=60 if name == "mariadb" else 10)]


def flush_redis(port: int) -> None:
	"""Empty the cache: what it holds about the apps of the bench is stale once apps.txt has changed."""

	with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
		connection.sendall(b"FLUSHALL\r\n")
		connection.recv(64)


def sql(place: Place, statements: str, database: str = "", password: str | None = None) -> str:
	"""Run statements as root, return what they print, without headings."""
	done = _client(place, ["-N", "-B", *([database] if database else [])], statements, password)
	if done.returncode:
		raise Trouble(
			f"The database refused a statement ({done.stderr.decode('utf-8', 'replace').strip()[:200]}).", WAY_OUT
		)
	return done.stdout.decode("utf-8", "replace")


def dump(place: Place, database: str, file: Path) -> None:
	"""The whole database as one file; it appears whole or not at all."""
	file.parent.mkdir(parents=True, exist_ok=True)
	new = file.with_name(file.name + ".new")
	program = find_program("mariadb-dump", "mysqldump")
	with new.open("wb") as out:
		done = subprocess.run(
			[program, *_login(place), "--single-transaction", "--quick", "--skip-comments", database],
			stdout=out,
			stderr=subprocess.PIPE,
			env=_client_env(place),
		)
	if done.returncode:
		new.unlink(missing_ok=True)
		raise Trouble(f"Dumping {database} failed ({done.stderr.decode('utf-8', 'replace').strip()[:200]}).", WAY_OUT)
	os.replace(new, file)


def restore(place: Place, database: str, file: Path) -> None:
	"""Read a dump into an empty database."""
	with file.open("rb") as source:
		done = subprocess.run(
			[find_program("mysql", "mariadb"), *_login(place), database],
			stdin=source,
			capture_output=True,
			env=_client_env(place),
		)
	if done.returncode:
		raise Trouble(f"Restoring {database} failed ({done.stderr.decode('utf-8', 'replace').strip()[:200]}).", WAY_OUT)


def _free_port() -> int:
	# For the few seconds of the first start; the real port is chosen later.

	with socket.socket() as probe:
		probe.bind(("127.0.0.1", 0))
		return probe.getsockname()[1]


def _login(place: Place) -> list[str]:
	return ["--no-defaults", "-u", "root", "-S", str(socket_path(place))]


def _client_env(place: Place, password: str | None = None) -> dict[str, str]:
	# By environment, because arguments can be read by every user of the machine.
	return place.environment(MYSQL_PWD=root_password(place) if password is None else password)


def _client(
	place: Place, arguments: list[str], statements: str = "", password: str | None = None
) -> subprocess.CompletedProcess[bytes]:
	return subprocess.run(
		[find_program("mysql", "mariadb"), *_login(place), *arguments],
		input=statements.encode(),
		capture_output=True,
		env=_client_env(place, password),
	)


def is_running(place: Place, name: str) -> bool:
	"""Whether this server of ours runs."""
	return processes.running_pid(place, name) is not None
