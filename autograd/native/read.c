/* Reading a graph for the compiler: see compiler/record/extract.py. */

#include "node.h"
#include <string.h>

/* The number of a node, -1 where it has none, -2 with an error set. */
static int64_t
number_of(PyObject *numbers, PyObject *x)
{
    if (!x || !IS_NODE(x)) return -1;
    PyObject *found = PyDict_GetItemWithError(numbers, x);
    if (!found) return PyErr_Occurred() ? -2 : -1;
    int64_t number = PyLong_AsLongLong(found);
    return number == -1 && PyErr_Occurred() ? -2 : number;
}

/* Fill the arrays; `codes` counts the operations in the order in which they are met. */
static int
read_all(PyObject *nodes, PyObject *numbers, PyObject *ops, uint32_t *code_of, int32_t *codes,
         int64_t *firsts, int64_t *seconds)
{
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(nodes); i++) {
        PyObject *x = PyList_GET_ITEM(nodes, i);
        if (!IS_NODE(x) || !NODE(x)->row) {
            PyErr_SetString(PyExc_TypeError, "read() takes nodes that operations have made");
            return -1;
        }
        Node *node = NODE(x);
        uint32_t row = node->row;
        if (!code_of[row]) {
            if (PyList_Append(ops, ROW(row).op) < 0) return -1;
            code_of[row] = (uint32_t)PyList_GET_SIZE(ops);
        }
        codes[i] = (int32_t)code_of[row] - 1;
        int is_pair = node->kind == PAIR;
        firsts[i] = is_pair ? number_of(numbers, node->a) : -1;
        seconds[i] = is_pair ? number_of(numbers, node->b) : -1;
        if (firsts[i] == -2 || seconds[i] == -2) return -1;
    }
    return 0;
}

/* read(nodes, numbers): the operations of a list of nodes, each once; for each node which of them made it,
   and the numbers of its one or two operands in a dict, -1 where an operand has none. */
PyObject *
graph_read(PyObject *module, PyObject *args)
{
    if (!value_type) return set_up(0);
    PyObject *nodes, *numbers, *result = NULL;
    if (!PyArg_ParseTuple(args, "O!O!", &PyList_Type, &nodes, &PyDict_Type, &numbers)) return NULL;
    Py_ssize_t count = PyList_GET_SIZE(nodes);
    PyObject *ops = PyList_New(0), *codes = PyByteArray_FromStringAndSize(NULL, count * 4),
             *firsts = PyByteArray_FromStringAndSize(NULL, count * 8),
             *seconds = PyByteArray_FromStringAndSize(NULL, count * 8);
    uint32_t *code_of = PyMem_Calloc(1u << 20, sizeof *code_of); /* as many as there can be rows */
    if (!code_of) PyErr_NoMemory();
    if (ops && codes && firsts && seconds && code_of
        && read_all(nodes, numbers, ops, code_of, (int32_t *)(void *)PyByteArray_AS_STRING(codes),
                    (int64_t *)(void *)PyByteArray_AS_STRING(firsts),
                    (int64_t *)(void *)PyByteArray_AS_STRING(seconds))
               == 0)
        result = PyTuple_Pack(4, ops, codes, firsts, seconds);
    PyMem_Free(code_of);
    Py_XDECREF(ops);
    Py_XDECREF(codes);
    Py_XDECREF(firsts);
    Py_XDECREF(seconds);
    return result;
}
