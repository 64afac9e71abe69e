"""Draw the app's icons from its logo, outage_response/public/images/outage_response.svg, after that has changed.

	python3 docs/make_icons.py [chromium]       writes the PNG files beside it

Phones that take no SVG get PNG files: with round corners as it is, and filled to the edge for systems that cut out a shape of their own.
"""

import base64
import subprocess
import sys
import tempfile
from pathlib import Path

IMAGES = Path(__file__).resolve().parents[1] / "outage_response/public/images"
LOGO = IMAGES / "outage_response.svg"
# name -> (pixels, is it filled to the edge?)
ICONS = {
	"outage_response-192.png": (192, False),
	"outage_response-512.png": (512, False),
	"outage_response-full-180.png": (180, True),
	"outage_response-full-512.png": (512, True),
}
GROUND = "#0b3d63"
# What a system may cut off stays empty
SHARE_OF_THE_FULL = 0.82


def main(chromium: str) -> None:
	"""One picture of a page that shows the logo alone, for each size."""
	logo = base64.b64encode(LOGO.read_bytes()).decode()
	for name, (pixels, full) in ICONS.items():
		size = round(pixels * SHARE_OF_THE_FULL) if full else pixels
		body = f"margin:0;width:{pixels}px;height:{pixels}px;display:grid;place-items:center;overflow:hidden"
		html = (
			f'<body style="{body};background:{GROUND if full else "transparent"}">'
			f'<img width="{size}" height="{size}" src="data:image/svg+xml;base64,{logo}">'
		)
		with tempfile.TemporaryDirectory() as folder:
			page = Path(folder, "icon.html")
			page.write_text(html, encoding="utf-8")
			options = ("--headless", "--no-sandbox", "--hide-scrollbars", "--default-background-color=00000000")
			shot = (f"--window-size={pixels},{pixels}", f"--screenshot={IMAGES / name}", page.as_uri())
			subprocess.run([chromium, *options, f"--user-data-dir={folder}", *shot], check=True, capture_output=True)


if __name__ == "__main__":
	main(sys.argv[1] if len(sys.argv) > 1 else "chromium")
