"""The rules, a file each. What is here is found by itself."""
