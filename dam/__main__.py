"""`python -m dam`."""

from dam.cli.main import run

if __name__ == "__main__":
    run()
