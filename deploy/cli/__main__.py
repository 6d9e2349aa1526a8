"""`python -m deploy.cli` is `throughline`, also where the script is not installed."""

from deploy.cli.main import cli

if __name__ == "__main__":
    cli(prog_name="throughline")
