"""No function of the app asks for more than somebody can keep in mind, and no file is longer than somebody reads."""

import ast

import pytest
from radon.complexity import ComplexityVisitor
from radon.visitors import Class, Function

from .test_architecture import APP, ROOT

MOST_BRANCHES = 15  # McCabe's measure, as `radon cc` gives it
MOST_LINES_OF_A_FUNCTION = 60  # with its decorators and its docstring
MOST_LINES_OF_A_FILE = 400
FILES = {str(path.relative_to(ROOT)): path for path in sorted(APP.rglob("*.py"))}


def functions(blocks: list) -> list[Function]:
	"""The functions and methods among these, and those inside them."""
	found = []
	for block in blocks:
		inner = [*block.methods, *block.inner_classes] if isinstance(block, Class) else block.closures
		found += [*([] if isinstance(block, Class) else [block]), *functions(inner)]
	return found


def too_branched(source: str, most: int = MOST_BRANCHES) -> dict[str, int]:
	"""function -> its complexity, where that is too much."""
	found = functions(ComplexityVisitor.from_code(source).blocks)
	return {one.fullname: one.complexity for one in found if one.complexity > most}


def too_long(source: str, most: int = MOST_LINES_OF_A_FUNCTION) -> dict[str, int]:
	"""function -> its lines, where those are too many."""
	found = {}
	for node in ast.walk(ast.parse(source)):
		if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
			first = min([node.lineno, *(one.lineno for one in node.decorator_list)])
			lines = (node.end_lineno or first) - first + 1
			if lines > most:
				found[node.name] = lines
	return found


@pytest.mark.parametrize("file", FILES)
def test_each_function_can_be_kept_in_mind(file):
	source = FILES[file].read_text(encoding="utf-8")
	assert too_branched(source) == {}, f"{file}: more complex than {MOST_BRANCHES}"
	assert too_long(source) == {}, f"{file}: functions of more than {MOST_LINES_OF_A_FUNCTION} lines"


@pytest.mark.parametrize("file", FILES)
def test_each_file_is_of_one_matter(file):
	lines = len(FILES[file].read_text(encoding="utf-8").splitlines())
	assert lines <= MOST_LINES_OF_A_FILE, f"{file}: {lines} lines"


def test_the_measures_find_what_is_too_much():
	source = (
		"class A:\n\tdef method(self):\n\t\tif self:\n\t\t\treturn 1\n\n"
		"def outer():\n\tdef inner():\n\t\treturn 1 if inner else 2\n\n\treturn inner\n\n"
		"@named\ndef short():\n\tpass\n"
	)
	assert len(FILES) > 300
	assert too_branched(source, 1) == {"A.method": 2, "inner": 2}
	assert too_branched(source, 2) == {}
	assert too_long(source, 2) == {"method": 3, "outer": 5, "short": 3}
	assert too_long(source, 5) == {}
