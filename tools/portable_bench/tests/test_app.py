"""What the tool is told of an app, and that it knows nothing else of any."""

import shutil
from pathlib import Path

import pytest

from portable_bench import app
from portable_bench.trouble import Trouble

TOOL = Path(__file__).resolve().parents[1]
EXAMPLE = Path(__file__).resolve().parent / "example"
TEXTS = (".py", ".md", ".toml", ".txt", ".js", ".json", ".svg")


def test_what_stands_in_the_file_is_known():
	known = app.read(EXAMPLE)
	assert known.name == "lamp_care" and known.own_sites == ("lamp.localhost", "show.localhost", "look.localhost")
	assert known.demo.screens == (app.Screen("keeper", "/app/lamp", "every lamp"),)
	assert known.commands["long"].module == "tests.long" and known.commands["doors"].tests[1:] == ("-s",)
	assert known.variables(SITE="x", **known.demo.when_served) == {"LAMP_SITE": "x", "LAMP_STAYS": "1"}


@pytest.mark.parametrize(
	("old", "new", "said"),
	[
		("prefix", "prefixx", "the file: no prefix, what is prefixx?"),
		("svg", "svgg", "logo: no svg, what is svgg?"),
		("country", "land", "sites: no country, what is land?"),
		("handed_on", "handed", "what is handed?"),
		("module =", "modul =", "commands.long: what is modul?"),
		("[queues]", "[queues", "cannot be read"),
		("""'{"by": null}'""", """'{"by"}'""", "cannot be read"),
	],
)
def test_what_nobody_understands_is_one_line(tmp_path, old, new, said):
	text = (EXAMPLE / app.FILE).read_text(encoding="utf-8")
	assert old in text
	(tmp_path / app.FILE).write_text(text.replace(old, new, 1), encoding="utf-8")
	with pytest.raises(Trouble) as caught:
		app.read(tmp_path)
	assert said in caught.value.line() and caught.value.code == 2 and "\n" not in caught.value.line()


def test_an_app_that_is_not_there_is_one_line(tmp_path):
	with pytest.raises(Trouble, match=r"There is no bench\.toml"):
		app.read(tmp_path)


def test_the_app_is_the_one_that_is_named_or_the_one_around(tmp_path, monkeypatch):
	assert app.find({app.ASKED: str(EXAMPLE)}) == EXAMPLE
	monkeypatch.setattr(app, "__file__", str(tmp_path / "elsewhere" / "app.py"))
	inner = tmp_path / "checkout" / "lamp_care"
	inner.mkdir(parents=True)
	monkeypatch.chdir(inner)
	with pytest.raises(Trouble, match="nor in a folder above"):
		app.find({})
	shutil.copy(EXAMPLE / app.FILE, tmp_path / "checkout")
	assert app.find({}) == tmp_path / "checkout"


def test_the_tool_does_not_know_the_app_that_it_lies_beside():
	"""Neither its code nor its tests nor its papers say a word of that app's."""
	try:
		beside = app.read(app.find({}))
	except Trouble:
		pytest.skip("it lies beside no app")
	words = [beside.prefix, beside.name, *beside.own_sites[:2], beside.demo.name, *beside.queues]
	words = [word.lower() for word in words]
	files = [path for path in TOOL.rglob("*") if path.suffix in TEXTS and "node_modules" not in path.parts]
	assert len(files) > 40
	assert [
		(str(file.relative_to(TOOL)), word)
		for file in files
		for word in words
		if word in file.read_text(encoding="utf-8").lower()
	] == []
