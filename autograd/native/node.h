/* A node as C sees it. */

#ifndef AUTOGRAD_NODE_H
#define AUTOGRAD_NODE_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <float.h>
#include <structmember.h>

#if FLT_EVAL_METHOD != 0 || defined(__FAST_MATH__)
#error "doubles must be computed as doubles, by IEEE's rules"
#endif
#ifdef Py_GIL_DISABLED
#error "the store of blank nodes relies on the interpreter's lock"
#endif
#ifdef _MSC_VER
#pragma fp_contract(off) /* a product and a sum round twice, as in Python */
#endif

/* The slots of a node, at places that are looked up once. A deleted one holds NULL. */
enum { DATA, GRAD, ROW, A, B, DA, DB, NOTE, SLOTS };
extern const char *const slot_names[SLOTS];
extern Py_ssize_t offsets[SLOTS];
#define AT(node, slot) (*(PyObject **)((char *)(node) + offsets[slot]))

extern PyTypeObject *value_type;
extern PyObject *zero, *integer_zero; /* the float, the whole number */

/* Where a type keeps a slot; -1 with an error set if it has none of that name. */
Py_ssize_t offset_of(PyTypeObject *type, const char *slot);

/* A new node, all of whose slots are to be filled. */
PyObject *blank(void);

/* What the module offers to Python, beside what stands in engine.c. */
PyObject *take_operators(PyObject *module, PyObject *args);
PyObject *take_pass(PyObject *module, PyObject *args);
PyObject *pass_sweep(PyObject *module, PyObject *args);
PyObject *pass_exchange(PyObject *module, PyObject *args);
PyObject *pass_add_floats(PyObject *module, PyObject *args);

#endif
