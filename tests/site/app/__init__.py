"""The whole app: installed and removed, shipped records, translations, faults, what it reads, and the tests' own footing."""
