"""What residents' pages cost: requests a second, against the framework's own ping and a bare page of it, in one run.

	OUTAGE_BENCH=/path/to/bench OUTAGE_SITE=name <bench>/env/bin/python -m benchmarks.portal --url http://name:8000

A throwaway tower with a running outage, a public status page and a resident with a login is committed, asked for through
the web server at `--url`, and deleted. Aims: the status page at least half as fast as ping, a resident's own page at
least as fast as the bare page. Refuses a site that does not allow tests.
"""

import argparse
import http.client
import sys
import threading
import time
from urllib.parse import quote, urlencode, urlsplit

import frappe
from frappe.installer import update_site_config
from frappe.utils.password import update_password

from .declare import site

NAME = "Portal Benchmark"
PASSWORD = "benchmark-Of-pages-1"
LIMIT = "outage_requests_a_minute"  # of the site's config: one address asks for everybody here


def world() -> tuple[str, str]:
	"""(path of the resident's outage, address of the resident); committed."""
	from outage_response.flows.incident import declaring
	from tests.site import live
	from tests.site import world as build
	from tests.site.portal_pages import give_login

	live.sweep(NAME)
	made = build.make_tower(NAME, floors=20)
	frappe.db.set_value("Managed Property", NAME, "public_status_page", 1)
	address = give_login(made["contacts"][0], build.user("benchmark"))
	update_password(address, PASSWORD)
	name = declaring.declare(NAME, [made["room"]], "II")["incident"]
	frappe.db.commit()
	return f"/outages/{name}", address


def sweep() -> None:
	from tests.site import live
	from tests.site import world as build

	live.sweep(NAME)
	live._delete_people([build.user(name) for name in (*build.ROLES, "resident", "benchmark")])
	frappe.db.commit()


def here(host: str) -> str:
	"""Browsers know that *.localhost is this machine; the resolver need not."""
	return "127.0.0.1" if host.endswith(".localhost") else host


def ask(connection: http.client.HTTPConnection, path: str, headers: dict) -> tuple[int, int]:
	connection.request("GET", path, headers=headers)
	answer = connection.getresponse()
	return answer.status, len(answer.read())


def login(url, host: str, address: str) -> dict:
	"""The headers of a resident's session."""
	connection = http.client.HTTPConnection(here(url.hostname), url.port, timeout=30)
	form = urlencode({"usr": address, "pwd": PASSWORD})
	connection.request(
		"POST", "/api/method/login", form, {"Host": host, "Content-Type": "application/x-www-form-urlencoded"}
	)
	answer = connection.getresponse()
	answer.read()
	cookies = [
		value.split(";", 1)[0] for name, value in answer.getheaders() if name == "Set-Cookie" and "sid=" in value
	]
	if answer.status != 200 or not cookies:
		sys.exit(f"The resident could not log in: HTTP {answer.status}")
	return {"Host": host, "Cookie": "; ".join(cookies)}


def per_second(url, path: str, headers: dict, seconds: float, threads: int, wanted: tuple[int, ...]) -> tuple:
	"""(requests a second, bytes of an answer) by so many readers at once. Only answers with a wanted status count."""
	counts, sizes, wrong = [0] * threads, [0] * threads, []
	end = time.monotonic() + seconds

	def read(index: int) -> None:
		connection = http.client.HTTPConnection(here(url.hostname), url.port, timeout=30)
		while time.monotonic() < end:
			try:
				status, size = ask(connection, path, headers)
			except (http.client.HTTPException, OSError):
				connection.close()
				continue
			if status in wanted:
				counts[index], sizes[index] = counts[index] + 1, size
			else:
				wrong.append(status)

	readers = [threading.Thread(target=read, args=(index,)) for index in range(threads)]
	for reader in readers:
		reader.start()
	for reader in readers:
		reader.join()
	if wrong:
		print(f"  {path}: {len(wrong)} answers were HTTP {sorted(set(wrong))}")
	return sum(counts) / seconds, max(sizes)


def main(arguments: list[str] | None = None) -> None:
	parser = argparse.ArgumentParser(prog="python -m benchmarks.portal", description=__doc__.splitlines()[0])
	parser.add_argument("--url", required=True, help="where the web server answers")
	parser.add_argument("--seconds", type=float, default=6)
	parser.add_argument("--readers", type=int, default=4)
	options = parser.parse_args(arguments)
	url = urlsplit(options.url)
	with site():
		host = frappe.local.site
		limit = frappe.conf.get(LIMIT)
		update_site_config(LIMIT, 10_000_000)
		try:
			own, address = world()
			visitor, resident = {"Host": host}, login(url, host, address)
			found = {}
			for what, path, headers in (
				("ping", "/api/method/ping", visitor),
				("bare page", "/about", visitor),
				("status page", f"/outage-status/{quote(NAME)}", visitor),
				("own outage page", own, resident),
				("own list", "/outages", resident),
			):
				per_second(url, path, headers, 0.5, 1, (200,))
				found[what], size = per_second(url, path, headers, options.seconds, options.readers, (200,))
				print(f"{found[what]:8.1f}/s {size:7d} bytes  {what}")
			print(f"status page / ping: {found['status page'] / found['ping']:.2f} (aim 0.5)")
			print(f"own page / bare page: {found['own outage page'] / found['bare page']:.2f} (aim 1)")
		finally:
			update_site_config(LIMIT, "None" if limit is None else limit)  # "None" takes it away
			frappe.db.rollback()
			sweep()


if __name__ == "__main__":
	main()
