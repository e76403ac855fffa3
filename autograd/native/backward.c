/* The two loops of a backward pass: `_sort` and `_accumulate` of sweep.py, step by step.

   Code of others may run in the middle: a finalizer of what a `grad` held, a signal handler, the operators of a number that
   is no float. It can do with every `grad` what it likes, so that one is held or read anew; a node's other slots are ours. */

#include "node.h"

static PyTypeObject *bundle_type;
static PyObject *is_open, *is_empty; /* the marks */
static PyObject *dot_row;
static Py_ssize_t bundle_grad, bundle_elements;

/* Where a node or a bundle keeps its gradient, and what it rests on. */
static PyObject **
grad_of(PyObject *node)
{
    return (PyObject **)((char *)node + (Py_IS_TYPE(node, bundle_type) ? bundle_grad : offsets[GRAD]));
}

static PyObject *
operands_of(PyObject *node)
{
    return *(PyObject **)((char *)node + (Py_IS_TYPE(node, bundle_type) ? bundle_elements : offsets[A]));
}

static void
set_grad(PyObject *node, PyObject *grad) /* takes over the reference */
{
    PyObject **place = grad_of(node), *old = *place;
    *place = grad;
    Py_XDECREF(old);
}

/* Raise what Python raises where a slot has been deleted; returns -1. */
static int
missing(PyObject *node, int slot)
{
    Py_XDECREF(PyObject_GetAttrString(node, slot_names[slot]));
    return -1;
}

typedef struct {
    PyObject **items;
    Py_ssize_t count, room;
} Stack;

static int
push(Stack *stack, PyObject *item)
{
    if (stack->count == stack->room) {
        Py_ssize_t room = stack->room ? 2 * stack->room : 256;
        PyObject **items = PyMem_Realloc(stack->items, (size_t)room * sizeof(PyObject *));
        if (!items) {
            PyErr_NoMemory();
            return -1;
        }
        stack->items = items;
        stack->room = room;
    }
    stack->items[stack->count++] = Py_NewRef(item);
    return 0;
}

static void
drop(Stack *stack)
{
    Py_DECREF(stack->items[--stack->count]);
}

/* Push an operand, if it is a node that is not sorted yet. */
static int
push_node(Stack *stack, PyObject *x)
{
    return Py_IS_TYPE(x, value_type) && AT(x, GRAD) != is_empty ? push(stack, x) : 0;
}

/* The bundle that stands for one of a dot product's vectors, made where it is new; borrowed. */
static PyObject *
bundle_of(PyObject *vector, PyObject *bundles)
{
    PyObject *key = PyLong_FromVoidPtr(vector);
    if (!key) return NULL;
    PyObject *bundle = PyDict_GetItemWithError(bundles, key);
    if (!bundle && !PyErr_Occurred()) {
        PyObject *made = PyObject_CallOneArg((PyObject *)bundle_type, vector);
        if (made && !PyDict_SetItem(bundles, key, made)) bundle = made;
        Py_XDECREF(made);
    }
    Py_DECREF(key);
    return bundle;
}

/* Push all that a node rests on and that is not sorted yet; 1 at a checkpointed call. */
static int
push_operands(Stack *stack, PyObject *node, PyObject *bundles)
{
    PyObject *a = operands_of(node);
    if (Py_IS_TYPE(node, value_type)) {
        PyObject *b = AT(node, B), *op = AT(node, OP);
        if (!PyTuple_CheckExact(a)) return push_node(stack, a) < 0 || push_node(stack, b) < 0 ? -1 : 0;
        if (op == dot_row) {
            for (int side = 0; side < 2; side++) {
                if (PyTuple_GET_ITEM(b, side) == Py_None) continue; /* numbers alone */
                PyObject *bundle = bundle_of(PyTuple_GET_ITEM(a, side), bundles);
                if (!bundle || (*grad_of(bundle) != is_empty && push(stack, bundle) < 0)) return -1;
            }
            return 0;
        }
        PyObject *call = PyObject_GetAttrString(op, "call");
        if (!call) return -1;
        Py_DECREF(call);
        if (call != Py_None) return 1;
    }
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(a); i++) {
        if (push_node(stack, PyTuple_GET_ITEM(a, i)) < 0) return -1;
    }
    return 0;
}

/* Raise an AttributeError if one of a node's slots has been deleted. */
static int
check_whole(PyObject *node)
{
    for (int slot = GRAD; slot <= DB; slot++) {
        if (!AT(node, slot)) return missing(node, slot);
    }
    return 0;
}

/* Sort what is below the top of the stack, node by node; 1 at a checkpointed call. */
static int
sort(Stack *stack, PyObject *order, PyObject *leaves, PyObject *before, PyObject *bundles)
{
    for (size_t turn = 1; stack->count; turn++) {
        if (!(turn & 0xFFFF) && PyErr_CheckSignals() < 0) return -1;
        PyObject *node = stack->items[stack->count - 1], *grad = *grad_of(node);
        if (grad == is_empty) { /* another path has been here */
            drop(stack);
            continue;
        }
        if (grad != is_open && Py_IS_TYPE(node, value_type) && check_whole(node) < 0) return -1;
        if (operands_of(node) == Py_None) {
            if (PyList_Append(before, grad) < 0 || PyList_Append(leaves, node) < 0) return -1;
        } else {
            if (grad != is_open) {
                Py_ssize_t here = stack->count;
                int result = push_operands(stack, node, bundles);
                if (result) return result;
                if (stack->count > here) { /* the node waits beneath its operands */
                    set_grad(node, Py_NewRef(is_open));
                    continue;
                }
            }
            if (PyList_Append(order, node) < 0) return -1; /* all that it rests on has been placed */
        }
        set_grad(node, Py_NewRef(is_empty));
        drop(stack);
    }
    return 0;
}

PyObject *
pass_sort(PyObject *module, PyObject *args)
{
    PyObject *root, *order, *leaves, *before;
    if (!PyArg_ParseTuple(args, "O!O!O!O!", value_type, &root, &PyList_Type, &order, &PyList_Type, &leaves, &PyList_Type, &before))
        return NULL;
    PyObject *bundles = PyDict_New();
    Stack stack = {NULL, 0, 0};
    int result = !bundles || push(&stack, root) < 0 ? -1 : sort(&stack, order, leaves, before, bundles);
    while (stack.count) drop(&stack);
    PyMem_Free(stack.items);
    if (result) Py_XSETREF(bundles, result < 0 ? NULL : Py_NewRef(Py_None));
    return bundles;
}

/* old + arrived, or what has arrived alone where nothing had before. Takes over the reference to it. */
static PyObject *
sum(PyObject *old, PyObject *arrived)
{
    if (!arrived || old == is_empty) return arrived;
    PyObject *result;
    if (PyFloat_CheckExact(old) && PyFloat_CheckExact(arrived)) {
        result = PyFloat_FromDouble(PyFloat_AS_DOUBLE(old) + PyFloat_AS_DOUBLE(arrived));
    } else {
        result = PyNumber_Add(old, arrived);
    }
    Py_DECREF(arrived);
    return result;
}

/* The chain rule: old + g * d. Numbers of any kind, mostly floats. */
static PyObject *
term(PyObject *old, PyObject *g, PyObject *d)
{
    if (PyFloat_CheckExact(g) && PyFloat_CheckExact(d)) {
        double product = PyFloat_AS_DOUBLE(g) * PyFloat_AS_DOUBLE(d);
        if (PyFloat_CheckExact(old)) return PyFloat_FromDouble(PyFloat_AS_DOUBLE(old) + product);
        return sum(old, PyFloat_FromDouble(product));
    }
    return sum(old, PyNumber_Multiply(g, d));
}

/* Add g times the local derivative, or g alone where that is NULL, to what has arrived at a node. */
static int
add_to(PyObject *node, PyObject *g, PyObject *local)
{
    PyObject *old = Py_XNewRef(AT(node, GRAD));
    if (!old) return missing(node, GRAD);
    PyObject *result = local ? term(old, g, local) : sum(old, Py_NewRef(g));
    Py_DECREF(old);
    if (!result) return -1;
    set_grad(node, result);
    return 0;
}

/* Add g times a dot product's local derivatives to what has arrived at the bundle of one of its vectors. */
static int
add_to_bundle(PyObject *bundle, PyObject *g, PyObject *locals)
{
    PyObject *old = *grad_of(bundle);
    Py_ssize_t count = PyList_GET_SIZE(locals);
    PyObject *sums = PyList_New(count);
    for (Py_ssize_t i = 0; sums && i < count; i++) {
        PyObject *result = term(old == is_empty ? old : PyList_GET_ITEM(old, i), g, PyList_GET_ITEM(locals, i));
        if (result) PyList_SET_ITEM(sums, i, result);
        else Py_CLEAR(sums);
    }
    if (!sums) return -1;
    set_grad(bundle, sums);
    return 0;
}

/* Apply the chain rule from an n-ary node, a dot product or a bundle to what it rests on. */
static int
spread(PyObject *node, PyObject *g, PyObject *bundles)
{
    PyObject *a = operands_of(node);
    if (Py_IS_TYPE(node, bundle_type)) {
        for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(a); i++) {
            PyObject *x = PyTuple_GET_ITEM(a, i);
            if (Py_IS_TYPE(x, value_type) && add_to(x, PyList_GET_ITEM(g, i), NULL) < 0) return -1;
        }
        return 0;
    }
    PyObject *locals = AT(node, B);
    if (AT(node, OP) == dot_row) {
        for (int side = 0; side < 2; side++) {
            PyObject *local = PyTuple_GET_ITEM(locals, side);
            if (local == Py_None) continue;
            PyObject *bundle = bundle_of(PyTuple_GET_ITEM(a, side), bundles);
            if (!bundle || add_to_bundle(bundle, g, local) < 0) return -1;
        }
        return 0;
    }
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(a); i++) {
        PyObject *x = PyTuple_GET_ITEM(a, i), *local = PyTuple_GET_ITEM(locals, i);
        if (local != Py_None && Py_IS_TYPE(x, value_type) && add_to(x, g, local) < 0) return -1;
    }
    return 0;
}

PyObject *
pass_accumulate(PyObject *module, PyObject *args)
{
    PyObject *order, *bundles;
    if (!PyArg_ParseTuple(args, "O!O!", &PyList_Type, &order, &PyDict_Type, &bundles)) return NULL;
    for (Py_ssize_t i = PyList_GET_SIZE(order); i--;) {
        if (!(i & 0xFFFF) && PyErr_CheckSignals() < 0) return NULL;
        PyObject *node = PyList_GET_ITEM(order, i), *g = Py_XNewRef(*grad_of(node));
        int result = 0;
        if (!g) {
            result = missing(node, GRAD);
        } else if (g == is_empty) {
            set_grad(node, Py_NewRef(zero));
        } else if (PyTuple_CheckExact(operands_of(node))) {
            result = spread(node, g, bundles);
        } else {
            PyObject *da = AT(node, DA), *db = AT(node, DB);
            if (da != Py_None) result = add_to(AT(node, A), g, da);
            if (!result && db != Py_None) result = add_to(AT(node, B), g, db);
        }
        Py_XDECREF(g);
        if (result < 0) return NULL;
    }
    Py_RETURN_NONE;
}

PyObject *
take_pass(PyObject *module, PyObject *args)
{
    PyObject *bundle, *open, *empty, *dot;
    if (!PyArg_ParseTuple(args, "O!OOO", &PyType_Type, &bundle, &open, &empty, &dot)) return NULL;
    bundle_type = (PyTypeObject *)Py_NewRef(bundle);
    if ((bundle_grad = offset_of(bundle_type, "grad")) < 0 || (bundle_elements = offset_of(bundle_type, "_a")) < 0) return NULL;
    is_open = Py_NewRef(open);
    is_empty = Py_NewRef(empty);
    dot_row = Py_NewRef(dot);
    Py_RETURN_NONE;
}
