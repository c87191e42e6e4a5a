"""The readers: what specs stand in a file, one module for each sort of file."""
