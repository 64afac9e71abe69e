"""A bench somebody already has: found out about, used, never changed."""

from dataclasses import dataclass
from pathlib import Path

from portable_bench.bench import read_json
from portable_bench.place import Place
from portable_bench.trouble import Trouble


@dataclass(frozen=True)
class Target:
	"""Bench and site that tests or the demo run on."""

	bench: Path
	site: str
	url: str = ""

	@property
	def python(self) -> Path:
		return self.bench / "env" / "bin" / "python"

	def config(self) -> dict[str, object]:
		"""The site's settings, the bench's common ones below them."""
		sites = self.bench / "sites"
		return read_json(sites / "common_site_config.json") | read_json(sites / self.site / "site_config.json")


def existing_target(place: Place, bench: str | None, site: str | None) -> Target | None:
	"""BENCH= and SITE= as given to make; None if neither was."""
	if not bench and not site:
		return None
	if not bench or not site:
		missing, given = ("SITE", "BENCH") if bench else ("BENCH", "SITE")
		raise Trouble(
			f"{given} was given without {missing}.",
			"give both: BENCH=/path/to/bench SITE=name, or none for the portable bench.",
			code=2,
		)
	target = Target(Path(bench).expanduser().resolve(), site)
	if not target.python.exists() or not (target.bench / "sites").is_dir() or not (target.bench / "apps").is_dir():
		raise Trouble(
			f"{target.bench} is not a bench (env/bin/python, sites/ and apps/ are expected there).",
			"give the folder that `bench init` made.",
			code=2,
		)
	if not (target.bench / "sites" / site / "site_config.json").exists():
		raise Trouble(
			f"The bench {target.bench} has no site {site}.",
			f"create it there: bench new-site {site}, then bench --site {site} install-app {place.app.name}",
			code=2,
		)
	if not (target.bench / "apps" / place.app.name).exists():
		raise Trouble(
			f"The bench {target.bench} has no app {place.app.name}.",
			f"in that bench: bench get-app <this checkout>, then bench --site {site} install-app {place.app.name}",
			code=2,
		)
	if not target.config().get("allow_tests"):
		raise Trouble(
			f"The site {site} does not allow tests.",
			f"use a site made for trying, and there: bench --site {site} set-config allow_tests true",
			code=2,
		)
	port = target.config().get("webserver_port") or 8000
	return Target(target.bench, site, str(target.config().get("host_name") or f"http://{site}:{port}"))


def other_code(target: Target, place: Place) -> str | None:
	"""A warning if that bench's app is not this checkout: what is tested would not be what is read here."""
	app = (target.bench / "apps" / place.app.name).resolve()
	return (
		None
		if app == place.root
		else f"Note: the bench's app is {app}, not this checkout; its code is what runs on the site."
	)
