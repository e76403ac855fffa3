/* The hottest code of the engine once more, in C: the arithmetic of Value, and the backward pass.

   value.py and sweep.py are the definition, and what runs where this was not compiled. Tests prove the two
   equal, to the bit. */

#include "node.h"

const char *const slot_names[SLOTS] = {"_data", "grad", "_row", "_a", "_b", "_da", "_db", "note"};
Py_ssize_t offsets[SLOTS];
PyTypeObject *value_type;
PyObject *zero, *integer_zero;

Py_ssize_t
offset_of(PyTypeObject *type, const char *slot)
{
    PyObject *descriptor = PyObject_GetAttrString((PyObject *)type, slot);
    if (!descriptor) return -1;
    Py_ssize_t found = -1;
    if (Py_IS_TYPE(descriptor, &PyMemberDescr_Type))
        found = ((PyMemberDescrObject *)descriptor)->d_member->offset;
    else PyErr_Format(PyExc_TypeError, "%s is not a slot", slot);
    Py_DECREF(descriptor);
    return found;
}

/* Blank nodes, made by the block for the garbage collector's sake: see blocks.py. */
#define LARGEST 4096
static PyObject *store[LARGEST];
static Py_ssize_t stored, made;

PyObject *
blank(void)
{
    if (!stored) {
        Py_ssize_t block = 16 + made / 2 < LARGEST ? 16 + made / 2 : LARGEST;
        int enabled = PyGC_Disable(); /* or it would look in the middle of the block */
        while (stored < block && (store[stored] = value_type->tp_alloc(value_type, 0))) stored++;
        if (block < LARGEST) made += stored;
        PyErr_Clear(); /* some is enough */
        if (enabled) PyGC_Enable();
        return value_type->tp_alloc(value_type,
                                    0); /* now it may look, while they are blank and in the cache */
    }
    return store[--stored];
}

static PyObject *
claim(PyObject *module, PyObject *unused)
{
    static int claimed = 0;
    if (claimed) Py_RETURN_FALSE;
    claimed = 1;
    Py_RETURN_TRUE;
}

static PyObject *
new_node(PyObject *module, PyObject *unused)
{
    return blank();
}

static PyMethodDef functions[] = {
    {"claim", claim, METH_NOARGS,
     "Whether the caller is the first to ask: one copy of the package in a process can have it."},
    {"take_operators", take_operators, METH_VARARGS,
     "Put methods in C on Value; return those that were there, by name."},
    {"take_pass", take_pass, METH_VARARGS, "Learn what sweep() has to know."},
    {"blank", new_node, METH_NOARGS, "Return a node whose slots are to be filled."},
    {"sweep", pass_sweep, METH_VARARGS, "What sweep.py does under that name."},
    {"exchange", pass_exchange, METH_VARARGS, "What sweep.py does under that name."},
    {"add_floats", pass_add_floats, METH_VARARGS, "What sweep.py does under that name."},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "_engine", NULL, -1, functions, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC
PyInit__engine(void)
{
    zero = PyFloat_FromDouble(0.0);
    integer_zero = PyLong_FromLong(0);
    return zero && integer_zero ? PyModule_Create(&definition) : NULL;
}
