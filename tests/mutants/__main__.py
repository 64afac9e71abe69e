"""`make mutants`: rules are changed one place at a time, and the unit tests that run that place must notice."""

import argparse
import os
import pickle
import sys
import time
from collections import Counter, defaultdict

from tests.mutants.drawing import ROOT, Mutant, draw, equivalents
from tests.mutants.running import SURVIVED, Trials, in_a_child, measure


def report(results: dict[Mutant, int], known: dict[tuple[str, str, str], str], seconds: float) -> tuple[str, float]:
	"""Survivors line by line and a table of modules; and the share that died."""
	table: dict[str, Counter] = defaultdict(Counter)
	out = []
	for mutant, code in sorted(results.items(), key=lambda pair: (pair[0].module, pair[0].line)):
		line, becomes = mutant.change
		equivalent = known.get((mutant.module, line, becomes)) or known.get((mutant.module, line, "*"))
		kind = "died" if code not in SURVIVED else "equivalent" if equivalent else "survived"
		table[mutant.module][kind] += 1
		if kind != "died":
			out += [f"{kind} {mutant.module}.py:{mutant.line} {mutant.operator}", f"\t- {line}", f"\t+ {becomes}"]
			out += [f"\t  {equivalent}"] * bool(equivalent)
	total = sum(table.values(), Counter())
	counted = total["died"] + total["survived"]
	share = total["died"] / counted if counted else 1.0
	out += ["", f"{'module':28}{'tried':>8}{'died':>8}{'survived':>10}{'equivalent':>12}"]
	for module, row in [*sorted(table.items()), ("all", total)]:
		out.append(f"{module:28}{row.total():8}{row['died']:8}{row['survived']:10}{row['equivalent']:12}")
	out.append(f"{share:.1%} of {counted} died, {seconds:.0f} s.")
	return "\n".join(out), share


def main() -> int:
	"""The exit code is 1 where less dies than is asked for."""
	parser = argparse.ArgumentParser(prog="make mutants", description=__doc__)
	parser.add_argument("--sample", type=int, default=420, help="how many; 0: all")
	parser.add_argument("--seed", type=int, default=14)
	parser.add_argument("--processes", type=int, default=2)
	parser.add_argument("--least", type=float, default=0.95, help="the share that must die")
	parser.add_argument("--again", action="store_true", help="which test runs what is as it was measured last")
	parser.add_argument("modules", nargs="*", help="only these modules of domain/")
	options = parser.parse_args()
	os.chdir(ROOT)
	begun = time.monotonic()
	folder = ROOT / ".bench" / "mutants"
	folder.mkdir(parents=True, exist_ok=True)
	kept = folder / "tests.pickle"
	if not options.again or not kept.exists():
		kept.write_bytes(pickle.dumps(in_a_child(measure)))
	code, seconds, lines = pickle.loads(kept.read_bytes())
	if code:
		sys.exit("The tests fail without any change; nothing was tried.")
	mutants = draw(options.sample, options.seed, options.modules)
	print(f"{len(mutants)} mutants, {time.monotonic() - begun:.0f} s until here.", flush=True)
	results = Trials(options.processes, seconds, lines).all(mutants)
	text, share = report(results, equivalents(), time.monotonic() - begun)
	(folder / "report.txt").write_text(text + "\n", encoding="utf-8")
	print(text)
	return 0 if share >= options.least else 1


if __name__ == "__main__":
	sys.exit(main())
