"""The readers, one module for each kind of file, and the one finder of specs."""
