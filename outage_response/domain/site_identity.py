"""Is this site the one it was? A restored backup rings real people; a site that is falsely silent rings nobody. So only what a
copy always changes counts, and what changes by itself (a container's host name, a new address) does not.

	name, database     a backup that is restored beside the site has others
	word               lies in a file of the site's folder that no backup takes; a folder made anew has none
	inode and host     a folder that was copied as a whole to another machine has both others. One alone says nothing: a
	                   container gets a new host name at each start and finds the same file, a disk that is exchanged has
	                   new inodes on the same host. Where a folder has other inodes for each host (some that are shared by
	                   network, or with a container), the inode is left out
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

SITE, DATABASE, FOLDER, HOST, UNKNOWN = "site", "database", "folder", "host", "unknown"
# A site that this was never asked before is believed if it has been at work until now, or never yet
AT_WORK_WITHIN = timedelta(minutes=60)


@dataclass(frozen=True)
class Identity:
	"""What a site is known by. `word` and `inode` are None where the file cannot be read (that says nothing), "" where there
	is none. `inode` is also "" where it says nothing."""

	site: str = ""
	database: str = ""
	word: str | None = ""
	inode: str | None = ""
	host: str = ""


def differences(known: Identity, seen: Identity) -> tuple[str, ...]:
	"""In what the site is another one than it was."""
	found = []
	if known.site != seen.site:
		found.append(SITE)
	if known.database != seen.database:
		found.append(DATABASE)
	if known.word and seen.word is not None:
		if known.word != seen.word:
			found.append(FOLDER)
		elif known.inode and seen.inode and known.inode != seen.inode and known.host != seen.host:
			found.append(HOST)
	return tuple(found)


def is_believed_unasked(last_sweep: datetime | None, now: datetime) -> bool:
	"""May a site of which nothing is known yet take itself for what it is, while somebody waits to be rung? A backup of an
	earlier version of the app, restored later, has stood still since."""
	return last_sweep is None or abs(now - last_sweep) <= AT_WORK_WITHIN
