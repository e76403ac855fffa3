"""What is misunderstood when an engine is wrong in a way, and what to think about.

The first text says what happens; the second asks the question that leads to the cause; the third says more,
but not the line to write.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

__all__ = ["MISCONCEPTIONS", "WRONG_RULES", "Misconception"]


class Misconception(NamedTuple):
    """A name, and what to say at each level of hints."""

    title: str
    think: str
    more: str


MISCONCEPTIONS: dict[str, Misconception] = {
    "left over": Misconception(
        "something of an earlier pass is left, and a later one adds to it",
        "The same graph was built twice from fresh leaves, and the second answer is not the first. What "
        "outlives a graph in your program: an attribute of the class, a list, a default argument?",
        "A default such as `children=[]` is made once, for all nodes. A tape, or a table of gradients, that "
        "belongs to the class is never empty again unless the pass empties it.",
    ),
    "seed": Misconception(
        "the pass starts with nothing",
        "Every gradient is 0. What is the derivative of the output with respect to itself, and who writes it "
        "down before the pass begins?",
        "Each rule multiplies by the gradient of its output. The first output has no one above it; dy/dy is "
        "not 0.",
    ),
    "not one": Misconception(
        "the pass does not start with 1",
        "Every gradient is off by the same factor as the output's own. What is the derivative of the output "
        "with respect to itself, whatever its value?",
        "Look at the one line that gives the output its gradient before the pass begins: dy/dy is 1.",
    ),
    "zeroed": Misconception(
        "gradients are set to zero too often",
        "A gradient arrived and was wiped out again. At which moment are gradients set to zero: once before "
        "a pass, or in the middle of it?",
        "When a node's turn comes in the pass, its gradient already holds what was passed to it. Zero "
        "gradients before the first node's turn, or not at all within the pass.",
    ),
    "zeroing forgotten": Misconception(
        "the method that sets gradients to zero leaves them",
        "Your class says that it zeroes gradients; after it was called, the next pass still added to the "
        "last one's. Which gradients does it visit?",
        "Called on the output and on the leaf itself, it must bring the leaf's gradient to 0. Look at which "
        "attribute it writes, and of which nodes.",
    ),
    "in place": Misconception(
        "an operation changes its operand's number",
        "After `y = a; y += b`, what is a? And when the pass comes, which number does the rule of an earlier "
        "operation read?",
        "The nodes of a graph remember; a number that is changed after it was used makes them remember "
        "something that was never computed. An operation makes a new node, in `+=` as in `+`.",
    ),
    "rule": Misconception(
        "a local derivative is wrong",
        "Hold everything else fixed, move this one operand by a hair, and watch the result: by how much does "
        "it move? Compare that with what your rule says.",
        "Differentiate the operation on paper with respect to this operand, and put in the numbers above.",
    ),
    "variable": Misconception(
        "a local derivative is taken from the wrong number",
        "A node knows two numbers: what went in, and what came out. Which of the two does your formula speak "
        "of, and which does your code read?",
        "Write the derivative down with x for the operand and y for the result, and look at each letter: "
        "tanh' is 1 - y², exp' is y, sigmoid' is y(1 - y), but log' is 1/x.",
    ),
    "swapped": Misconception(
        "the operands' derivatives are exchanged",
        "If a grows by a hair, by how much does the result grow: by a's number, or by the other one's?",
        "d(ab)/da is what stands beside a. Look at which operand each line of the rule names.",
    ),
    "detached": Misconception(
        "an operation loses one of its operands",
        "The value is right, and nothing comes back to this operand. Does the result remember that it was "
        "made of it? Does the rule that writes to it ever run, and whose gradient does it multiply by?",
        "A node made of a bare number has no past. Make the result by operations of your class, or tell it "
        "its operands and its rule.",
    ),
    "nothing": Misconception(
        "nothing leaves the output",
        "The output has its gradient, and its operands received nothing. Who calls the rule of the output, "
        "and does that rule write to its operands?",
        "A rule that is stored must be called; one that computes must write to the operands' gradients, not "
        "to a name of its own.",
    ),
    "value": Misconception(
        "the value itself is not that of the operation",
        "Work the result out by hand, before any derivative. What does your method compute?",
        "The pass can only be right for what was computed. Mend the forward line first.",
    ),
    "negative base": Misconception(
        "a power of a negative number goes wrong",
        "a² is right where a is positive. Which step on the way to your power, or to its derivative, is "
        "undefined for a negative a?",
        "exp(n log a) and a derivative with log(a) in it need a > 0. For a constant exponent n the "
        "derivative "
        "needs no logarithm.",
    ),
    "equal": Misconception(
        "two nodes of the same number are taken for one",
        "The graph is right with different numbers, and wrong with equal ones. How does your pass tell two "
        "nodes apart?",
        "A set, or `in`, asks __eq__ and __hash__. If these compare numbers, two nodes that hold 1.3 are one "
        "node to it. A node is itself, whatever it holds.",
    ),
    "constant": Misconception(
        "constants are not wrapped",
        "What is `other` in your method when somebody writes a + 3: a node, or a number? Which attributes "
        "does a number have?",
        "Make a node of it before anything is read from it: a constant is a leaf whose gradient nobody asks "
        "for.",
    ),
    "reflected": Misconception(
        "an operator is wrong when the number stands at the left",
        "Python turns 3 - a into a.__rsub__(3). In that method, which of self and other stands at the left "
        "of the sign?",
        "For + and * the order does not matter; for - and / it does. Check value and derivative with 3 at "
        "the left.",
    ),
    "overwritten": Misconception(
        "gradients are overwritten, not accumulated",
        "The operand is used in two places. How many paths lead from it to the output, and what becomes of "
        "the first path's share when the second one arrives?",
        "The chain rule sums over paths. What a rule hands to an operand is a share of its gradient; look at "
        "the assignment in each rule.",
    ),
    "chain": Misconception(
        "a rule forgets the gradient that arrives from above",
        "The rule is right when its result is the output, and wrong when something comes after it. Which "
        "number does the chain rule multiply the local derivative by?",
        "dy/da = dy/db * db/da: the first factor is the gradient that the node itself received. With one "
        "operation it is 1, and nobody misses it.",
    ),
    "restart": Misconception(
        "the pass starts anew at each node",
        "After the pass, look at the gradients below the output: each should be what flows back to "
        "it. Why is "
        "it 1?",
        "Only the output's gradient is 1. If the method that the user calls is also the one that goes from "
        "node to node, then each node is told that it is the output.",
    ),
    "stops": Misconception(
        "the pass does not reach the leaves in order",
        "b1 received its gradient, and a received nothing of it. When was b1's turn: before or after y's? "
        "Did it have one?",
        "A node may hand on only what it has received: every node that uses it comes first. So the order of "
        "the pass is the reverse of the order of computing, through all nodes.",
    ),
    "visited": Misconception(
        "a node that is used twice has its turn twice",
        "Two paths lead from y to b1. How often does b1 hand its gradient on, and how much of it each time?",
        "Followed path by path, b1 hands on what it has by then, and later that same amount again, with the "
        "rest. In a topological order each node has one turn, when all of its gradient is there.",
    ),
    "first met": Misconception(
        "nodes take their turn as soon as they are met, not in a topological order",
        "The same graph with y's operands exchanged comes out right. When b1 is met for the first time, has "
        "b2 already handed its share to it?",
        "Breadth first or depth first, b1 is met on the short way, and marked as done before the long way by "
        "b2 brings the rest. Collect the nodes first, operands before those that use them; hand on "
        "afterwards, in reverse.",
    ),
    "stack order": Misconception(
        "nodes take their turn in the order of a stack, not in a topological order",
        "The same graph with y's operands exchanged comes out right. When b1 has its turn, has b2 already "
        "handed its share to it?",
        "A stack decides by who was put on last. A node's turn may come only after all that use it; write a "
        "node down after its operands, and read the list backwards.",
    ),
    "order": Misconception(
        "the shares of several paths do not add up",
        "Write the graph down, and next to each node who uses it. In which order does your pass visit them, "
        "and what has each received by then?",
        "Every node that uses b1 must have had its turn before b1 has.",
    ),
    "raises": Misconception(
        "it ends with an exception",
        "Read the last line of the exception, and ask which object it speaks of: a node, or something else?",
        "Build this graph by yourself and follow it with a debugger, node by node.",
    ),
    "result": Misconception(
        "an operation does not return a node",
        "What does your method return? Is there a return, and is what it returns of your class?",
        "The pass starts at the result, and goes to the operands that it remembers. A bare number, or None, "
        "remembers nothing.",
    ),
    "hang": Misconception(
        "it does not end",
        "Which loop, or which call, waits for something that never comes? Does the pass ever meet a node "
        "that it knows already, or wait for input?",
        "On so small a graph each node has one turn. Print the node at the head of your loop.",
    ),
    "recursion": Misconception(
        "a method calls itself without an end",
        "Which method does Python call for this operator, and which operator does that method use?",
        "If __radd__ says other + self, Python asks __radd__ again. One of the two must do the work.",
    ),
    "crash": Misconception(
        "it ends the whole process",
        "Something ended the interpreter: os._exit, a fault in compiled code, or recursion that was allowed "
        "to go deeper than the stack.",
        "Run this graph by itself, with `python -X faulthandler`.",
    ),
}

WRONG_RULES: dict[str, list[tuple[str, Callable[[float, float, int], float], str]]] = {
    "tanh": [
        ("variable", lambda a, y, n: 1 - a * a, "1 - a², of the operand"),
        ("rule", lambda a, y, n: 1 - y, "1 - y, without the square"),
        ("rule", lambda a, y, n: 1 + y * y, "1 + y²"),
    ],
    "sigmoid": [
        ("variable", lambda a, y, n: a * (1 - a), "a(1 - a), of the operand"),
        ("rule", lambda a, y, n: y, "y alone"),
    ],
    "exp": [
        ("variable", lambda a, y, n: a, "the operand"),
        ("rule", lambda a, y, n: y * a, "a exp(a)"),
    ],
    "log": [
        ("variable", lambda a, y, n: 1 / y, "1 over the result"),
        ("rule", lambda a, y, n: y, "the result"),
    ],
    "relu": [
        ("rule", lambda a, y, n: 1.0, "1 on either side"),
        ("rule", lambda a, y, n: float(a < 0), "1 on the wrong side"),
    ],
    "sqrt": [
        ("variable", lambda a, y, n: 0.5 / a, "1 over twice the operand"),
        ("rule", lambda a, y, n: 0.5 * y, "half the result"),
    ],
    "sin": [
        ("rule", lambda a, y, n: y, "the sine again"),
    ],
    "cos": [
        ("rule", lambda a, y, n: y, "the cosine again"),
    ],
    "abs": [
        ("rule", lambda a, y, n: 1.0, "1 on either side"),
    ],
    "neg": [
        ("rule", lambda a, y, n: 1.0, "1: it lost its sign"),
    ],
    "power": [
        ("rule", lambda a, y, n: n * a ** n, "n aⁿ: the exponent was not lowered"),
        ("rule", lambda a, y, n: a ** (n - 1), "aⁿ⁻¹: the factor n is missing"),
        ("rule", lambda a, y, n: n * a, "n a"),
        ("rule", lambda a, y, n: n * y ** (n - 1), "n yⁿ⁻¹, of the result"),
    ],
}
"""Formulas of the operand, the result and the exponent that often stand where a derivative should.

Each with the kind of mistake, and in words.
"""
