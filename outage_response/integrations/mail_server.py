"""Sends mails of Frappe's queue by Frappe's own code, but waits for no mail server longer than a few seconds.

Frappe asks an SMTP server without a limit, or with one of two minutes, and all its jobs share the workers. Which mails are
ours to send: `messages.py`.
"""

import smtplib
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import frappe
from frappe.email.oauth import Oauth
from frappe.email.smtp import SMTPServer
from frappe.model.document import Document
from frappe.utils import get_hook_method

from outage_response import locks

ANSWER_SECONDS = 10
WAITING = ("Not Sent", "Partially Sent")

SENT = "Sent"
REFUSED = "Refused"  # this mail; others may do better
AWAY = "Away"  # nobody there, or the login was refused: no mail of this account leaves now, and none has lost a try
SILENT = "Silent"  # no answer in time
LEFT = "Left"  # not tried: its account has just failed
UNKNOWN = "Unknown"  # the mail was handed over, and the word that it was taken never came


class Sender:
	"""Sends some mails one after the other, over one line for each account. Use as a context.

	An account that fails is left alone, and the mails of others go on. `account`: the one that the last mail names ("": none).

	fill  changes a mail in memory before it leaves: what must not lie in a table, such as a link that answers for somebody.
	      All versions of Frappe make what leaves out of the document that is asked to send (`SendMailContext.build_message`),
	      by whatever road it goes
	"""

	def __init__(self, fill: Callable[[Document], None] | None = None) -> None:
		self.fill = fill
		self.servers: dict[str, _Server] = {}
		self.left_alone: set[str] = set()
		self.account = ""

	def __enter__(self) -> "Sender":
		return self

	def __exit__(self, *_error) -> None:
		with limited():
			for server in self.servers.values():
				server.leave()

	def send(self, name: str) -> str:
		"""Send one row of Email Queue; how it ended. Frappe's code commits and writes the row's status; raises
		only what the database does: a mail that was handed over then stands as being sent, and nobody sends it again.

		A mail that somebody else has sent meanwhile counts as sent.
		"""
		with limited():
			outcome = self._send(name)
			if outcome in (AWAY, SILENT, UNKNOWN):
				self.left_alone.add(self.account)
		return _undone(outcome)

	def _send(self, name: str) -> str:
		frappe.db.rollback()
		self.account = ""
		try:
			mail = frappe.db.get_value("Email Queue", name, ["email_account"], as_dict=True)
			if not mail:
				return SENT
			self.account = mail.email_account or ""
			if self.account in self.left_alone:
				return LEFT
			server = self._server_of(frappe.get_doc("Email Queue", name))
			_line = server and server.session  # before the mail is touched: a server that is away costs it no try
		except Exception as error:
			frappe.logger("outage_response").warning("mail account %s", self.account or "?", exc_info=True)
			return SILENT if is_timeout(error) else AWAY
		frappe.db.rollback()
		return self._hand_over(name, server)

	def _hand_over(self, name: str, server: "_Server | None") -> str:
		"""Give the mail to its server; how it ended."""
		try:
			# the row's lock lets one of two jobs have it: Frappe marks it as being sent, and commits
			row = locks.row("Email Queue", name)
			if row and row.status in WAITING:
				mail = frappe.get_doc("Email Queue", name)
				if not self._filled(mail):
					return REFUSED
				mail.send(smtp_server_instance=server)
			return SENT
		except Exception as error:
			if server and server.has_it(error):
				return SENT if _was_noted(name) else UNKNOWN
			return SILENT if is_timeout(error) else REFUSED

	def _filled(self, mail: Document) -> bool:
		"""Is the mail whole? One that cannot be made so never leaves: a try less would change nothing."""
		try:
			if self.fill:
				self.fill(mail)
			return True
		except LookupError as error:
			frappe.db.set_value("Email Queue", mail.name, {"status": "Error", "error": str(error)})
			frappe.db.commit()
			return False

	def _server_of(self, mail: Document) -> "_Server | None":
		"""None: no mail server of ours to ask, but a service by HTTP, or an app that sends all mails of the site its own way."""
		if get_hook_method("override_email_send"):
			return None
		account = mail.get_email_account()
		if not account:
			raise LookupError("no outgoing Email Account")
		if account.get("service") == "Frappe Mail":
			return None
		if account.name not in self.servers:
			self.servers[account.name] = _Server(**account.sendmail_config())
		return self.servers[account.name]


class _Server(SMTPServer):
	"""Frappe's, with a limit to each answer."""

	_session: "_Line | None"  # the line that there is

	@property
	def session(self) -> smtplib.SMTP:
		"""The line to the server: the one there is, or a new one. Raises what smtplib raises."""
		if self._session and self.is_session_active():
			return self._session
		# an account has these in later versions of Frappe
		kept = {name: getattr(self, name, None) for name in ("source_address", "local_hostname")}
		line = (_LineWithTLS if self.use_ssl else _Line)(self.server, self.port, timeout=ANSWER_SECONDS, **kept)
		self.secure_session(line)
		if self.use_oauth:
			Oauth(line, self.email_account, self.login, self.access_token).connect()
		elif self.password:
			line.login(str(self.login or ""), str(self.password or ""))
		self._session = line
		return line

	def has_it(self, error: Exception) -> bool:
		"""May the server have taken the mail that ended with this error? A refusal in words is a no."""
		return bool(self._session and self._session.handed_over) and not isinstance(
			error, smtplib.SMTPResponseException
		)

	def leave(self) -> None:
		try:
			if self._session:
				self._session.quit()
		except (OSError, smtplib.SMTPException):
			pass


class _Line(smtplib.SMTP):
	"""`handed_over`: what left last is a mail's text (bytes; all other words are str)."""

	handed_over = False

	def send(self, s):
		self.handed_over = isinstance(s, bytes)
		super().send(s)


class _LineWithTLS(_Line, smtplib.SMTP_SSL):
	pass


def is_timeout(error: BaseException | None) -> bool:
	"""Was somebody waited for in vain? smtplib and Frappe raise an error of their own over it."""
	while error is not None:
		if isinstance(error, TimeoutError) or type(error).__name__ == "JobTimeoutException":
			return True
		error = error.__cause__ or error.__context__
	return False


@contextmanager
def limited(seconds: float = ANSWER_SECONDS) -> Iterator[None]:
	"""Within, a line that is opened without a limit of its own has this one: what Frappe asks besides (the folder of sent
	mails). For jobs, which have their process to themselves."""
	before = socket.getdefaulttimeout()
	socket.setdefaulttimeout(seconds)
	try:
		yield
	finally:
		socket.setdefaulttimeout(before)


def _was_noted(name: str) -> bool:
	"""Has everybody had the mail on record, and only what Frappe does besides went wrong (the folder of sent mails)? Then it
	is not tried again for that."""
	frappe.db.rollback()
	if frappe.db.exists("Email Queue Recipient", {"parent": name, "status": ("!=", "Sent")}):
		return False
	frappe.db.set_value("Email Queue", name, "status", "Sent")
	# At once, in a job: a mail that is out must not go out again because something after it fails
	frappe.db.commit()  # nosemgrep: frappe-manual-commit
	return True


def _undone(outcome: str) -> str:
	frappe.db.rollback()
	frappe.clear_messages()
	return outcome
