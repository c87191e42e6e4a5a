"""`python -m lrdsl`: the command line."""

from lrdsl.cli import main

if __name__ == "__main__":
    main()
