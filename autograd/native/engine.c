/* The engine in C: the type of nodes, operations on them, and the backward pass.

   The Python of the package is the definition, and what runs where this was not compiled. Tests prove the two
   equal, to the bit. What the operations compute is in a file that generate.py writes from that Python. */

#include "node.h"

PyObject *
set_up(int already)
{
    PyErr_SetString(PyExc_RuntimeError,
                    already ? "the engine is set up already" : "the engine is not set up: import autograd");
    return NULL;
}

static PyObject *
claim(PyObject *module, PyObject *unused)
{
    static int claimed = 0;
    if (claimed) Py_RETURN_FALSE;
    claimed = 1;
    Py_RETURN_TRUE;
}

static PyMethodDef functions[] = {
    {"claim", claim, METH_NOARGS,
     "Whether the caller is the first to ask: one copy of the package in a process can have it."},
    {"node_type", make_node_type, METH_VARARGS, "Make the type of nodes."},
    {"take_rows", take_rows, METH_VARARGS, "Learn the table."},
    {"take_pass", take_pass, METH_VARARGS, "Learn what sweep() has to know."},
    {"blank", node_blank, METH_NOARGS, "Return a node whose slots are to be filled."},
    {"watch", node_watch, METH_NOARGS, "Have the collector look at all nodes from now on."},
    {"compute", compute, METH_VARARGS,
     "Return the value and partials of a row on floats, or None where only Python knows."},
    {"over", over_arrays, METH_VARARGS, "Write the values of a row over arrays, up to the place it returns."},
    {"many", many_of, METH_VARARGS, "The node of a row over any number of operands, or None."},
    {"dot", dot_of, METH_VARARGS, "What vectors.py does under that name, or None."},
    {"dots", dots_of, METH_VARARGS, "What vectors.py does under that name, or None."},
    {"several", several_of, METH_VARARGS, "The results of an operation with several, or None."},
    {"floats", floats, METH_O, "What doubles hold, as a tuple."},
    {"layer", layer_of, METH_VARARGS, "The outputs of neurons side by side, or None."},
    {"sweep", pass_sweep, METH_VARARGS, "What sweep.py does under that name."},
    {"exchange", pass_exchange, METH_VARARGS, "What sweep.py does under that name."},
    {"add_floats", pass_add_floats, METH_VARARGS, "What sweep.py does under that name."},
    {"read", graph_read, METH_VARARGS, "What the compiler asks of a list of nodes."},
    {"find", graph_find, METH_VARARGS, "The numbers of objects after read()."},
    {"taped", learn_tape, METH_VARARGS, "Learn that the modes in force do no more than to fill a tape."},
    {"levels", graph_levels, METH_VARARGS, "What longest_paths() of the compiler's graphs does, or None."},
    {"csr", graph_csr, METH_VARARGS, "What ir.py of the compiler's graphs does under that name."},
    {"agenda", graph_agenda, METH_VARARGS, "What schedule.py does under that name."},
    {"terms", graph_terms, METH_VARARGS, "What cells.py asks of the terms of a group."},
    {"evenly", graph_evenly, METH_VARARGS, "What steady.py does under that name."},
    {"classes", graph_classes, METH_VARARGS, "What cells.py asks of what terms are."},
    {"nest", graph_nest, METH_VARARGS, "What affine.py does under that name."},
    {"place", graph_place, METH_VARARGS, "What cells.py does under that name, or None."},
    {"simplify", terms_simplify, METH_VARARGS, "What simplify.py of the compiler's graphs does."},
    {"mark_reached", terms_reach, METH_VARARGS, "Mark what edges lead to, as ir.py's reach does."},
    {"short_call", nests_make, METH_VARARGS, "A call of NumPy on short arrays, as loops."},
    {"short_rounds", nests_join, METH_VARARGS, "Such calls in a row, for each of some rounds."},
    {"short_round", nests_run, METH_O, "Make such calls in a row."},
    {"numbered", terms_numbered, METH_O, "The place of each 64-bit number among the distinct ones, in order."},
    {"operands", graph_operands, METH_VARARGS, "The numbers in a dict of each node's operands."},
    {"sort", graph_sort, METH_VARARGS, "What backward.py does under that name."},
    {"reach", graph_reach, METH_VARARGS, "Return those in a list of nodes that depend on others."},
    {"pull", graph_pull, METH_VARARGS, "What backward.py does at nodes whose rules are written down."},
    {"turns", graph_turns, METH_VARARGS, "What extract.py does under that name."},
    {"products", graph_products, METH_VARARGS, "How many terms scalar products in a list have."},
    {"gather", pass_gather, METH_VARARGS, "What bulk.py does under that name."},
    {"perform", (PyCFunction)(void (*)(void))pass_perform, METH_FASTCALL,
     "Put arguments into their places and run a compiled program."},
    {"apply", (PyCFunction)(void (*)(void))pass_apply, METH_FASTCALL, "Run the update of an optimizer."},
    {"scatter", pass_scatter, METH_VARARGS, "What bulk.py does under that name."},
    {"set_grads", pass_set_grads, METH_VARARGS, "What bulk.py does under that name."},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "_engine", NULL, -1, functions, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC
PyInit__engine(void)
{
    if (ready_types() < 0 || ready_operators() < 0) return NULL;
    PyObject *module = PyModule_Create(&definition);
    if (module && PyModule_AddObjectRef(module, "Callable", (PyObject *)&callable_type) < 0) Py_CLEAR(module);
    if (module && PyModule_AddStringConstant(module, "digest", digest_of_sources) < 0) Py_CLEAR(module);
    return module;
}
