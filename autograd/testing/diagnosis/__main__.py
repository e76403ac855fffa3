"""The child that runs a class from a file."""

import sys

from autograd.testing.diagnosis.child import serve

if __name__ == "__main__":
    serve(*sys.argv[1:])
