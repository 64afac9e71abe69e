"""`python3 tools/portable_bench <command>`: the tool from its own folder, whatever the current folder is."""

import runpy

runpy.run_module("portable_bench", run_name="__main__")
