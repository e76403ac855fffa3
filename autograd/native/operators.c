/* The arithmetic of Value, tanh and relu, in their common cases. Whatever is rarer, a mode in force, a number
   of another type, goes to the Python method that each stands in for. */

#include "node.h"
#include <math.h>

/* The operators, and for each the row it records and the Python method that it shortens. */
enum { ADD, RADD, SUB, RSUB, MUL, RMUL, DIV, RDIV, NEG, TANH, RELU, METHODS };
static PyObject *rows[METHODS], *python_methods[METHODS];

static PyObject *active; /* the set that is not empty while a mode is in force anywhere */
static PyObject *one, *minus_one;

/* Fill a blank node. Takes over the reference to y; the others are borrowed. */
static PyObject *
record(PyObject *y, PyObject *op, PyObject *a, PyObject *b, PyObject *da, PyObject *db)
{
    Py_INCREF(
        da); /* an operand's number, maybe, which a finalizer may replace while blank() collects garbage */
    Py_INCREF(db);
    PyObject *node = y ? blank() : NULL;
    if (!node) {
        Py_XDECREF(y);
        Py_DECREF(da);
        Py_DECREF(db);
        return NULL;
    }
    AT(node, DATA) = y;
    AT(node, GRAD) = Py_NewRef(zero);
    AT(node, ROW) = Py_NewRef(op);
    AT(node, A) = Py_NewRef(a);
    AT(node, B) = Py_NewRef(b);
    AT(node, DA) = da;
    AT(node, DB) = db;
    AT(node, NOTE) = Py_NewRef(Py_None);
    return node;
}

/* A node's number, or NULL where this is no business of ours. */
static PyObject *
number(PyObject *node)
{
    PyObject *data = AT(node, DATA);
    return data && PyFloat_CheckExact(data) && !PySet_GET_SIZE(active) ? data : NULL;
}

/* A quotient whose slopes take no care: neither by zero, nor so small that it has lost digits which -(x / y)
 * / y would miss. */
static int
is_plain(double x, double y)
{
    return y != 0.0 && (fabs(x / y) > 1e-290 || fabs(y) >= 1.0);
}

static PyObject *
quotient(PyObject *row, PyObject *a, PyObject *b, double x, double y)
{
    PyObject *da = PyFloat_CheckExact(a) ? Py_NewRef(Py_None) : PyFloat_FromDouble(1.0 / y);
    PyObject *db = PyFloat_CheckExact(b) ? Py_NewRef(Py_None) : PyFloat_FromDouble(-(x / y) / y);
    PyObject *node = da && db ? record(PyFloat_FromDouble(x / y), row, a, b, da, db) : NULL;
    Py_XDECREF(da);
    Py_XDECREF(db);
    return node;
}

static PyObject *
binary(int method, PyObject *self, PyObject *other)
{
    PyObject *p = number(self), *q, *constant = NULL, *node;
    if (!p) goto rare;
    if (Py_IS_TYPE(other, value_type)) {
        q = number(other);
        if (!q || method == RADD || method == RSUB || method == RMUL || method == RDIV) goto rare;
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
    if ((method == DIV && !is_plain(x, y)) || (method == RDIV && !is_plain(y, x))) {
        Py_XDECREF(constant);
        goto rare;
    }
    PyObject *row = rows[method];
    switch (method) {
    case ADD:
        node = record(PyFloat_FromDouble(x + y), row, self, right, one, constant ? Py_None : one);
        break;
    case SUB:
        node = record(PyFloat_FromDouble(x - y), row, self, right, one, constant ? Py_None : minus_one);
        break;
    case MUL: node = record(PyFloat_FromDouble(x * y), row, self, right, q, constant ? Py_None : p); break;
    /* The reflected ones: here the constant is the left operand. But sum() starts from the int 0, and 0 + x
     * is x + 0. */
    case RADD:
        if (y == 0.0 && PyLong_CheckExact(other))
            node = record(PyFloat_FromDouble(x + y), row, self, right, one, Py_None);
        else node = record(PyFloat_FromDouble(y + x), row, right, self, Py_None, one);
        break;
    case RSUB: node = record(PyFloat_FromDouble(y - x), row, right, self, Py_None, minus_one); break;
    case DIV: node = quotient(row, self, right, x, y); break;
    case RDIV: node = quotient(row, right, self, y, x); break;
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
BINARY(value_div, DIV)
BINARY(value_rdiv, RDIV)

static PyObject *
value_neg(PyObject *self, PyObject *unused)
{
    PyObject *x = number(self);
    if (!x) return PyObject_CallOneArg(python_methods[NEG], self);
    return record(PyFloat_FromDouble(-PyFloat_AS_DOUBLE(x)), rows[NEG], self, Py_None, minus_one, Py_None);
}

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
    if (!data || fabs(PyFloat_AS_DOUBLE(data)) > 340.0)
        return PyObject_CallOneArg(python_methods[TANH], self);
    double x = PyFloat_AS_DOUBLE(data), e = exp(-2.0 * fabs(x)), q = e - e * (e / (1.0 + e));
    PyObject *local = PyFloat_FromDouble(4.0 * (q - q * q));
    if (!local) return NULL;
    PyObject *node = record(PyFloat_FromDouble(tanh(x)), rows[TANH], self, Py_None, local, Py_None);
    Py_DECREF(local);
    return node;
}

/* The same without a look up: what the interpreter calls for `+`, `-`, `*` and `/`. */
#define NUMBER(name, METHOD, REFLECTED) \
    static PyObject *name(PyObject *x, PyObject *y) \
    { \
        if (Py_IS_TYPE(x, value_type)) return binary(METHOD, x, y); \
        if (Py_IS_TYPE(y, value_type)) return binary(REFLECTED, y, x); \
        Py_RETURN_NOTIMPLEMENTED; \
    }
NUMBER(number_add, ADD, RADD)
NUMBER(number_sub, SUB, RSUB)
NUMBER(number_mul, MUL, RMUL)
NUMBER(number_div, DIV, RDIV)

static PyObject *
number_neg(PyObject *x)
{
    return value_neg(x, NULL);
}

#define SIGNED(name) name "($self, other, /)\n--\n\n"
static PyMethodDef operators[METHODS] = {
    [ADD] = {"__add__", value_add, METH_O, SIGNED("__add__")},
    [RADD] = {"__radd__", value_radd, METH_O, SIGNED("__radd__")},
    [SUB] = {"__sub__", value_sub, METH_O, SIGNED("__sub__")},
    [RSUB] = {"__rsub__", value_rsub, METH_O, SIGNED("__rsub__")},
    [MUL] = {"__mul__", value_mul, METH_O, SIGNED("__mul__")},
    [RMUL] = {"__rmul__", value_rmul, METH_O, SIGNED("__rmul__")},
    [DIV] = {"__truediv__", value_div, METH_O, SIGNED("__truediv__")},
    [RDIV] = {"__rtruediv__", value_rdiv, METH_O, SIGNED("__rtruediv__")},
    [NEG] = {"__neg__", value_neg, METH_NOARGS, "__neg__($self, /)\n--\n\n"},
    [TANH] = {"tanh", value_tanh, METH_NOARGS, "tanh($self, /)\n--\n\nHyperbolic tangent."},
    [RELU] = {"relu", value_relu, METH_NOARGS,
              "relu($self, /)\n--\n\nRectified linear unit, max(0, x); the derivative at 0 is 0."},
};

PyObject *
take_operators(PyObject *module, PyObject *args)
{
    PyObject *type, *modes, *add, *sub, *mul, *div, *neg, *tanh_, *relu;
    if (!PyArg_ParseTuple(args, "O!O!OOOOOOO", &PyType_Type, &type, &PySet_Type, &modes, &add, &sub, &mul,
                          &div, &neg, &tanh_, &relu))
        return NULL;
    for (int slot = 0; slot < SLOTS; slot++) {
        if ((offsets[slot] = offset_of((PyTypeObject *)type, slot_names[slot])) < 0) return NULL;
    }
    one = PyFloat_FromDouble(1.0);
    minus_one = PyFloat_FromDouble(-1.0);
    PyObject *own[METHODS] = {add, add, sub, sub, mul, mul, div, div, neg, tanh_, relu},
             *replaced = PyDict_New();
    if (!one || !minus_one || !replaced) {
        Py_XDECREF(replaced);
        return NULL;
    }
    value_type = (PyTypeObject *)Py_NewRef(type);
    active = Py_NewRef(modes);
    for (int i = 0; i < METHODS; i++) {
        const char *name = operators[i].ml_name;
        rows[i] = Py_NewRef(own[i]);
        python_methods[i] = PyObject_GetAttrString(type, name);
        PyObject *method = PyDescr_NewMethod(value_type, &operators[i]);
        int failed = !python_methods[i] || !method
                     || PyDict_SetItemString(replaced, name, python_methods[i]) < 0
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
    value_type->tp_as_number->nb_true_divide = number_div;
    value_type->tp_as_number->nb_negative = number_neg;
    return replaced;
}
