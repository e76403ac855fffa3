/* The hottest code of the engine once more, in C: five of Value's operators, and the two loops of a backward pass.

   value.py and sweep.py are the definition, and what runs where this file was not compiled. Tests prove the two equal, to the
   bit. An operator here does its common cases only; whatever is rarer, a mode in force, a number of another type, goes to the
   Python method that it stands in for. */

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <float.h>
#include <math.h>
#include <structmember.h>

#if FLT_EVAL_METHOD != 0
#error "doubles must be computed as doubles"
#endif
#ifdef _MSC_VER
#pragma fp_contract(off) /* a product and a sum round twice, as in Python */
#endif
#ifdef Py_GIL_DISABLED
#error "the store of blank nodes relies on the interpreter's lock"
#endif

/* A node's slots, found once by their descriptors. */
enum { DATA, GRAD, OP, A, B, DA, DB, NOTE, SLOTS };
static const char *const slot_names[SLOTS] = {"_data", "grad", "op", "_a", "_b", "_da", "_db", "note"};
static Py_ssize_t offsets[SLOTS];
#define AT(node, slot) (*(PyObject **)((char *)(node) + offsets[slot]))

/* The operators, and for each the row it records and the Python method that it shortens. */
enum { ADD, RADD, SUB, RSUB, MUL, RMUL, TANH, RELU, METHODS };
static PyObject *rows[METHODS], *python_methods[METHODS];

static PyTypeObject *value_type;
static PyObject *active; /* the list that is not empty while a mode is in force anywhere */
static PyObject *zero, *one, *minus_one;

/* Blank nodes, made by the block for the garbage collector's sake: see blocks.py. */
#define LARGEST 65536
static PyObject *store[LARGEST];
static Py_ssize_t stored, made = 512;

static PyObject *
blank(void)
{
    if (!stored) {
        Py_ssize_t block = made / 16 < LARGEST ? made / 16 : LARGEST;
        int enabled = PyGC_Disable(); /* or it would look in the middle of the block */
        while (stored < block && (store[stored] = value_type->tp_alloc(value_type, 0))) stored++;
        if (enabled) PyGC_Enable();
        if (!stored) return NULL;
        PyErr_Clear(); /* some is enough */
        made += stored;
    }
    return store[--stored];
}

/* Fill a blank node. Takes over the reference to y; the others are borrowed. */
static PyObject *
record(PyObject *y, PyObject *op, PyObject *a, PyObject *b, PyObject *da, PyObject *db)
{
    PyObject *node = y ? blank() : NULL;
    if (!node) {
        Py_XDECREF(y);
        return NULL;
    }
    AT(node, DATA) = y;
    AT(node, GRAD) = Py_NewRef(zero);
    AT(node, OP) = Py_NewRef(op);
    AT(node, A) = Py_NewRef(a);
    AT(node, B) = Py_NewRef(b);
    AT(node, DA) = Py_NewRef(da);
    AT(node, DB) = Py_NewRef(db);
    AT(node, NOTE) = Py_NewRef(Py_None);
    return node;
}

/* A node's number, or NULL where this is no business of ours. */
static PyObject *
number(PyObject *node)
{
    PyObject *data = AT(node, DATA);
    return data && PyFloat_CheckExact(data) && !PyList_GET_SIZE(active) ? data : NULL;
}

static PyObject *
binary(int method, PyObject *self, PyObject *other)
{
    PyObject *p = number(self), *q, *constant = NULL, *node;
    if (!p) goto rare;
    if (Py_IS_TYPE(other, value_type)) {
        q = number(other);
        if (!q) goto rare;
    } else if (PyFloat_CheckExact(other)) {
        q = constant = Py_NewRef(other);
    } else if (PyLong_CheckExact(other)) {
        double exact = PyLong_AsDouble(other);
        if (exact == -1.0 && PyErr_Occurred()) {
            PyErr_Clear(); /* too large: the message is Python's */
            goto rare;
        }
        q = constant = PyFloat_FromDouble(exact);
        if (!q) return NULL;
    } else {
        goto rare;
    }
    PyObject *right = constant ? constant : other;
    double x = PyFloat_AS_DOUBLE(p), y = PyFloat_AS_DOUBLE(q);
    PyObject *row = rows[method];
    switch (method) {
    case ADD: node = record(PyFloat_FromDouble(x + y), row, self, right, one, constant ? Py_None : one); break;
    case SUB: node = record(PyFloat_FromDouble(x - y), row, self, right, one, constant ? Py_None : minus_one); break;
    case MUL: node = record(PyFloat_FromDouble(x * y), row, self, right, q, constant ? Py_None : p); break;
    /* The reflected ones: here the constant is the left operand. But sum() starts from the int 0, and 0 + x is x + 0. */
    case RADD:
        if (y == 0.0 && PyLong_CheckExact(other)) node = record(PyFloat_FromDouble(x + y), row, self, right, one, Py_None);
        else node = record(PyFloat_FromDouble(y + x), row, right, self, Py_None, one);
        break;
    case RSUB: node = record(PyFloat_FromDouble(y - x), row, right, self, Py_None, minus_one); break;
    default: node = record(PyFloat_FromDouble(y * x), row, right, self, Py_None, q); break;
    }
    Py_XDECREF(constant);
    return node;
rare:
    return PyObject_CallFunctionObjArgs(python_methods[method], self, other, NULL);
}

#define BINARY(name, METHOD) \
    static PyObject *name(PyObject *self, PyObject *other) { return binary(METHOD, self, other); }
BINARY(value_add, ADD)
BINARY(value_radd, RADD)
BINARY(value_sub, SUB)
BINARY(value_rsub, RSUB)
BINARY(value_mul, MUL)
BINARY(value_rmul, RMUL)

static PyObject *
value_relu(PyObject *self, PyObject *unused)
{
    PyObject *x = number(self);
    if (!x || isnan(PyFloat_AS_DOUBLE(x))) return PyObject_CallOneArg(python_methods[RELU], self);
    if (PyFloat_AS_DOUBLE(x) > 0.0) return record(Py_NewRef(x), rows[RELU], self, Py_None, one, Py_None);
    return record(Py_NewRef(zero), rows[RELU], self, Py_None, Py_None, Py_None);
}

static PyObject *
value_tanh(PyObject *self, PyObject *unused)
{
    PyObject *data = number(self);
    if (!data) return PyObject_CallOneArg(python_methods[TANH], self);
    double x = PyFloat_AS_DOUBLE(data), e = exp(-2.0 * fabs(x)), t = 1.0 + e;
    double slope = 4.0 * (1.0 / t) * (e - e * (e / t));
    if (slope == 0.0) return PyObject_CallOneArg(python_methods[TANH], self);
    PyObject *local = PyFloat_FromDouble(slope);
    if (!local) return NULL;
    PyObject *node = record(PyFloat_FromDouble(tanh(x)), rows[TANH], self, Py_None, local, Py_None);
    Py_DECREF(local);
    return node;
}

/* A backward pass: `_sort` and `_accumulate` of sweep.py. */

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

typedef struct {
    PyObject **items;
    Py_ssize_t count, room;
} Stack;

static int
push(Stack *stack, PyObject *item)
{
    if (stack->count == stack->room) {
        Py_ssize_t room = stack->room ? 2 * stack->room : 256;
        PyObject **items = PyMem_Resize(stack->items, PyObject *, room);
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

/* Whether no slot of a node has been deleted; else an AttributeError, as Python's own. */
static int
is_whole(PyObject *node)
{
    for (int slot = GRAD; slot <= DB; slot++) {
        if (!AT(node, slot)) {
            PyErr_SetString(PyExc_AttributeError, slot_names[slot]);
            return 0;
        }
    }
    return 1;
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
        if (grad != is_open && Py_IS_TYPE(node, value_type) && !is_whole(node)) return -1;
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

static PyObject *
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

/* g * d, or old + g * d where something has arrived already: numbers of any kind, mostly floats. A new reference. */
static PyObject *
term(PyObject *old, PyObject *g, PyObject *d)
{
    if (PyFloat_CheckExact(g) && PyFloat_CheckExact(d)) {
        double product = PyFloat_AS_DOUBLE(g) * PyFloat_AS_DOUBLE(d);
        if (old == is_empty) return PyFloat_FromDouble(product);
        if (PyFloat_CheckExact(old)) return PyFloat_FromDouble(PyFloat_AS_DOUBLE(old) + product);
    }
    PyObject *product = PyNumber_Multiply(g, d);
    if (!product || old == is_empty) return product;
    PyObject *sum = PyNumber_Add(old, product);
    Py_DECREF(product);
    return sum;
}

static int
add_term(PyObject *x, PyObject *g, PyObject *d)
{
    PyObject *sum = term(AT(x, GRAD), g, d);
    if (!sum) return -1;
    set_grad(x, sum);
    return 0;
}

/* Add g times a dot product's local derivatives to what has arrived at the bundle of one of its vectors. */
static int
add_terms(PyObject *bundle, PyObject *g, PyObject *local)
{
    PyObject *old = *grad_of(bundle);
    Py_ssize_t count = PyList_GET_SIZE(local);
    PyObject *sums = PyList_New(count);
    for (Py_ssize_t i = 0; sums && i < count; i++) {
        PyObject *sum = term(old == is_empty ? is_empty : PyList_GET_ITEM(old, i), g, PyList_GET_ITEM(local, i));
        if (!sum) {
            Py_CLEAR(sums);
            break;
        }
        PyList_SET_ITEM(sums, i, sum);
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
            PyObject *x = PyTuple_GET_ITEM(a, i), *old;
            if (!Py_IS_TYPE(x, value_type)) continue;
            old = AT(x, GRAD);
            PyObject *arrived = PyList_GET_ITEM(g, i), *sum = old == is_empty ? Py_NewRef(arrived) : PyNumber_Add(old, arrived);
            if (!sum) return -1;
            set_grad(x, sum);
        }
        return 0;
    }
    PyObject *locals = AT(node, B);
    if (AT(node, OP) == dot_row) {
        for (int side = 0; side < 2; side++) {
            PyObject *local = PyTuple_GET_ITEM(locals, side);
            if (local == Py_None) continue;
            PyObject *bundle = bundle_of(PyTuple_GET_ITEM(a, side), bundles);
            if (!bundle || add_terms(bundle, g, local) < 0) return -1;
        }
        return 0;
    }
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(a); i++) {
        PyObject *x = PyTuple_GET_ITEM(a, i), *local = PyTuple_GET_ITEM(locals, i);
        if (local != Py_None && Py_IS_TYPE(x, value_type) && add_term(x, g, local) < 0) return -1;
    }
    return 0;
}

static PyObject *
pass_accumulate(PyObject *module, PyObject *args)
{
    PyObject *order, *bundles;
    if (!PyArg_ParseTuple(args, "O!O!", &PyList_Type, &order, &PyDict_Type, &bundles)) return NULL;
    for (Py_ssize_t i = PyList_GET_SIZE(order); i--;) {
        if (!(i & 0xFFFF) && PyErr_CheckSignals() < 0) return NULL;
        PyObject *node = PyList_GET_ITEM(order, i), *g = Py_NewRef(*grad_of(node));
        int result = 0;
        if (g == is_empty) {
            set_grad(node, Py_NewRef(zero));
        } else if (PyTuple_CheckExact(operands_of(node))) {
            result = spread(node, g, bundles);
        } else {
            if (AT(node, DA) != Py_None) result = add_term(AT(node, A), g, AT(node, DA));
            if (!result && AT(node, DB) != Py_None) result = add_term(AT(node, B), g, AT(node, DB));
        }
        Py_DECREF(g);
        if (result < 0) return NULL;
    }
    Py_RETURN_NONE;
}

/* Taking the place of the Python functions. */

static Py_ssize_t
offset(PyTypeObject *type, const char *slot)
{
    PyObject *descriptor = PyObject_GetAttrString((PyObject *)type, slot);
    if (!descriptor) return -1;
    Py_ssize_t found = -1;
    if (Py_IS_TYPE(descriptor, &PyMemberDescr_Type)) found = ((PyMemberDescrObject *)descriptor)->d_member->offset;
    else PyErr_Format(PyExc_TypeError, "%s is not a slot", slot);
    Py_DECREF(descriptor);
    return found;
}

#define SIGNED(name) name "($self, other, /)\n--\n\n"
static PyMethodDef operators[METHODS] = {
    [ADD] = {"__add__", value_add, METH_O, SIGNED("__add__")},
    [RADD] = {"__radd__", value_radd, METH_O, SIGNED("__radd__")},
    [SUB] = {"__sub__", value_sub, METH_O, SIGNED("__sub__")},
    [RSUB] = {"__rsub__", value_rsub, METH_O, SIGNED("__rsub__")},
    [MUL] = {"__mul__", value_mul, METH_O, SIGNED("__mul__")},
    [RMUL] = {"__rmul__", value_rmul, METH_O, SIGNED("__rmul__")},
    [TANH] = {"tanh", value_tanh, METH_NOARGS, "tanh($self, /)\n--\n\nHyperbolic tangent."},
    [RELU] = {"relu", value_relu, METH_NOARGS, "relu($self, /)\n--\n\nRectified linear unit, max(0, x); the derivative at 0 is 0."},
};

/* The same without a look up: what the interpreter calls for `+`, `-` and `*`. */
#define NUMBER(name, METHOD, REFLECTED) \
    static PyObject *name(PyObject *x, PyObject *y) \
    { \
        return Py_IS_TYPE(x, value_type) ? binary(METHOD, x, y) : binary(REFLECTED, y, x); \
    }
NUMBER(number_add, ADD, RADD)
NUMBER(number_sub, SUB, RSUB)
NUMBER(number_mul, MUL, RMUL)

static PyObject *
claim(PyObject *module, PyObject *unused)
{
    static int claimed = 0;
    if (claimed) Py_RETURN_FALSE;
    claimed = 1;
    Py_RETURN_TRUE;
}

static PyObject *
take_operators(PyObject *module, PyObject *args)
{
    PyObject *type, *modes, *add, *sub, *mul, *tanh_, *relu;
    if (!PyArg_ParseTuple(args, "O!O!OOOOO", &PyType_Type, &type, &PyList_Type, &modes, &add, &sub, &mul, &tanh_, &relu))
        return NULL;
    for (int slot = 0; slot < SLOTS; slot++) {
        if ((offsets[slot] = offset((PyTypeObject *)type, slot_names[slot])) < 0) return NULL;
    }
    PyObject *own[METHODS] = {add, add, sub, sub, mul, mul, tanh_, relu}, *replaced = PyDict_New();
    if (!replaced) return NULL;
    value_type = (PyTypeObject *)Py_NewRef(type);
    active = Py_NewRef(modes);
    for (int i = 0; i < METHODS; i++) {
        const char *name = operators[i].ml_name;
        rows[i] = Py_NewRef(own[i]);
        python_methods[i] = PyObject_GetAttrString(type, name);
        PyObject *method = PyDescr_NewMethod(value_type, &operators[i]);
        int failed = !python_methods[i] || !method || PyDict_SetItemString(replaced, name, python_methods[i]) < 0
                     || PyObject_SetAttrString(type, name, method) < 0;
        Py_XDECREF(method);
        if (failed) {
            Py_DECREF(replaced);
            return NULL;
        }
    }
    value_type->tp_as_number->nb_add = number_add;
    value_type->tp_as_number->nb_subtract = number_sub;
    value_type->tp_as_number->nb_multiply = number_mul;
    return replaced;
}

static PyObject *
take_pass(PyObject *module, PyObject *args)
{
    PyObject *bundle, *open, *empty, *dot;
    if (!PyArg_ParseTuple(args, "O!OOO", &PyType_Type, &bundle, &open, &empty, &dot)) return NULL;
    bundle_type = (PyTypeObject *)Py_NewRef(bundle);
    if ((bundle_grad = offset(bundle_type, "grad")) < 0 || (bundle_elements = offset(bundle_type, "_a")) < 0) return NULL;
    is_open = Py_NewRef(open);
    is_empty = Py_NewRef(empty);
    dot_row = Py_NewRef(dot);
    Py_RETURN_NONE;
}

static PyObject *
new_node(PyObject *module, PyObject *unused)
{
    return blank();
}

static PyMethodDef functions[] = {
    {"claim", claim, METH_NOARGS, "Whether the caller is the first to ask: one copy of the package in a process can have it."},
    {"take_operators", take_operators, METH_VARARGS, "Put methods in C on Value; return those that were there, by name."},
    {"take_pass", take_pass, METH_VARARGS, "Learn what sort() and accumulate() have to know."},
    {"blank", new_node, METH_NOARGS, "Return a node whose slots are to be filled."},
    {"sort", pass_sort, METH_VARARGS, "What sweep.py does under that name."},
    {"accumulate", pass_accumulate, METH_VARARGS, "What sweep.py does under that name."},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, "_engine", NULL, -1, functions, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC
PyInit__engine(void)
{
    zero = PyFloat_FromDouble(0.0);
    one = PyFloat_FromDouble(1.0);
    minus_one = PyFloat_FromDouble(-1.0);
    return zero && one && minus_one ? PyModule_Create(&definition) : NULL;
}
