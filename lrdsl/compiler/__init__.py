"""From tree to schedule: names and arguments (elaborate), then numbers (resolve)."""
