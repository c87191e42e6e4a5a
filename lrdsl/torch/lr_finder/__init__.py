"""The learning-rate range test: finds a usable learning rate by trying all of them once."""
