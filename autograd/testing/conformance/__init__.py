"""A conformance suite for derivatives: any library's, over the whole range of doubles and floats.

What comes in is an `Adapter`, which says in text how a library is called; `conform` runs it in a process of
its own at points whose derivatives are known to the last bit, and returns an `Outcome`: faults by their kind,
each with the region where it holds and a program of a few lines that shows it; choices at kinks; and what is
flushed to zero. ``chainrule conform torch`` prints it.
"""

from autograd.testing.conformance.adapter import BUILT_IN, Adapter, find
from autograd.testing.conformance.run import Alarm, Fault, Outcome, Plan, conform

__all__ = ["BUILT_IN", "Adapter", "Alarm", "Fault", "Outcome", "Plan", "conform", "find"]
