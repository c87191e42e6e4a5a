"""Text to tree and back: nodes, parser, printer, and `Spec`, the tree that users hold."""
