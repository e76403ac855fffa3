/* Operations on nodes: operators, methods and calls of rows, in their common cases. Whatever is rarer, a mode
   in force, a number of another type, a place where only Python knows, goes to the Python that each stands in
   for. */

#include "node.h"
#include <math.h>
#include <string.h>
#include <structmember.h>

#define MOST 8 /* operands of a row with a fixed number of them, constants included */

static PyObject *python_call, *hypot_in_python, *plan_name;
static uint32_t dot_row;

static double
hypot_called(const double *x, long n, int *failed)
{
    PyObject *small[MOST + 1] = {NULL}, **items = small + 1, *result = NULL;
    if (n > MOST && !(items = PyMem_Malloc((size_t)n * sizeof *items))) {
        *failed = 1;
        return 0.0;
    }
    long made = 0;
    for (; made < n && (items[made] = PyFloat_FromDouble(x[made])); made++) {}
    if (made == n) result = PyObject_Vectorcall(hypot_in_python, items, (size_t)n, NULL);
    while (made) Py_DECREF(items[--made]);
    if (items != small + 1) PyMem_Free(items);
    double y = result ? PyFloat_AsDouble(result) : 0.0;
    Py_XDECREF(result);
    if (PyErr_Occurred()) { /* no memory: Python will say so itself */
        PyErr_Clear();
        *failed = 1;
    }
    return y;
}

/* What the modes in force make of a new node: the tape, notes, no_grad, the check for anomalies. */
static PyObject *apply_modes;

/* The modes in force for which all there is to do is to put nodes on a tape, weak references to tokens, as
   the context variable has them, and a weak reference to the tape. */
static PyObject *in_force, *taping_modes, *tape_reference;

/* What a weak reference refers to, owned; NULL where that is no more. */
static PyObject *
referent(PyObject *reference)
{
    PyObject *found = NULL;
#if PY_VERSION_HEX >= 0x030D0000
    PyWeakref_GetRef(reference, &found);
#else
    found = PyWeakref_GET_OBJECT(reference);
    found = found == Py_None ? NULL : Py_NewRef(found);
#endif
    return found;
}

/* taped(in_force, tape): learn that; a tape that nothing can refer to weakly is left to Python. */
PyObject *
learn_tape(PyObject *module, PyObject *args)
{
    PyObject *variable, *list, *modes = NULL, *reference = NULL;
    if (!PyArg_ParseTuple(args, "OO!", &variable, &PyList_Type, &list)) return NULL;
    if (!PyType_SUPPORTS_WEAKREFS(Py_TYPE(list))) Py_RETURN_NONE;
    if (PyContextVar_Get(variable, Py_None, &modes) < 0) return NULL;
    int fits = PyTuple_CheckExact(modes);
    for (Py_ssize_t i = 0; fits && i < PyTuple_GET_SIZE(modes); i++)
        fits = PyWeakref_Check(PyTuple_GET_ITEM(modes, i));
    if (!fits) PyErr_SetString(PyExc_TypeError, "no modes are in force");
    if (!fits || !(reference = PyWeakref_NewRef(list, NULL))) {
        Py_DECREF(modes);
        return NULL;
    }
    Py_XSETREF(in_force, Py_NewRef(variable));
    Py_XSETREF(taping_modes, modes);
    Py_XSETREF(tape_reference, reference);
    Py_RETURN_NONE;
}

/* Whether a node was put on the tape, which Python does every so often to look at the memory. */
static int
was_taped(PyObject *node)
{
    PyObject *modes = NULL;
    if (!taping_modes || PyContextVar_Get(in_force, Py_None, &modes) < 0) return 0;
    Py_DECREF(modes);
    if (modes != taping_modes) return 0;
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(modes); i++) {
        PyObject *token = referent(PyTuple_GET_ITEM(modes, i));
        if (!token) return 0;
        Py_DECREF(token);
    }
    PyObject *tape = referent(tape_reference);
    if (!tape) return 0;
    int done = (PyList_GET_SIZE(tape) + 1) % 4096 && PyList_Append(tape, node) == 0;
    if (PyErr_Occurred()) PyErr_Clear(); /* Python tries again */
    Py_DECREF(tape);
    return done;
}

static inline PyObject *
with_modes(Node *node)
{
    if (!node || !PySet_GET_SIZE(active) || was_taped((PyObject *)node)) return (PyObject *)node;
    PyObject *made = PyObject_CallOneArg(apply_modes, (PyObject *)node);
    Py_DECREF(node);
    return made;
}

/* Give the operands of a node a home, and their derivatives. Of a PAIR the references to a and b are taken
 * over. */
ALWAYS_INLINE Node *
pair(uint32_t row, double y, PyObject *a, PyObject *b, double da, double db, int has_da, int has_db)
{
    Node *node = new_node();
    if (!node) {
        Py_DECREF(a);
        Py_XDECREF(b);
        return NULL;
    }
    node->data = y;
    node->a = a;
    node->b = b;
    node->da.number = da;
    node->db.number = db;
    node->kind = PAIR;
    node->row = row & 0xFFFFF;
    node->has_da = has_da != 0;
    node->has_db = has_db != 0;
    keep_row(row);
    track_like(node, a);
    track_like(node, b);
    return node;
}

/* A node of many operands. Takes over the references to the tuple and the derivatives. */
static Node *
many(uint32_t row, double y, PyObject *operands, Doubles *local)
{
    Node *node = operands && local ? new_node() : NULL;
    if (!node) {
        Py_XDECREF(operands);
        Py_XDECREF(local);
        return NULL;
    }
    node->data = y;
    node->a = operands;
    node->da.object = (PyObject *)local;
    node->kind = MANY;
    node->row = row & 0xFFFFF;
    keep_row(row);
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(operands) && !node->is_tracked; i++)
        track_like(node, PyTuple_GET_ITEM(operands, i));
    return node;
}

/* What is known of an operand: a float, a node, a whole number, a constant that was not given. */
enum { A_FLOAT, A_NODE, A_WHOLE, NOT_GIVEN };

/* Read a number, and tell its kind; -1 for what is not for us. */
static inline int
read_number(PyObject *x, double *number)
{
    if (IS_NODE(x)) {
        settle();
        *number = NODE(x)->data;
        return A_NODE;
    }
    if (PyFloat_CheckExact(x)) {
        *number = PyFloat_AS_DOUBLE(x);
        return A_FLOAT;
    }
    if (PyLong_CheckExact(x)) {
        *number = PyLong_AsDouble(x);
        if (*number == -1.0 && PyErr_Occurred()) { /* too large: the message is Python's */
            PyErr_Clear();
            return -1;
        }
        return A_WHOLE;
    }
    return -1;
}

/* Whether a constant is one that the row takes. */
static int
is_allowed(const Row *c, int which, double x)
{
    if (!c->whole[which].is_whole) return 1;
    return c->whole[which].low <= x && x <= c->whole[which].high && x == floor(x);
}

/* The operand as a node keeps it. */
static inline PyObject *
operand(int kind, double number, PyObject *given, PyObject *constant)
{
    return kind == A_WHOLE ? PyFloat_FromDouble(number) : Py_NewRef(kind == NOT_GIVEN ? constant : given);
}

/* Apply a row with one operand or two, or with one and a constant: what most rows are. */
static PyObject *
apply_to_two(uint32_t index, PyObject *const *given, Py_ssize_t count)
{
    Known *row = &ROW(index);
    int are_two = row->arity + row->params == 2, second = NOT_GIVEN;
    double x[2], y, d[2] = {0.0, 0.0};
    int first = read_number(given[0], &x[0]);
    if (first < 0) return NULL;
    if (count == 2) {
        second = read_number(given[1], &x[1]);
        if (second < 0 || (row->params && (second == A_NODE || !is_allowed(row->c, 0, x[1])))) return NULL;
    } else if (are_two) {
        x[1] = row->defaults[0];
    }
    int nodes = first == A_NODE || second == A_NODE;
    if (!nodes && row->is_pythons && (count < 1 + are_two || first == A_WHOLE || second == A_WHOLE))
        return NULL; /* only of floats */
    begin_kernel();
    if (!row->c->kernel(x, &y, nodes ? d : NULL)) return NULL;
    if (!nodes) return PyFloat_FromDouble(y);
    PyObject *a = operand(first, x[0], given[0], NULL), *b = NULL;
    if (!a) return NULL;
    if (are_two && !(b = operand(second, x[1], given[count - 1], row->constants[0]))) {
        Py_DECREF(a);
        return NULL;
    }
    int has_da = first == A_NODE && !(row->is_gated && d[0] == 0.0);
    int has_db = second == A_NODE && !(row->is_gated && d[1] == 0.0);
    return with_modes(pair(index, y, a, b, d[0], has_db ? d[1] : 0.0, has_da, has_db));
}

/* Apply a row to operands and, after them, constants. NULL without an error set: Python has the word. */
static PyObject *
apply(uint32_t index, PyObject *const *given, Py_ssize_t count)
{
    Known *row = &ROW(index);
    const Row *c = row->c;
    if (!c || !c->kernel) return NULL;
    int arity = row->arity, all = arity + row->params, kinds[MOST], nodes = 0;
    if (count < arity || count > all || all > MOST) return NULL;
    if (all <= 2) return apply_to_two(index, given, count);
    double x[MOST], y, d[MOST];
    for (int i = 0; i < all; i++) {
        if (i >= count) {
            x[i] = row->defaults[i - arity];
            kinds[i] = NOT_GIVEN;
            continue;
        }
        kinds[i] = read_number(given[i], &x[i]);
        if (kinds[i] < 0) return NULL;
        if (i >= arity && (kinds[i] == A_NODE || !is_allowed(c, i - arity, x[i]))) return NULL;
        nodes |= kinds[i] == A_NODE;
    }
    if (!nodes && row->is_pythons) { /* only of floats */
        if (count < all) return NULL;
        for (int i = 0; i < all; i++)
            if (kinds[i] == A_WHOLE) return NULL;
    }
    begin_kernel();
    if (!c->kernel(x, &y, nodes ? d : NULL)) return NULL;
    if (!nodes) return PyFloat_FromDouble(y);
    PyObject *operands = PyTuple_New(all);
    Doubles *local = new_doubles(all, 1);
    for (int i = 0; operands && local && i < all; i++) {
        PyObject *constant = i < arity ? NULL : row->constants[i - arity];
        PyObject *one = operand(kinds[i], x[i], i < count ? given[i] : NULL, constant);
        if (one) PyTuple_SET_ITEM(operands, i, one);
        else Py_CLEAR(operands);
        local->at[i] = i < arity ? d[i] : 0.0;
        local->is_none[i] = i >= arity || kinds[i] != A_NODE || (row->is_gated && d[i] == 0.0);
    }
    return with_modes(many(index, y, operands, local));
}

/* The same of a row over any number of operands, which are a tuple, constants at its end. */
static PyObject *
apply_to_many(uint32_t index, PyObject *operands)
{
    Known *row = &ROW(index);
    Py_ssize_t n = PyTuple_GET_SIZE(operands);
    Py_ssize_t constants = n - row->params;
    if (!row->c || !row->c->many || constants < 1) return NULL;
    double small[64], *x = small, y;
    if (n > 64 && !(x = PyMem_Malloc((size_t)n * sizeof *x))) return PyErr_NoMemory();
    int nodes = 0, others = 0;
    PyObject *result = NULL, *taken = NULL;
    Doubles *local = NULL;
    for (Py_ssize_t i = 0; i < n; i++) {
        int kind = read_number(PyTuple_GET_ITEM(operands, i), &x[i]);
        if (kind < 0) goto done;
        if (i >= constants && (kind == A_NODE || !is_allowed(row->c, (int)(i - constants), x[i]))) goto done;
        nodes |= kind == 1;
        others |= kind != 1 ? kind + 1 : 0;
    }
    begin_kernel();
    if (!nodes) {
        if (row->c->many(x, (long)n, &y, NULL)) result = PyFloat_FromDouble(y);
        goto done;
    }
    local = new_doubles(n, others || row->is_gated);
    for (Py_ssize_t i = constants; local && i < n; i++) local->at[i] = 0.0;
    if (!local || !row->c->many(x, (long)n, &y, local->at)) goto done;
    if (local->is_none)
        for (Py_ssize_t i = 0; i < n; i++)
            local->is_none[i] =
                !IS_NODE(PyTuple_GET_ITEM(operands, i)) || (row->is_gated && local->at[i] == 0.0);
    if (others & 2) { /* whole numbers */
        if (!(taken = PyTuple_New(n))) goto done;
        for (Py_ssize_t i = 0; i < n; i++) {
            PyObject *item = PyTuple_GET_ITEM(operands, i);
            item = PyLong_CheckExact(item) ? PyFloat_FromDouble(x[i]) : Py_NewRef(item);
            if (!item) goto done;
            PyTuple_SET_ITEM(taken, i, item);
        }
    } else {
        taken = Py_NewRef(operands);
    }
    result = with_modes(many(index, y, taken, local));
    taken = NULL;
    local = NULL;
done:
    Py_XDECREF(taken);
    Py_XDECREF(local);
    if (x != small) PyMem_Free(x);
    return result;
}

/* Operators. */

enum { ADD, SUB, MUL, DIV, FLOORDIV, MOD, NEG, ABS, POW, POWER, OPERATIONS };
static const char *const row_names[OPERATIONS] = {"add", "sub", "mul", "div", "floordiv",
                                                  "mod", "neg", "abs", "pow", "power"};
static const char *const method_names[OPERATIONS][2] = {
    [ADD] = {"__add__", "__radd__"},
    [SUB] = {"__sub__", "__rsub__"},
    [MUL] = {"__mul__", "__rmul__"},
    [DIV] = {"__truediv__", "__rtruediv__"},
    [FLOORDIV] = {"__floordiv__", "__rfloordiv__"},
    [MOD] = {"__mod__", "__rmod__"},
    [NEG] = {"__neg__", NULL},
    [ABS] = {"__abs__", NULL},
    [POW] = {"__pow__", "__rpow__"},
};
static uint32_t operation_rows[OPERATIONS];
static PyObject *methods_in_python[OPERATIONS][2];

static PyObject *
rare(int operation, PyObject *a, PyObject *b)
{
    if (PyErr_Occurred()) return NULL;
    if (!b) return PyObject_CallOneArg(methods_in_python[operation][0], a);
    if (IS_NODE(a)) return PyObject_CallFunctionObjArgs(methods_in_python[operation][0], a, b, NULL);
    return PyObject_CallFunctionObjArgs(methods_in_python[operation][1], b, a, NULL);
}

static PyObject *
binary(int operation, PyObject *a, PyObject *b)
{
    if (!IS_NODE(a) && !IS_NODE(b)) Py_RETURN_NOTIMPLEMENTED;
    if (operation == ADD && PyLong_CheckExact(a)) {
        /* sum() starts from the int 0, and 0 + x is x + 0.0 */
        double zero;
        if (read_number(a, &zero) == A_WHOLE && zero == 0.0) {
            settle();
            PyObject *second = PyFloat_FromDouble(0.0);
            return second ? with_modes(pair(operation_rows[ADD], NODE(b)->data + 0.0, Py_NewRef(b), second,
                                            1.0, 0.0, 1, 0))
                          : NULL;
        }
    }
    PyObject *two[2] = {a, b};
    PyObject *made = apply(operation_rows[operation == POW && !IS_NODE(b) ? POWER : operation], two, 2);
    return made ? made : rare(operation, a, b);
}

#define BINARY(name, OPERATION) \
    static PyObject *name(PyObject *a, PyObject *b) { return binary(OPERATION, a, b); }
BINARY(node_sub, SUB)
BINARY(node_div, DIV)
BINARY(node_floordiv, FLOORDIV)
BINARY(node_mod, MOD)

/* The two that are most of what most programs do, without the detour by a kernel. */
static PyObject *
node_add(PyObject *a, PyObject *b)
{
    if (IS_PLAIN(a) && !PySet_GET_SIZE(active)) {
        settle();
        if (IS_PLAIN(b))
            return (PyObject *)pair(operation_rows[ADD], NODE(a)->data + NODE(b)->data, Py_NewRef(a),
                                    Py_NewRef(b), 1.0, 1.0, 1, 1);
        if (PyFloat_CheckExact(b))
            return (PyObject *)pair(operation_rows[ADD], NODE(a)->data + PyFloat_AS_DOUBLE(b), Py_NewRef(a),
                                    Py_NewRef(b), 1.0, 0.0, 1, 0);
    }
    return binary(ADD, a, b);
}

static PyObject *
node_mul(PyObject *a, PyObject *b)
{
    if (IS_PLAIN(a) && !PySet_GET_SIZE(active)) {
        settle();
        double x = NODE(a)->data, y;
        if (IS_PLAIN(b)) {
            y = NODE(b)->data;
            return (PyObject *)pair(operation_rows[MUL], x * y, Py_NewRef(a), Py_NewRef(b), y, x, 1, 1);
        }
        if (PyFloat_CheckExact(b)) {
            y = PyFloat_AS_DOUBLE(b);
            return (PyObject *)pair(operation_rows[MUL], x * y, Py_NewRef(a), Py_NewRef(b), y, 0.0, 1, 0);
        }
    }
    return binary(MUL, a, b);
}

static PyObject *
node_pow(PyObject *a, PyObject *b, PyObject *modulus)
{
    if (modulus != Py_None) Py_RETURN_NOTIMPLEMENTED;
    return binary(POW, a, b);
}

static PyObject *
unary(int operation, PyObject *x)
{
    PyObject *made = apply(operation_rows[operation], &x, 1);
    return made ? made : rare(operation, x, NULL);
}

static PyObject *
node_neg(PyObject *x)
{
    return unary(NEG, x);
}

static PyObject *
node_abs(PyObject *x)
{
    return unary(ABS, x);
}

PyNumberMethods node_arithmetic = {
    .nb_add = node_add,
    .nb_subtract = node_sub,
    .nb_multiply = node_mul,
    .nb_true_divide = node_div,
    .nb_floor_divide = node_floordiv,
    .nb_remainder = node_mod,
    .nb_power = node_pow,
    .nb_negative = node_neg,
    .nb_absolute = node_abs,
};

/* Methods: a row's, called on a node as `x.exp()`. All else that is asked of one its Python function answers.
 */

typedef struct {
    PyObject_HEAD
    vectorcallfunc vectorcall;
    uint32_t row;
    PyObject *python;
} Method;

static PyObject *
method_call(PyObject *self, PyObject *const *args, size_t flags, PyObject *names)
{
    Method *method = (Method *)self;
    Py_ssize_t count = PyVectorcall_NARGS(flags);
    if (count && !names && IS_NODE(args[0])) {
        PyObject *made = apply(method->row, args, count);
        if (made || PyErr_Occurred()) return made;
    }
    PyObject *made = PyObject_Vectorcall(method->python, args, flags, names);
    if (made || !count || !PyErr_ExceptionMatches(PyExc_TypeError)) return made;
    PyErr_Clear(); /* the row says what it does not take, and what to write */
    return PyObject_Vectorcall(ROW(method->row).op, args, flags, names);
}

static PyObject *
method_get(PyObject *self, PyObject *node, PyObject *type)
{
    return node && node != Py_None ? PyMethod_New(self, node) : Py_NewRef(self);
}

static PyObject *
method_attribute(PyObject *self, PyObject *name)
{
    PyObject *found = PyObject_GenericGetAttr(self, name);
    if (found || !PyErr_ExceptionMatches(PyExc_AttributeError)) return found;
    PyErr_Clear();
    return PyObject_GetAttr(((Method *)self)->python, name);
}

static PyObject *
method_repr(PyObject *self)
{
    return PyObject_Repr(((Method *)self)->python);
}

/* For pickles and copies it is what stands in the class under its name. */
static PyObject *
method_name(PyObject *self, void *unused)
{
    PyObject *name = PyObject_GetAttrString(((Method *)self)->python, "__name__");
    PyObject *full = name ? PyUnicode_FromFormat("Value.%U", name) : NULL;
    Py_XDECREF(name);
    return full;
}

static PyObject *
method_reduce(PyObject *self, PyObject *unused)
{
    return method_name(self, NULL);
}

static PyObject *
method_module(PyObject *self, void *unused)
{
    return PyUnicode_FromString("autograd.value");
}

static PyMethodDef method_methods[] = {
    {"__reduce__", method_reduce, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static void
method_dealloc(PyObject *self)
{
    Py_XDECREF(((Method *)self)->python);
    PyObject_Free(self);
}

static PyMemberDef method_members[] = {
    {"__wrapped__", T_OBJECT, offsetof(Method, python), READONLY, NULL},
    {NULL, 0, 0, 0, NULL},
};

static PyObject *
method_doc(PyObject *self, void *unused)
{
    return PyObject_GetAttrString(((Method *)self)->python, "__doc__");
}

static PyGetSetDef method_getset[] = {
    {"__doc__", method_doc, NULL, NULL, NULL},
    {"__qualname__", method_name, NULL, NULL, NULL},
    {"__module__", method_module, NULL, NULL, NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyTypeObject method_type = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "autograd.native._engine.Method",
    .tp_basicsize = sizeof(Method),
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_VECTORCALL | Py_TPFLAGS_METHOD_DESCRIPTOR,
    .tp_vectorcall_offset = offsetof(Method, vectorcall),
    .tp_call = PyVectorcall_Call,
    .tp_descr_get = method_get,
    .tp_getattro = method_attribute,
    .tp_repr = method_repr,
    .tp_members = method_members,
    .tp_methods = method_methods,
    .tp_getset = method_getset,
    .tp_dealloc = method_dealloc,
};

int
give_methods(PyTypeObject *type, PyObject *operators, PyObject *methods)
{
    for (int i = 0; i < OPERATIONS; i++)
        for (int side = 0; side < 2; side++) {
            if (!method_names[i][side]) continue;
            PyObject *function = PyDict_GetItemString(operators, method_names[i][side]);
            if (!function) {
                PyErr_Format(PyExc_TypeError, "%s is missing", method_names[i][side]);
                return -1;
            }
            methods_in_python[i][side] = Py_NewRef(function);
        }
    PyObject *name, *two;
    Py_ssize_t at = 0;
    while (PyDict_Next(methods, &at, &name, &two)) {
        PyObject *op, *function;
        if (!PyArg_ParseTuple(two, "OO", &op, &function)) return -1;
        uint32_t row = row_index(op);
        Method *method = row ? PyObject_New(Method, &method_type) : NULL;
        if (!method) return -1;
        method->vectorcall = method_call;
        method->row = row;
        method->python = Py_NewRef(function);
        int failed = PyObject_SetAttr((PyObject *)type, name, (PyObject *)method);
        Py_DECREF(method);
        if (failed < 0) return -1;
    }
    return 0;
}

/* Rows, called as functions: `autograd.exp(x)`. */

/* NULL without an error set: Python has the word. */
static PyObject *
call_row(PyObject *self, PyObject *const *args, Py_ssize_t count)
{
    uint32_t index = ((Callable *)self)->index;
    if (!index || !value_type || !ROW(index).c) return NULL;
    Known *row = &ROW(index);
    if (row->arity < 0) {
        if (row->params) return NULL; /* which come by keyword */
        PyObject *operands = PyTuple_New(count);
        for (Py_ssize_t i = 0; operands && i < count; i++) PyTuple_SET_ITEM(operands, i, Py_NewRef(args[i]));
        PyObject *made = operands ? apply_to_many(index, operands) : NULL;
        Py_XDECREF(operands);
        return made;
    }
    if (!row->params_first) return apply(index, args, count);
    if (count != row->arity + row->params || count > MOST) return NULL;
    PyObject *turned[MOST]; /* the constants come first */
    for (Py_ssize_t i = 0; i < count; i++) turned[i] = args[(i + row->params) % count];
    return apply(index, turned, count);
}

PyObject *
callable_call(PyObject *self, PyObject *args, PyObject *kwargs)
{
    Py_ssize_t count = PyTuple_GET_SIZE(args);
    if (!kwargs || !PyDict_GET_SIZE(kwargs)) {
        PyObject *made = call_row(self, &PyTuple_GET_ITEM(args, 0), count);
        if (made || PyErr_Occurred()) return made;
    }
    if (!python_call) {
        PyErr_SetString(PyExc_TypeError, "the engine does not know how rows are called yet");
        return NULL;
    }
    PyObject *all = PyTuple_New(count + 1);
    if (!all) return NULL;
    PyTuple_SET_ITEM(all, 0, Py_NewRef(self));
    for (Py_ssize_t i = 0; i < count; i++) PyTuple_SET_ITEM(all, i + 1, Py_NewRef(PyTuple_GET_ITEM(args, i)));
    PyObject *result = PyObject_Call(python_call, all, kwargs);
    Py_DECREF(all);
    return result;
}

/* The same, called without a tuple and a dict. */
PyObject *
callable_vectorcall(PyObject *self, PyObject *const *args, size_t flags, PyObject *names)
{
    Py_ssize_t count = PyVectorcall_NARGS(flags), named = names ? PyTuple_GET_SIZE(names) : 0;
    ternaryfunc call = Py_TYPE(self)->tp_call; /* another one once somebody has given the class another */
    if (call == callable_call && !named) {
        PyObject *made = call_row(self, args, count);
        if (made || PyErr_Occurred()) return made;
    }
    PyObject *all = PyTuple_New(count), *kwargs = named ? PyDict_New() : NULL, *result = NULL;
    if (!all || (named && !kwargs)) goto done;
    for (Py_ssize_t i = 0; i < count; i++) PyTuple_SET_ITEM(all, i, Py_NewRef(args[i]));
    for (Py_ssize_t i = 0; i < named; i++)
        if (PyDict_SetItem(kwargs, PyTuple_GET_ITEM(names, i), args[count + i]) < 0) goto done;
    result = call(self, all, kwargs);
done:
    Py_XDECREF(all);
    Py_XDECREF(kwargs);
    return result;
}

/* take_rows(rows, call, hypot, modes): learn the table, how Python calls a row, math.hypot and what applies
   modes. Each row comes as (op, name, arity, constants, is_gated, params_first, is_pythons). */
PyObject *
take_rows(PyObject *module, PyObject *args)
{
    if (value_type) return set_up(1);
    PyObject *list;
    if (!PyArg_ParseTuple(args, "O!OOO", &PyList_Type, &list, &python_call, &hypot_in_python, &apply_modes))
        return NULL;
    Py_INCREF(apply_modes);
    Py_INCREF(python_call);
    Py_INCREF(hypot_in_python);
    length_in_python = hypot_called;
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(list); i++) {
        PyObject *op, *constants;
        const char *name;
        int arity, gated, first, pythons;
        if (!PyArg_ParseTuple(PyList_GET_ITEM(list, i), "OsiO!ppp", &op, &name, &arity, &PyTuple_Type,
                              &constants, &gated, &first, &pythons))
            return NULL;
        uint32_t index = row_index(op);
        if (!index) return NULL;
        /* Classes written in Python inherit it from 3.12 on only. */
        if (Py_TYPE(op)->tp_call == callable_call) Py_TYPE(op)->tp_flags |= Py_TPFLAGS_HAVE_VECTORCALL;
        Known *row = &ROW(index);
        row->arity = arity;
        row->params = (int)PyTuple_GET_SIZE(constants);
        row->is_gated = gated;
        row->params_first = first;
        row->is_pythons = pythons;
        row->is_own = 0;
        Py_INCREF(op); /* for ever: operators refer to it by its place */
        for (int k = 0; k < row->params && k < CONSTANTS; k++) {
            row->constants[k] = Py_NewRef(PyTuple_GET_ITEM(constants, k));
            row->defaults[k] = PyFloat_AsDouble(row->constants[k]);
            if (PyErr_Occurred()) return NULL;
        }
        for (const Row *c = rows_in_c; c->name && row->params <= CONSTANTS; c++)
            if (!strcmp(c->name, name)) row->c = c;
        for (int k = 0; k < OPERATIONS; k++)
            if (!strcmp(row_names[k], name)) operation_rows[k] = index;
        if (!strcmp(name, "dot")) dot_row = index;
        rows_of_table = index + 1;
    }
    Py_RETURN_NONE;
}

/* compute(op, operands): the value and the partials of a row on floats, or None where Python has the word. */
PyObject *
compute(PyObject *module, PyObject *args)
{
    if (!value_type) return set_up(0);
    PyObject *op, *operands;
    if (!PyArg_ParseTuple(args, "OO!", &op, &PyTuple_Type, &operands)) return NULL;
    uint32_t index = row_index(op);
    if (!index) return NULL;
    const Row *c = ROW(index).c;
    Py_ssize_t n = PyTuple_GET_SIZE(operands);
    int arity = ROW(index).arity;
    if (!c || (arity >= 0 && n != arity + ROW(index).params)) Py_RETURN_NONE;
    double *x = PyMem_Calloc((size_t)(2 * n + 1), sizeof *x), *d = x + n, y;
    if (!x) return PyErr_NoMemory();
    PyObject *result = NULL;
    for (Py_ssize_t i = 0; i < n; i++) x[i] = PyFloat_AsDouble(PyTuple_GET_ITEM(operands, i));
    if (PyErr_Occurred()) goto done;
    begin_kernel();
    if (!(c->kernel ? c->kernel(x, &y, d) : c->many(x, (long)n, &y, d))) {
        result = Py_NewRef(Py_None);
        goto done;
    }
    Py_ssize_t slopes = arity >= 0 ? arity : n - ROW(index).params;
    PyObject *partials = PyTuple_New(slopes);
    for (Py_ssize_t i = 0; partials && i < slopes; i++) {
        PyObject *p = PyFloat_FromDouble(d[i]);
        if (p) PyTuple_SET_ITEM(partials, i, p);
        else Py_CLEAR(partials);
    }
    if (partials) result = Py_BuildValue("dN", y, partials);
done:
    PyMem_Free(x);
    return result;
}

/* Open an array of doubles: as many as there are, or one for all. */
static int
take_array(PyObject *array, Py_buffer *view, Py_ssize_t count, int is_written)
{
    if (PyObject_GetBuffer(array, view, PyBUF_C_CONTIGUOUS | PyBUF_FORMAT | (is_written ? PyBUF_WRITABLE : 0)) < 0)
        return -1;
    Py_ssize_t found = view->len / (Py_ssize_t)sizeof(double);
    if (view->format && !strcmp(view->format, "d") && (found == count || (found == 1 && !is_written))) return 0;
    PyErr_SetString(PyExc_ValueError, "arrays of doubles are needed, as many as there are results");
    PyBuffer_Release(view);
    return -1;
}

/* over(op, arrays, results, start): write the values of a row, constants being operands at its end, from a
   place on. Return up to which place: from there on Python has the word. */
PyObject *
over_arrays(PyObject *module, PyObject *args)
{
    if (!value_type) return set_up(0);
    PyObject *op, *arrays, *results, *found = NULL;
    Py_ssize_t start, count, opened = 0;
    if (!PyArg_ParseTuple(args, "OO!On", &op, &PyTuple_Type, &arrays, &results, &start)) return NULL;
    uint32_t index = row_index(op);
    if (!index) return NULL;
    const Row *c = ROW(index).c;
    Py_ssize_t n = PyTuple_GET_SIZE(arrays);
    if (!c || !c->kernel || n > MOST || n != ROW(index).arity + ROW(index).params)
        return PyLong_FromSsize_t(start);
    Py_buffer to, from[MOST];
    if ((count = PyObject_Length(results)) < 0 || take_array(results, &to, count, 1) < 0) return NULL;
    for (; opened < n; opened++)
        if (take_array(PyTuple_GET_ITEM(arrays, opened), &from[opened], count, 0) < 0) goto done;
    double x[MOST], *y = to.buf;
    Py_ssize_t i = start < 0 ? 0 : start;
    for (; i < count; i++) {
        for (Py_ssize_t k = 0; k < n; k++)
            x[k] = ((double *)from[k].buf)[from[k].len == (Py_ssize_t)sizeof(double) ? 0 : i];
        begin_kernel();
        if (!c->kernel(x, &y[i], NULL)) break;
    }
    if (!PyErr_Occurred()) found = PyLong_FromSsize_t(i);
done:
    while (opened--) PyBuffer_Release(&from[opened]);
    PyBuffer_Release(&to);
    return found;
}

/* What was made; or None, unless an error is set: Python has the word. */
static PyObject *
or_none(PyObject *made)
{
    return made || PyErr_Occurred() ? made : Py_NewRef(Py_None);
}

/* many(op, operands): a row over any number of operands, constants at their end, or None. */
PyObject *
many_of(PyObject *module, PyObject *args)
{
    if (!value_type) return set_up(0);
    PyObject *op, *operands;
    if (!PyArg_ParseTuple(args, "OO!", &op, &PyTuple_Type, &operands)) return NULL;
    uint32_t index = row_index(op);
    return index ? or_none(apply_to_many(index, operands)) : NULL;
}

/* Scalar products. */

/* The numbers of a vector, and whether it holds a node; NULL without an error set: Python has the word. */
static Doubles *
numbers_of(PyObject *vector, int *nodes)
{
    Py_ssize_t n = PyTuple_GET_SIZE(vector);
    *nodes = 0;
    for (Py_ssize_t i = 0; i < n; i++) {
        PyObject *x = PyTuple_GET_ITEM(vector, i);
        if (IS_NODE(x)) *nodes = 1;
        else if (!PyFloat_CheckExact(x)) return NULL;
    }
    settle();
    Doubles *made = new_doubles(n, 0);
    for (Py_ssize_t i = 0; made && i < n; i++) {
        PyObject *x = PyTuple_GET_ITEM(vector, i);
        made->at[i] = IS_NODE(x) ? NODE(x)->data : PyFloat_AS_DOUBLE(x);
    }
    return made;
}

static PyObject *
product(PyObject *ws, Doubles *w, int w_nodes, PyObject *xs, Doubles *x, int x_nodes)
{
    double y = 0.0;
    Py_ssize_t n = Py_SIZE(w);
    for (Py_ssize_t i = 0; i < n; i++) y += w->at[i] * x->at[i];
    if (y == 0.0) y = 0.0; /* without a sign */
    if (!w_nodes && !x_nodes) return PyFloat_FromDouble(y);
    Node *node = new_node();
    if (!node) return NULL;
    node->data = y;
    node->kind = DOT;
    node->a = Py_NewRef(ws);
    node->b = Py_NewRef(xs);
    node->da.object = w_nodes ? Py_NewRef(x) : NULL;
    node->db.object = x_nodes ? Py_NewRef(w) : NULL;
    node->row = dot_row & 0xFFFFF;
    for (Py_ssize_t i = 0; i < n && !node->is_tracked; i++) {
        track_like(node, PyTuple_GET_ITEM(ws, i));
        track_like(node, PyTuple_GET_ITEM(xs, i));
    }
    return with_modes(node);
}

/* dot(ws, xs): what vectors.py does under that name. */
PyObject *
dot_of(PyObject *module, PyObject *args)
{
    if (!value_type) return set_up(0);
    PyObject *ws, *xs, *made = NULL;
    if (!PyArg_ParseTuple(args, "O!O!", &PyTuple_Type, &ws, &PyTuple_Type, &xs)) return NULL;
    if (PyTuple_GET_SIZE(ws) != PyTuple_GET_SIZE(xs)) Py_RETURN_NONE;
    int w_nodes, x_nodes;
    Doubles *w = numbers_of(ws, &w_nodes), *x = w ? numbers_of(xs, &x_nodes) : NULL;
    if (x) made = product(ws, w, w_nodes, xs, x, x_nodes);
    Py_XDECREF(w);
    Py_XDECREF(x);
    return or_none(made);
}

/* dots(rows, xs): what vectors.py does under that name, or None. */
PyObject *
dots_of(PyObject *module, PyObject *args)
{
    if (!value_type) return set_up(0);
    PyObject *list, *xs, *made = NULL;
    if (!PyArg_ParseTuple(args, "OO!", &list, &PyTuple_Type, &xs)) return NULL;
    if (!(list = PySequence_Tuple(list))) return NULL; /* which nobody changes meanwhile */
    int x_nodes, is_plain = 1;
    Doubles *x = numbers_of(xs, &x_nodes);
    if (!x) goto failed;
    /* All rows are looked at first, lest some stand on a tape twice. */
    for (Py_ssize_t i = 0; is_plain && i < PyTuple_GET_SIZE(list); i++) {
        PyObject *ws = PyTuple_GET_ITEM(list, i);
        is_plain = PyTuple_CheckExact(ws) && PyTuple_GET_SIZE(ws) == Py_SIZE(x);
        for (Py_ssize_t k = 0; is_plain && k < Py_SIZE(x); k++)
            is_plain = IS_NODE(PyTuple_GET_ITEM(ws, k)) || PyFloat_CheckExact(PyTuple_GET_ITEM(ws, k));
    }
    if (is_plain) made = PyList_New(0);
    for (Py_ssize_t i = 0; made && i < PyTuple_GET_SIZE(list); i++) {
        PyObject *ws = PyTuple_GET_ITEM(list, i), *node = NULL;
        int w_nodes;
        Doubles *w = numbers_of(ws, &w_nodes);
        if (w) node = product(ws, w, w_nodes, xs, x, x_nodes);
        Py_XDECREF(w);
        if (!node || PyList_Append(made, node) < 0) Py_CLEAR(made);
        Py_XDECREF(node);
    }
    Py_DECREF(x);
failed:
    Py_DECREF(list);
    return or_none(made);
}

/* several(kind, operands): what joint.py does in `record`, or None. */
PyObject *
several_of(PyObject *module, PyObject *args)
{
    if (!value_type) return set_up(0);
    PyObject *kind, *operands, *row = NULL, *made = NULL, *call = NULL, *count = NULL;
    if (!PyArg_ParseTuple(args, "OO!", &kind, &PyTuple_Type, &operands)) return NULL;
    const Several *c = several_of_kind(kind);
    Py_ssize_t n = PyTuple_GET_SIZE(operands);
    if (!c || !n) Py_RETURN_NONE;
    int nodes;
    Doubles *x = numbers_of(operands, &nodes), *values = NULL, *kept = NULL;
    if (!x) goto failed;
    if (!nodes) goto failed;
    if (!(values = new_doubles(n, 0))) goto failed;
    begin_kernel();
    if (!c->values(x->at, (long)n, values->at)) goto failed;
    if (!c->kept) {
        kept = (Doubles *)Py_NewRef(values);
    } else {
        if (!(kept = new_doubles(n, 0))) goto failed;
        if (!c->kept(x->at, (long)n, kept->at)) goto failed;
    }
    row = PyObject_GetAttrString(kind, "row");
    uint32_t index = row ? row_index(row) : 0;
    count = index ? PyLong_FromSsize_t(n) : NULL;
    call = count ? multi_call_type->tp_alloc(multi_call_type, 0) : NULL;
    if (!call) goto failed;
    KEPT_AT(call, operands) = Py_NewRef(operands);
    KEPT_AT(call, grad) = Py_NewRef(Py_None);
    KEPT_AT(call, count) = Py_NewRef(count);
    KEPT_AT(call, kind) = Py_NewRef(kind);
    KEPT_AT(call, values) = Py_NewRef(values);
    KEPT_AT(call, kept) = Py_NewRef(kept);
    int is_tracked = 0;
    for (Py_ssize_t i = 0; i < n; i++) {
        PyObject *operand = PyTuple_GET_ITEM(operands, i);
        is_tracked |= IS_NODE(operand) && NODE(operand)->is_tracked;
    }
    made = PyList_New(n);
    for (Py_ssize_t i = 0; made && i < n; i++) {
        Node *node = new_node();
        PyObject *result;
        if (!node) {
            Py_CLEAR(made);
            break;
        }
        node->data = values->at[i];
        node->kind = RESULT;
        node->a = Py_NewRef(call);
        node->da.number = (double)i;
        node->row = index & 0xFFFFF;
        keep_row(index);
        if (is_tracked) track(node);
        if ((result = with_modes(node))) PyList_SET_ITEM(made, i, result);
        else Py_CLEAR(made);
    }
failed:
    Py_XDECREF(x);
    Py_XDECREF(values);
    Py_XDECREF(kept);
    Py_XDECREF(row);
    Py_XDECREF(count);
    Py_XDECREF(call);
    return or_none(made);
}

/* The row that a function is, or that a method is of; 0 where it is neither. */
static uint32_t
row_of(PyObject *function)
{
    if (Py_IS_TYPE(function, &method_type)) return ((Method *)function)->row;
    if (PyObject_TypeCheck(function, &callable_type)) return row_index(function);
    return 0;
}

static void
take_note(PyObject *node, PyObject *note)
{
    if (note == Py_None || NODE(node)->note) return;
    NODE(node)->note = Py_NewRef(note);
}

/* The weighted sum of a neuron, product by product and sum by sum, from the bias on, which is the last
 * weight. */
static PyObject *
chain(PyObject *ws, PyObject *xs, PyObject *note, int has_bias)
{
    Py_ssize_t n = PyTuple_GET_SIZE(ws) - has_bias;
    PyObject *z = has_bias ? Py_NewRef(PyTuple_GET_ITEM(ws, n)) : NULL;
    for (Py_ssize_t i = 0; i < n; i++) {
        PyObject *term = node_mul(PyTuple_GET_ITEM(ws, i), PyTuple_GET_ITEM(xs, i));
        if (!term || !IS_NODE(term)) {
            Py_XDECREF(term);
            Py_XDECREF(z);
            return NULL;
        }
        take_note(term, note);
        if (!z) {
            z = term;
            continue;
        }
        PyObject *sum = node_add(z, term);
        Py_DECREF(z);
        Py_DECREF(term);
        if (!sum) return NULL;
        z = sum;
        take_note(z, note);
    }
    return z;
}

/* The output of one neuron. It says in `_plan` its weights, its note, its activation, and whether it is
   granular and has a bias. */
static PyObject *
fire(PyObject *neuron, PyObject *xs, Doubles *x, int x_nodes)
{
    PyObject *plan = PyObject_GetAttr(neuron, plan_name), *node = NULL;
    if (!plan) {
        if (PyErr_ExceptionMatches(PyExc_AttributeError)) PyErr_Clear();
        return NULL;
    }
    if (!PyTuple_CheckExact(plan) || PyTuple_GET_SIZE(plan) != 5) goto done;
    PyObject *ws = PyTuple_GET_ITEM(plan, 0), *note = PyTuple_GET_ITEM(plan, 1),
             *f = PyTuple_GET_ITEM(plan, 2);
    uint32_t row = f == Py_None ? 0 : row_of(f);
    if ((!row && f != Py_None) || !PyTuple_CheckExact(ws) || PyTuple_GET_SIZE(ws) != Py_SIZE(x)) goto done;
    if (PyTuple_GET_ITEM(plan, 3) == Py_True) {
        node = chain(ws, xs, note, PyTuple_GET_ITEM(plan, 4) == Py_True);
    } else {
        int w_nodes;
        Doubles *w = numbers_of(ws, &w_nodes);
        if (w && (w_nodes || x_nodes)) node = product(ws, w, w_nodes, xs, x, x_nodes);
        Py_XDECREF(w);
        if (node) take_note(node, note);
    }
    if (node && !IS_NODE(node)) Py_CLEAR(node);
    if (node && row) {
        PyObject *y = apply(row, &node, 1);
        if (y) take_note(y, note);
        Py_DECREF(node);
        node = y;
    }
done:
    Py_DECREF(plan);
    return node;
}

/* layer(neurons, xs): the output of each neuron over the same inputs. None where one is no plain neuron, or
   where Python has the word for another reason. */
PyObject *
layer_of(PyObject *module, PyObject *args)
{
    if (!value_type) return set_up(0);
    PyObject *neurons, *xs, *made = NULL;
    if (!PyArg_ParseTuple(args, "OO!", &neurons, &PyTuple_Type, &xs)) return NULL;
    if (PySet_GET_SIZE(active) || !PyList_Check(neurons)) Py_RETURN_NONE;
    int x_nodes;
    Doubles *x = numbers_of(xs, &x_nodes);
    if (!x) goto failed;
    made = PyList_New(0);
    for (Py_ssize_t i = 0; made && i < PyList_GET_SIZE(neurons); i++) {
        PyObject *neuron = Py_NewRef(PyList_GET_ITEM(neurons, i)), *node = fire(neuron, xs, x, x_nodes);
        Py_DECREF(neuron);
        if (!node || PyList_Append(made, node) < 0) Py_CLEAR(made);
        Py_XDECREF(node);
    }
    Py_DECREF(x);
failed:
    return or_none(made);
}

int
ready_operators(void)
{
    plan_name = PyUnicode_InternFromString("_plan");
    return plan_name ? PyType_Ready(&method_type) : -1;
}
