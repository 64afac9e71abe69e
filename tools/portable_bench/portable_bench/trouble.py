"""Errors a person can act on: what is wrong, and the way out."""

import re


class Trouble(Exception):
	"""Ends a command with one line instead of a traceback. Code 2: the call was wrong; code 1: the machine was."""

	def __init__(self, what: str, way_out: str, code: int = 1):
		super().__init__(what)
		self.what = what
		self.way_out = way_out
		self.code = code

	def line(self) -> str:
		"""The one line that is printed."""
		return f"{self.what} Way out: {self.way_out}"


NO_INDEX = (
	"could not fetch url",
	"connection broken",
	"name resolution",
	"name or service not known",
	"network is unreachable",
	"newconnectionerror",
	"connection refused",
	"connection reset",
	"connection timed out",
	"read timed out",
	"connecttimeout",
	"proxyerror",
	"cannot connect to proxy",
	"sslerror",
	"502 bad gateway",
	"503 service unavailable",
	"could not resolve",
	"failed to fetch",
	"unable to connect",
	# npm
	"enotfound",
	"econnrefused",
	"econnreset",
	"etimedout",
	"eai_again",
)


APT_IS_BUSY = ("could not get lock", "unable to acquire the dpkg", "was locked by another process")


def explain(output: str, doing: str, log: str) -> Trouble:
	"""Turn the output of a failed pip or apt run into the line that tells the reader what to do."""
	low = output.lower()
	if "no space left on device" in low or "not enough free space" in low or "enospc" in low:
		return Trouble(f"The disk is full ({doing}).", "free some space and run the same command again; it resumes.")
	if any(sign in low for sign in APT_IS_BUSY):
		return Trouble(
			f"Another package installation holds apt's lock ({doing}).",
			"wait until it is done and run the same command again.",
		)
	# As whole words: "ModuleNotFoundError" is no ENOTFOUND
	if any(re.search(rf"\b{re.escape(sign)}\b", low) for sign in NO_INDEX):
		return Trouble(
			f"The package index does not answer ({doing}).",
			"check the network or the proxy settings and run the same command again; it resumes where it stopped.",
		)
	lines = [line.strip() for line in output.splitlines() if line.strip()]
	# pip, apt, npm and the builder mark what went wrong, and then go on talking.
	marked = [line for line in lines if line.startswith(("ERROR:", "E: ", "npm error", "error:"))]
	last = marked[0] if marked else lines[-1] if lines else "no output"
	return Trouble(f"Failed: {doing} ({last[:160]}).", f"read {log} and run the same command again.")
