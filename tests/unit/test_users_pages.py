"""The users' pages say the same in English and Chinese, and the site of `make docs` shows every page."""

import re
from pathlib import Path

import pytest
import tomllib

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
USERS = ("running-an-outage", "setting-up-a-property", "residents", "paging", "security")
HEADING = re.compile(r"^(#+) ", re.MULTILINE)
CODE = re.compile(r"^( {4,}|\t).*$|^```.*?^```", re.MULTILINE | re.DOTALL)
HALF_WIDTH = re.compile(r"[\u4e00-\u9fff][,;:?!]|[,;?!][\u4e00-\u9fff]")


def text_of(name: str) -> str:
	return (DOCS / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("page", USERS)
def test_both_languages_have_the_same_headings(page):
	assert HEADING.findall(text_of(f"{page}.zh.md")) == HEADING.findall(text_of(f"{page}.md"))


@pytest.mark.parametrize("page", USERS)
def test_both_languages_show_the_same_files(page):
	def linked(text: str) -> set[str]:
		return set(re.findall(r"\((samples/[\w.-]+|images/[\w.-]+)\)", text.replace("-zh.png", "-en.png")))

	assert linked(text_of(f"{page}.zh.md")) == linked(text_of(f"{page}.md"))


@pytest.mark.parametrize("page", USERS)
def test_chinese_is_punctuated_as_chinese(page):
	assert HALF_WIDTH.findall(re.sub(r"`[^`]*`|\]\([^)]*\)", "", CODE.sub("", text_of(f"{page}.zh.md")))) == []


def test_every_page_is_in_the_navigation():
	config = (ROOT / "mkdocs.yml").read_text(encoding="utf-8").partition("\nnav:")[2]
	outside = tomllib.loads((ROOT / "bench.toml").read_text(encoding="utf-8"))["pages"].values()
	pages = {path.name for path in DOCS.glob("*.md") if not path.name.endswith(".zh.md")} | set(outside)
	assert {page for page in pages if f" {page}\n" not in config} == {
		"license.txt",
		"code-of-conduct.md",
		"example-bench.toml",
	}
