"""Everything that a spec can call by name, and what calls take."""
