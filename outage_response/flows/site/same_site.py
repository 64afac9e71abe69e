"""The site knows itself: what it is known by, and whether it is another one now. Then nothing leaves it (`paging/restored_backup.py`).

What is on record stands in the Single *Outage Site*; what is compared, and why, in `domain/site_identity.py`.
"""

import contextlib
import os
import socket
from collections.abc import Sequence
from pathlib import Path

import frappe
from frappe import _
from frappe.utils import cint, now_datetime

from outage_response import permissions
from outage_response.domain import authority
from outage_response.domain import site_identity as rules
from outage_response.domain.site_identity import Identity

from ..facts import who_was_rung

DOCTYPE = "Outage Site"
WORD_FILE = "outage_response_site"
# In site_config: the site's folder has other inodes for each machine or container that it is mounted in
SHARED_FOLDER = "outage_response_shared_folder"


def is_muted() -> bool:
	"""Must nothing leave this site? Asked wherever something does."""
	return bool(compare()[2])


def state() -> dict | None:
	"""None while the site is the one it was. Else `since` (text; None: no job has looked yet), `reasons` (sentences),
	`may_confirm`."""
	known, seen, changed = compare()
	if not changed:
		return None
	return {
		"since": known.get("muted_since") or None,
		"reasons": _reasons(known, seen, changed),
		"may_confirm": authority.may("confirm_site", permissions.roles_of()),
	}


def compare() -> tuple[dict, Identity, tuple[str, ...]]:
	"""(what is on record, what is seen now, in what they differ)."""
	known, seen = frappe.db.get_singles_dict(DOCTYPE), _seen()
	if known.get("site_name"):
		on_record = Identity(
			known.site_name,
			known.get("database_name") or "",
			known.get("folder_word") or "",
			known.get("inode") or "",
			known.get("host") or "",
		)
		return known, seen, rules.differences(on_record, seen)
	return known, seen, () if _is_believed(known) else (rules.UNKNOWN,)


def _is_believed(known: dict) -> bool:
	"""A site of which nothing is on record but since when it is silent: that is ended by a person, not by its clock, which runs
	again."""
	if known.get("muted_since"):
		return False
	if not who_was_rung.is_waiting():
		return True
	return rules.is_believed_unasked(who_was_rung.last_sweep(), now_datetime())


def know(seen: Identity | None = None, **more: object) -> None:
	"""Put on record what the site is now, and `more` beside it; a word into its folder where there is none. On a folder that takes
	none, name and database decide; a word that could be written later counts from then on."""
	seen = seen or _seen()
	word, inode = _new_word() if seen.word == "" else (seen.word, seen.inode)
	write(
		site_name=seen.site,
		database_name=seen.database,
		folder_word=word or "",
		inode=inode or "",
		host=seen.host,
		**more,
	)


def write(**values: object) -> None:
	"""Change what is on record; what stands there already is not written again."""
	known = frappe.db.get_singles_dict(DOCTYPE)
	for field, value in values.items():
		if str(known.get(field) or "") != str(value or ""):
			frappe.db.set_single_value(DOCTYPE, field, value, update_modified=False)


def in_short(one: dict | Identity) -> str:
	"""Name, database and host, for the record."""
	if isinstance(one, Identity):
		return ", ".join(each for each in (one.site, one.database, one.host) if each)
	return ", ".join(each for each in (one.get("site_name"), one.get("database_name"), one.get("host")) if each)


def _seen() -> Identity:
	word, inode = _word()
	return Identity(frappe.local.site, frappe.conf.db_name or "", word, inode, socket.gethostname())


def _file() -> Path:
	return Path(frappe.get_site_path(WORD_FILE))


def _word() -> tuple[str | None, str | None]:
	file = _file()
	try:
		word, inode = file.read_text(encoding="utf-8").strip(), str(file.stat().st_ino)
		return word, "" if cint(frappe.conf.get(SHARED_FOLDER)) else inode
	except FileNotFoundError:
		return "", ""
	except (OSError, ValueError):
		return None, None


def _new_word() -> tuple[str | None, str | None]:
	"""Write a word; of all jobs that begin at this moment the first one's stays, as a whole."""
	file, word = _file(), frappe.generate_hash(length=20)
	new = file.with_name(f"{WORD_FILE}.{word}")
	try:
		if file.exists() and not file.stat().st_size:  # the disk was full when it was written
			file.unlink()
		new.write_text(word, encoding="utf-8")
		os.link(new, file)
	except FileExistsError:
		pass
	except OSError:
		frappe.logger("outage_response").warning("no word in the site's folder", exc_info=True)
	with contextlib.suppress(OSError):
		new.unlink()
	return _word()


def _reasons(known: dict, seen: Identity, changed: Sequence[str]) -> list[str]:
	texts = {
		rules.SITE: _("it was the site {0} and is {1}").format(known.get("site_name"), seen.site),
		rules.DATABASE: _("its database was {0} and is {1}").format(known.get("database_name"), seen.database),
		rules.FOLDER: _("its folder was made anew, as when a backup is restored"),
		rules.HOST: _("its folder was copied from the machine {0} to {1}").format(known.get("host"), seen.host),
		rules.UNKNOWN: _("it has stood still, and nobody knows which site it was"),
	}
	return [texts[one] for one in changed]
