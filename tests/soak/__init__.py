"""A night that never ends: random legal verbs of all roles in many processes, while caches vanish, clocks step, records are
renamed and edited, and processes are killed. What must hold afterwards is asked of the database."""
