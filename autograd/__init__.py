"""Scalar automatic differentiation: nodes that remember how they were computed, and the chain rule over them.

Start with `Value` and its ``backward()``; the table of operations is in `autograd.ops`.
"""

from autograd.backward import adjoints, backward, gradients, toposort, zero_grad
from autograd.custom import custom_op
from autograd.errors import AnomalyError, GraphError, MissingDependencyError, TracingError
from autograd.functions import dot, log_softmax, logsumexp, max, mean, min, norm, prod, softmax, sum
from autograd.modes import detect_anomaly, no_grad, scope
from autograd.ops import ANY, TABLE, Op
from autograd.serialize import from_json, load, save, to_json
from autograd.value import Note, Value
