"""The command line tool `throughline`: one module for each group of commands."""
