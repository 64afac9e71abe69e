"""Are the subjects of commits as CONTRIBUTING.md wants them?

python3 .ci/commit_subjects.py FILE            of the message that is about to be committed (a git hook, .pre-commit-config.yaml)
python3 .ci/commit_subjects.py --since BASE    of all commits after BASE
"""

import re
import subprocess
import sys
from pathlib import Path

LONGEST = 72
SUBJECT = re.compile(r"(feat|fix|docs|test|refactor|chore)(\([a-z_]+\))?: \S.*[^.\s]")
# git writes these by itself
OF_GIT = re.compile(r"(Merge |Revert \"|fixup! |squash! |amend! )")


def fault(subject: str) -> str:
	"""What is wrong with a subject; empty: nothing."""
	if OF_GIT.match(subject):
		return ""
	if len(subject) > LONGEST:
		return f"longer than {LONGEST} characters ({len(subject)})"
	return (
		""
		if SUBJECT.fullmatch(subject)
		else "wants feat:, fix:, docs:, test:, refactor: or chore: and a text without a full stop"
	)


def main(arguments: list[str]) -> int:
	"""Exit code."""
	if arguments[:1] == ["--since"]:
		asked = ["git", "log", "--no-merges", "--format=%s", f"{arguments[1]}..HEAD"]
		subjects = subprocess.run(asked, capture_output=True, text=True, check=True).stdout.splitlines()
	else:
		lines = Path(arguments[0]).read_text(encoding="utf-8").splitlines()
		subjects = [next((line for line in lines if line.strip() and not line.startswith("#")), "")]
	found = [(subject, wrong) for subject in subjects if (wrong := fault(subject))]
	for subject, wrong in found:
		print(f"{subject!r}: {wrong}", file=sys.stderr)
	return 1 if found else 0


if __name__ == "__main__":
	sys.exit(main(sys.argv[1:]))
