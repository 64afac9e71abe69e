"""Which changes are tried: Cosmic Ray's, over all modules of the rules, and a sample of them drawn by a seed."""

import ast
import csv
import random
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator, operator_names

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
RULES = ROOT / "outage_response" / "domain"
# Of the replacements of one sign those that a wrong rule could have: `+` by `>>` dies of itself and would only adorn the figure.
SIGNS = (
	*("Add_Sub", "Sub_Add", "Mul_FloorDiv", "Div_Mul", "FloorDiv_Mul", "Mod_Mul", "Pow_Mul", "BitOr_BitAnd"),
	*(
		"BitAnd_BitOr",
		"RShift_LShift",
		"Eq_NotEq",
		"NotEq_Eq",
		"Lt_LtE",
		"Lt_GtE",
		"LtE_Lt",
		"LtE_Gt",
		"Gt_GtE",
		"Gt_LtE",
	),
	*("GtE_Gt", "GtE_Lt", "Is_IsNot", "IsNot_Is", "USub_UAdd", "Delete_Not"),
)
OTHERS = (
	*(
		"NumberReplacer",
		"AddNot",
		"ReplaceAndWithOr",
		"ReplaceOrWithAnd",
		"ReplaceTrueWithFalse",
		"ReplaceFalseWithTrue",
	),
	*(
		"ReplaceBreakWithContinue",
		"ReplaceContinueWithBreak",
		"ExceptionReplacer",
		"ZeroIterationForLoop",
		"RemoveDecorator",
	),
)


@dataclass(frozen=True)
class Mutant:
	"""One change of one module, by the name that Cosmic Ray gives it."""

	module: str
	operator: str
	occurrence: int
	line: int

	@property
	def function(self) -> str:
		"""Which function runs it; empty if that happens at the import."""
		return statement(self.source, self.line)[1]

	@property
	def source(self) -> str:
		return source_of(self.module)

	@cached_property
	def code(self) -> str:
		"""The module's source, changed."""
		return mutate_code(self.source, get_operator(self.operator)(), self.occurrence) or self.source

	@cached_property
	def change(self) -> tuple[str, str]:
		"""The lines that differ, before and after, without their indentation."""
		old, new = self.source.splitlines(), self.code.splitlines()
		first = next((at for at, (one, other) in enumerate(zip(old, new, strict=False)) if one != other), 0)
		last = next((at for at, (one, other) in enumerate(zip(old[::-1], new[::-1], strict=False)) if one != other), 0)
		return tuple(" ".join(text.strip() for text in lines[first : len(lines) - last]) for lines in (old, new))


@lru_cache(maxsize=64)
def source_of(module: str) -> str:
	return (RULES / f"{module}.py").read_text(encoding="utf-8")


def kept_operators() -> list[str]:
	"""Cosmic Ray's operators that are used here."""
	return [
		name
		for name in operator_names()
		if name.partition("/")[2] in OTHERS or name.endswith(tuple(f"Operator_{one}" for one in SIGNS))
	]


def mutants_of(module: str) -> Iterator[Mutant]:
	"""All of one module, but for those of annotations, which nothing runs."""
	source = (RULES / f"{module}.py").read_text(encoding="utf-8")
	nodes, skipped = list(ast_nodes(get_ast(source))), annotations(source)
	for name in kept_operators():
		operator = get_operator(name)()
		places = (start for node in nodes for start, _ in operator.mutation_positions(node))
		for occurrence, start in enumerate(places):
			if not any(begin <= start < end for begin, end in skipped):
				yield Mutant(module, name, occurrence, start[0])


def annotations(source: str) -> list[tuple[tuple[int, int], tuple[int, int]]]:
	"""From where to where types are written."""
	found = []
	for node in ast.walk(ast.parse(source)):
		for written in (getattr(node, "annotation", None), getattr(node, "returns", None)):
			if isinstance(written, ast.expr):
				found.append(((written.lineno, written.col_offset), (written.end_lineno, written.end_col_offset)))
	return found


def draw(size: int, seed: int, only: list[str]) -> list[Mutant]:
	"""So many of all modules, each by its number of mutants and at least four; 0: all."""
	modules = only or sorted(file.stem for file in RULES.glob("*.py") if file.stem != "__init__")
	population = {module: list(mutants_of(module)) for module in modules}
	total = sum(map(len, population.values()))
	drawn = []
	for module, mutants in population.items():
		share = max(4, round(size * len(mutants) / total)) if size else len(mutants)
		drawn += random.Random(f"{seed} {module}").sample(mutants, min(share, len(mutants)))
	return drawn


def equivalents() -> dict[tuple[str, str, str], str]:
	"""Changes that change nothing, each with the reason: by module and by the line before and after, wherever it stands."""
	with (HERE / "equivalents.csv").open(encoding="utf-8", newline="") as file:
		return {(row["module"], row["line"], row["becomes"]): row["why"] for row in csv.DictReader(file)}


@lru_cache(maxsize=4096)
def statement(source: str, line: int) -> tuple[range, str]:
	"""Lines of the statement (of a compound one: its head) that a line belongs to, and the outermost function that runs it."""
	best, inside = range(line, line + 1), ""
	node: ast.AST | None = parsed(source)
	names: list[str] = []
	function = ""
	while node:
		inner = [child for child in statements(node) if first_line(child) <= line <= child.end_lineno]
		node = inner[0] if inner else None
		if node:
			body = getattr(node, "body", None)
			best = range(first_line(node), body[0].lineno if body and body[0].lineno > line else node.end_lineno + 1)
			inside = function
			if isinstance(node, (ast.ClassDef, ast.FunctionDef)):
				names.append(node.name)
			if isinstance(node, ast.FunctionDef):
				function = function or ".".join(names)
	return best, inside


def statements(node: ast.AST) -> list[ast.stmt]:
	"""The statements right below."""
	parts = [part for name in ("body", "orelse", "finalbody", "handlers", "cases") for part in getattr(node, name, [])]
	return [one for part in parts for one in ([part] if isinstance(part, ast.stmt) else part.body)]


def first_line(node: ast.stmt) -> int:
	"""With its decorators."""
	return min([node.lineno, *(one.lineno for one in getattr(node, "decorator_list", ()))])


@lru_cache(maxsize=64)
def parsed(source: str) -> ast.Module:
	return ast.parse(source)


def importers(module: str) -> set[str]:
	"""The rules that import the module themselves."""
	found = set()
	for file in RULES.glob("*.py"):
		for node in ast.walk(parsed(file.read_text(encoding="utf-8"))):
			if isinstance(node, ast.ImportFrom):
				names = {(node.module or "").rpartition(".")[2], *(alias.name for alias in node.names)}
				if module in names:
					found.add(file.stem)
	return found
