"""The web server of the bench, on loopback only: the framework's own `serve` listens on every address.

Usage: python -m portable_bench.inside.serve SITES_FOLDER PORT [SITE]   (without SITE the Host header names the site)
"""

import logging
import os
import sys
from pathlib import Path


def main(sites: str, port: str, site: str | None = None) -> None:
	"""Serve until ended."""
	os.chdir(sites)
	import frappe.app
	from frappe.middlewares import StaticDataMiddleware
	from werkzeug.middleware.shared_data import SharedDataMiddleware
	from werkzeug.serving import run_simple

	default = site
	if site:
		frappe.app._site = site
	else:
		default = frappe.get_conf().default_site

	framework = frappe.app.application
	known = {path.parent.name for path in Path().glob("*/site_config.json")}

	def by_host(environ, start_response):
		# An address that names no site (127.0.0.1) means the default one, for pages and for files alike.
		host = environ.get("HTTP_HOST", "").partition(":")[0]
		if host not in known and not Path(host, "site_config.json").exists() and default:
			environ["HTTP_X_FRAPPE_SITE_NAME"] = environ.get("HTTP_X_FRAPPE_SITE_NAME") or default
		return framework(environ, start_response)

	# Asked for again each time (and mostly answered "not modified"): only bundles have a hash in their name.
	files = {
		"/assets": str(Path("assets").resolve()),
		# browsers ask for it on pages that name no mark of their own, such as the framework's print view
		"/favicon.ico": str(Path("assets/frappe/images/frappe-favicon.svg").resolve()),
	}
	application = SharedDataMiddleware(by_host, files, cache_timeout=0)
	application = StaticDataMiddleware(application, {"/files": str(Path().resolve())})
	logging.getLogger("werkzeug").propagate = False
	run_simple("127.0.0.1", int(port), application, threaded=True, use_reloader=False, use_debugger=False)


if __name__ == "__main__":
	main(*sys.argv[1:])
