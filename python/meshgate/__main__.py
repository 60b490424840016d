"""`python -m meshgate` is the command line."""

from meshgate.cli import main

if __name__ == "__main__":
    main()
