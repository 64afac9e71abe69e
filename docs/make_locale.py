"""Make outage_response/locale/main.pot and zh.po, which tools for translators read, from outage_response/translations/zh.csv.

	python3 docs/make_locale.py            writes both (make translations)
	python3 docs/make_locale.py --check    only says whether they are up to date

What is translated is written in zh.csv alone. A third column there is the context: the doctype for which the word is meant.
"""

import csv
import sys
from collections.abc import Iterable
from pathlib import Path

APP = Path(__file__).resolve().parents[1] / "outage_response"
SOURCE = APP / "translations/zh.csv"
TEMPLATE, CHINESE = APP / "locale/main.pot", APP / "locale/zh.po"
ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r"})
HEAD = ("Project-Id-Version: Outage Response", "MIME-Version: 1.0", "Content-Type: text/plain; charset=utf-8")
BITS = "Content-Transfer-Encoding: 8bit"
OF_CHINESE = ("Language: zh", "Plural-Forms: nplurals=1; plural=0;")

# (text, translation, context or "")
Row = tuple[str, str, str]


def rows() -> list[Row]:
	"""What zh.csv says, in an order of its own: by text, then context."""
	with SOURCE.open(encoding="utf-8", newline="") as file:
		found = [(row[0], row[1], row[2] if len(row) > 2 else "") for row in csv.reader(file) if len(row) > 1]
	return sorted(found, key=lambda row: (row[0], row[2]))


def quoted(text: str) -> str:
	"""A text as these files quote it."""
	return f'"{text.translate(ESCAPES)}"'


def catalogue(found: Iterable[Row], head: Iterable[str], translated: bool) -> str:
	"""A whole file."""
	lines = ["# Made by docs/make_locale.py from translations/zh.csv; change that.", 'msgid ""', 'msgstr ""']
	lines += [quoted(f"{line}\n") for line in head]
	for text, translation, context in found:
		lines.append("")
		if context:
			lines.append(f"msgctxt {quoted(context)}")
		lines += [f"msgid {quoted(text)}", f"msgstr {quoted(translation if translated else '')}"]
	return "\n".join(lines) + "\n"


def files() -> dict[Path, str]:
	"""What each file should contain."""
	found = rows()
	return {
		TEMPLATE: catalogue(found, (*HEAD, BITS), translated=False),
		CHINESE: catalogue(found, (*HEAD, BITS, *OF_CHINESE), translated=True),
	}


def main(arguments: list[str]) -> int:
	"""Exit code."""
	wanted = files()
	stale = [path for path, text in wanted.items() if not path.exists() or path.read_text(encoding="utf-8") != text]
	if "--check" in arguments:
		for path in stale:
			print(f"{path} is out of step with {SOURCE.name}: make translations", file=sys.stderr)
		return 1 if stale else 0
	for path in stale:
		path.parent.mkdir(exist_ok=True)
		path.write_text(wanted[path], encoding="utf-8")
	return 0


if __name__ == "__main__":
	sys.exit(main(sys.argv[1:]))
