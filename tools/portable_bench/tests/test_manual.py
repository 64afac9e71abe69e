"""The site of an app's pages: what is gathered for it, and where links lead there."""

from portable_bench import manual

PAGES = {"README.md": "index.md", "parts/shade/SHADE.md": "shade.md"}


def test_links_are_turned_for_the_site():
	text = "[a](../README.md#install) [b](wicks.md) [c](../parts/shade/SHADE.md) [d](#here) [e](https://example.com/README.md)"
	site = "[a](index.md#install) [b](wicks.md) [c](shade.md) [d](#here) [e](https://example.com/README.md)"
	assert manual.turned(text, "docs/oil.md", PAGES) == site


def test_links_from_outside_the_folder_are_turned_too():
	assert (
		manual.turned("[a](docs/oil.md#b) [c](parts/shade/SHADE.md)", "README.md", PAGES)
		== "[a](oil.md#b) [c](shade.md)"
	)
	assert manual.turned("[a](../../README.md)", "parts/shade/SHADE.md", PAGES) == "[a](index.md)"


def test_all_pages_lie_in_one_folder(place):
	for name in ("docs/oil.md", "README.md", "parts/shade/SHADE.md", place.app.logo.svg):
		(place.root / name).parent.mkdir(parents=True, exist_ok=True)
		(place.root / name).write_text("[a](README.md)", encoding="utf-8")
	manual.gather(place)
	found = {str(path.relative_to(place.bench / "manual")) for path in (place.bench / "manual").rglob("*.*")}
	assert found == {"oil.md", "index.md", "shade.md", "images/logo.svg"}
