"""The learning-rate range test, which finds a usable learning rate in one short training."""
