"""python -m journal.bench: the same as `akson bench`."""

import argparse
import sys

from journal.bench.command import add_arguments, run

parser = argparse.ArgumentParser(prog="akson bench", description="Mål hvor rask journalen er")
add_arguments(parser)
sys.exit(run(parser.parse_args()))
