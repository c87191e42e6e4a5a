"""`python -m lrdsl`: the command line."""

from lrdsl.cli.main import main

if __name__ == "__main__":
    main()
