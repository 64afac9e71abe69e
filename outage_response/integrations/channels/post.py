"""Sends requests, several at once. Knows nothing of the site: no database, no document, no session."""

import json
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Any
from urllib.parse import urlsplit

import requests
from urllib3.exceptions import NewConnectionError

from outage_response.domain.states import PageStatus

from . import Outcome, Request, checked

AT_ONCE = 96
CONNECT_SECONDS = 4
LONGEST_ANSWER = 65_536
WORTH_ANOTHER_TRY = (408, 425, 429)


def post_all(wanted: Sequence[Request]) -> list[Outcome]:
	"""Send them, at most AT_ONCE side by side; outcomes in the same order. Ends when the last one's time is over."""
	if not wanted:
		return []
	pool = ThreadPoolExecutor(min(AT_ONCE, len(wanted)), thread_name_prefix="outage-page")
	try:
		jobs = [pool.submit(post, one) for one in wanted]
		waves = -(-len(wanted) // AT_ONCE)
		wait(jobs, timeout=ends_within(max(one.timeout for one in wanted)) * waves)
		return [
			job.result() if job.done() else Outcome(PageStatus.UNKNOWN, "no end of the answer in time") for job in jobs
		]
	finally:
		pool.shutdown(wait=False, cancel_futures=True)


def ends_within(timeout: float) -> float:
	"""Seconds after which a wave of requests that wait for at most `timeout` has ended, one way or the other."""
	return timeout + CONNECT_SECONDS + 1


def post(one: Request) -> Outcome:
	"""Send one request and read its answer."""
	began = time.monotonic()
	values = {"params": one.params} if one.method == "GET" else {"data": one.params or (one.body or "").encode()}
	try:
		with (
			checked.session(one.url, one.inside) as session,
			session.request(
				one.method,
				one.url,
				headers=one.headers,
				timeout=(CONNECT_SECONDS, one.timeout),
				allow_redirects=False,
				stream=True,
				**values,
			) as answer,
		):
			if answer.status_code >= 500 or answer.status_code in WORTH_ANOTHER_TRY:
				return Outcome("Again", f"HTTP {answer.status_code}")
			if not 200 <= answer.status_code < 300:
				return Outcome(PageStatus.FAILED, f"HTTP {answer.status_code}")
			return read(one, _text(answer, began + one.timeout))
	except checked.Refused as error:
		return Outcome(PageStatus.FAILED, f"not asked: {error}")
	except (requests.ConnectTimeout, requests.exceptions.ProxyError, requests.exceptions.SSLError) as error:
		return Outcome("Again", _words(one, error))
	except requests.ConnectionError as error:
		reason = getattr(error.args[0], "reason", None) if error.args else None
		return Outcome("Again" if isinstance(reason, NewConnectionError) else PageStatus.UNKNOWN, _words(one, error))
	except (requests.Timeout, TimeoutError) as error:
		return Outcome(PageStatus.UNKNOWN, _words(one, error))
	except (requests.RequestException, ValueError) as error:
		return Outcome(PageStatus.FAILED, _words(one, error))


def _text(answer: requests.Response, until: float) -> str:
	"""The answer's body, as far as it matters; one that drips in is not waited for."""
	found = b""
	for piece in answer.iter_content(4096):
		found += piece
		if time.monotonic() > until:
			raise TimeoutError("no end of the answer in time")
		if len(found) >= LONGEST_ANSWER:
			break
	return found.decode("utf-8", errors="replace")


def read(one: Request, text: str) -> Outcome:
	"""What the gateway's answer means: many say 200 and the error in the body."""
	if not one.accepted_field and not one.id_field:
		return Outcome(PageStatus.ACCEPTED)
	try:
		said = json.loads(text)
	except ValueError:
		said = None
	if one.accepted_field and str(dig(said, one.accepted_field)) != one.accepted_value:
		return Outcome(
			"Again", f"not accepted by {_host(one)}: its answer is not {one.accepted_field} = {one.accepted_value}"
		)
	found = dig(said, one.id_field) if one.id_field else None
	return Outcome(PageStatus.ACCEPTED, gateway_id="" if found is None else str(found)[:140])


def dig(value: Any, path: str) -> Any:
	"""The value at a path like data.0.status, or None."""
	for key in path.split("."):
		if isinstance(value, dict):
			value = value.get(key)
		elif isinstance(value, list) and key.isdigit() and int(key) < len(value):
			value = value[int(key)]
		else:
			return None
	return value


def _words(one: Request, error: Exception) -> str:
	"""What went wrong and where. Not the error's own words: they carry the address with keys and links in it, and everybody
	who sees an outage reads this."""
	return f"{type(error).__name__}: {_host(one)}"


def _host(one: Request) -> str:
	try:
		return urlsplit(one.url).hostname or "?"
	except ValueError:
		return "?"
