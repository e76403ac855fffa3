/* Reading a graph for the compiler, see compiler/record/extract.py, and for pictures. */

#include "node.h"
#include <string.h>

enum { NUMBERLESS = -1, FAILED = -2, ELSEWHERE = -3, CALLED = -4 };

/* Where a list is of nodes whose numbers in a dict are consecutive, give them stamps that are so, too; else none
   is in the stretch. */
int
number_all(Stretch *stretch, PyObject *nodes, PyObject *numbers)
{
    Py_ssize_t count = PyList_GET_SIZE(nodes);
    int64_t ends[2] = {0, 0};
    *stretch = (Stretch){0, 0, 0};
    if (is_derived_from || !count || count > UINT32_MAX / 4) return 0; /* others hash by code of their own */
    for (int i = 0; i < 2; i++) {
        PyObject *x = PyList_GET_ITEM(nodes, i * (count - 1));
        PyObject *number = IS_PLAIN(x) ? PyDict_GetItemWithError(numbers, x) : NULL;
        ends[i] = number ? PyLong_AsLongLong(number) : -1;
        if (PyErr_Occurred()) return -1;
    }
    if (ends[0] < 0 || ends[1] - ends[0] != count - 1) return 0;
    uint32_t base = fresh_stamps((size_t)count);
    if (!base) return PyErr_Occurred() ? -1 : 0;
    for (Py_ssize_t i = 0; i < count; i++) {
        PyObject *x = PyList_GET_ITEM(nodes, i);
        if (!IS_PLAIN(x)) return 0;
        NODE(x)->stamp = base + (uint32_t)i;
    }
    *stretch = (Stretch){base, (uint32_t)count, ends[0]};
    return 0;
}

/* The number of a node; below 0 where it has none: ELSEWHERE if an operation made it, FAILED with an error
   set. */
static int64_t
number_of(const Stretch *stretch, PyObject *numbers, PyObject *x)
{
    if (!x || !IS_NODE(x)) return NUMBERLESS;
    int64_t known = number_in(stretch, x);
    if (known >= 0) return known;
    PyObject *found = PyDict_GetItemWithError(numbers, x);
    if (!found) return PyErr_Occurred() ? FAILED : NODE(x)->row ? ELSEWHERE : NUMBERLESS;
    int64_t number = PyLong_AsLongLong(found);
    return number == -1 && PyErr_Occurred() ? FAILED : number;
}

/* The same of many operands: ELSEWHERE if one of them is, else NUMBERLESS. */
static int64_t
number_of_all(const Stretch *stretch, PyObject *numbers, PyObject *vector)
{
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(vector); i++) {
        int64_t number = number_of(stretch, numbers, PyTuple_GET_ITEM(vector, i));
        if (number == FAILED || number == ELSEWHERE) return number;
    }
    return NUMBERLESS;
}

/* Fill the arrays; `codes` counts the operations in the order in which they are met. */
static int
read_all(PyObject *nodes, PyObject *numbers, PyObject *ops, uint32_t *code_of, int32_t *codes,
         int64_t *firsts, int64_t *seconds)
{
    Stretch numbered, *stretch = &numbered;
    if (number_all(stretch, nodes, numbers) < 0) return -1;
    PyObject *known = NULL; /* a vector, which many nodes in a row may share */
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
        firsts[i] = node->kind == RESULT ? CALLED : NUMBERLESS;
        seconds[i] = NUMBERLESS;
        if (node->kind == PAIR) {
            firsts[i] = number_of(stretch, numbers, node->a);
            seconds[i] = number_of(stretch, numbers, node->b);
        } else if (node->kind == MANY || node->kind == DOT)
            firsts[i] = number_of_all(stretch, numbers, node->a);
        if (node->kind == DOT && node->b != known) {
            seconds[i] = number_of_all(stretch, numbers, node->b);
            known = seconds[i] == NUMBERLESS ? node->b : NULL;
        }
        if (firsts[i] == FAILED || seconds[i] == FAILED) return -1;
    }
    return 0;
}

/* read(nodes, numbers): the operations of a list of nodes, each once; for each node which of them made it,
   and the numbers of its one or two operands in a dict, below 0 where an operand has none, or there are more:
   ELSEWHERE if an operation made one that has none, CALLED for one of several results. */
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

/* Append the number of an operand, which is an object of the dict's, where it is a node. */
static int
append_number(PyObject *found, PyObject *numbers, PyObject *x)
{
    if (!x || !IS_NODE(x)) return 0;
    PyObject *number = PyDict_GetItemWithError(numbers, x);
    if (number) return PyList_Append(found, number);
    if (!PyErr_Occurred()) PyErr_SetObject(PyExc_KeyError, x);
    return -1;
}

static int
append_numbers(PyObject *found, PyObject *numbers, PyObject *vector)
{
    int result = 0;
    for (Py_ssize_t i = 0; result == 0 && i < PyTuple_GET_SIZE(vector); i++)
        result = append_number(found, numbers, PyTuple_GET_ITEM(vector, i));
    return result;
}

/* The numbers of one node's operands that are nodes, in the order of `parents`; NULL with an error set. */
static PyObject *
operands_of(PyObject *x, PyObject *numbers)
{
    Node *node = NODE(x);
    PyObject *found = PyList_New(0), *parents = NULL, *result = NULL;
    if (!found) return NULL;
    int failed = 0;
    if (node->kind == PAIR)
        failed = append_number(found, numbers, node->a) || append_number(found, numbers, node->b);
    else if (node->kind == MANY)
        failed = append_numbers(found, numbers, node->a);
    else if (node->kind == DOT)
        failed = append_numbers(found, numbers, node->a) || append_numbers(found, numbers, node->b);
    else if (node->kind == RESULT) {
        parents = PyObject_GetAttrString(x, "parents");
        failed = !parents || append_numbers(found, numbers, parents);
    }
    if (!failed) result = PyList_AsTuple(found);
    Py_XDECREF(parents);
    Py_DECREF(found);
    return result;
}

/* operands(nodes, numbers): for each node of a list the tuple of its operands' numbers in a dict. */
PyObject *
graph_operands(PyObject *module, PyObject *args)
{
    if (!value_type) return set_up(0);
    PyObject *nodes, *numbers;
    if (!PyArg_ParseTuple(args, "O!O!", &PyList_Type, &nodes, &PyDict_Type, &numbers)) return NULL;
    PyObject *result = PyList_New(0);
    for (Py_ssize_t i = 0; result && i < PyList_GET_SIZE(nodes); i++) {
        PyObject *x = PyList_GET_ITEM(nodes, i), *found = NULL;
        Py_INCREF(x); /* a hash of somebody's own may empty the list */
        if (IS_NODE(x)) found = operands_of(x, numbers);
        else PyErr_SetString(PyExc_TypeError, "operands() takes nodes");
        if (!found || PyList_Append(result, found) < 0) Py_CLEAR(result);
        Py_XDECREF(found);
        Py_DECREF(x);
    }
    return result;
}

/* levels(size, producers, consumers): the length of the longest path to each of so many nodes, 64-bit numbers
   as the edges are; None where there is a cycle. */
PyObject *
graph_levels(PyObject *module, PyObject *args)
{
    Py_ssize_t size;
    Py_buffer from, to;
    if (!PyArg_ParseTuple(args, "ny*y*", &size, &from, &to)) return NULL;
    Py_ssize_t edges = from.len / 8, done = 0, ready = 0;
    const int64_t *producers = from.buf, *consumers = to.buf;
    int fits = size >= 0 && from.len == to.len && from.len % 8 == 0;
    for (Py_ssize_t i = 0; fits && i < edges; i++)
        fits = producers[i] >= 0 && producers[i] < size && consumers[i] >= 0 && consumers[i] < size;
    if (!fits) {
        PyBuffer_Release(&from);
        PyBuffer_Release(&to);
        PyErr_SetString(PyExc_ValueError, "these are no edges between so many nodes");
        return NULL;
    }
    PyObject *result = PyByteArray_FromStringAndSize(NULL, size * 8);
    /* For each node where its edges end, in `below`, and for how many it waits; and the nodes in turn. */
    int64_t *ends = PyMem_Calloc((size_t)(3 * size + edges + 1), 8);
    int64_t *waiting = ends + size + 1, *turn = waiting + size, *below = turn + size;
    if (result && ends) {
        int64_t *level = (int64_t *)(void *)PyByteArray_AS_STRING(result);
        memset(level, 0, (size_t)size * 8);
        for (Py_ssize_t i = 0; i < edges; i++) {
            ends[producers[i] + 1]++;
            waiting[consumers[i]]++;
        }
        for (Py_ssize_t i = 0; i < size; i++) {
            ends[i + 1] += ends[i];
            if (!waiting[i]) turn[ready++] = i;
        }
        for (Py_ssize_t i = 0; i < edges; i++) below[ends[producers[i]]++] = consumers[i];
        for (; done < ready; done++) {
            int64_t node = turn[done];
            for (int64_t i = node ? ends[node - 1] : 0; i < ends[node]; i++) {
                level[below[i]] = level[node] + 1; /* the last one to come has the longest path */
                if (!--waiting[below[i]]) turn[ready++] = below[i];
            }
        }
    }
    if (!ends) PyErr_NoMemory();
    if (!ends || done < size) Py_CLEAR(result);
    PyMem_Free(ends);
    PyBuffer_Release(&from);
    PyBuffer_Release(&to);
    return result || PyErr_Occurred() ? result : Py_NewRef(Py_None);
}

/* Columns of addresses: of the first one for each row of so many `terms` of the others, of which `order` says
   which row comes when. `at` holds those that were asked for. */
typedef struct {
    Py_buffer *columns;
    int64_t *at, *order;
    Py_ssize_t count, terms, length, filled;
} Addresses;

static void
fill(Addresses *x, Py_ssize_t end)
{
    end = end < 2 * x->filled + 64 ? 2 * x->filled + 64 : end;
    end = end < x->length ? end : x->length;
    for (Py_ssize_t k = 0; k < x->count; k++) {
        const int64_t *from = x->columns[k].buf;
        for (Py_ssize_t p = x->filled, row = p / x->terms, j = p % x->terms; p < end; p++) {
            x->at[k * x->length + p] = from[!x->order ? p : !k ? row : x->order[row] * x->terms + j];
            if (++j == x->terms) j = 0, row++;
        }
    }
    x->filled = end;
}

/* Whether the step to a place is the first step in each column, of places so far apart. */
static int
goes_on(Addresses *x, Py_ssize_t place, Py_ssize_t apart)
{
    if (place * apart >= x->filled) fill(x, place * apart + 1);
    const int64_t *at = x->at;
    for (Py_ssize_t k = 0; k < x->count; k++, at += x->length)
        if (at[place * apart] - at[(place - 1) * apart] != at[apart] - *at) return 0;
    return 1;
}

/* The size of the innermost loop over so many places; 0 where there is none. */
static Py_ssize_t
loop_of(Addresses *x, Py_ssize_t places, Py_ssize_t apart)
{
    Py_ssize_t size = 1;
    while (size < places && goes_on(x, size, apart)) size++;
    if (places % size) return 0;
    for (Py_ssize_t i = size + 1, j = 1; i < places; i++, j++)
        if (j == size) j = 0;
        else if (!goes_on(x, i, apart)) return 0;
    return size;
}

static PyObject *
nest_of(Addresses *x)
{
    Py_ssize_t apart[64], loops = 0, done = 1;
    for (fill(x, 1); done < x->length; loops++) {
        apart[loops] = done;
        Py_ssize_t size = loop_of(x, x->length / done, done);
        if (!size) return Py_NewRef(Py_None);
        done *= size;
    }
    PyObject *sizes = PyTuple_New(loops), *strides = PyList_New(0);
    for (Py_ssize_t i = 0; sizes && i < loops; i++, done = apart[loops - i])
        PyTuple_SET_ITEM(sizes, i, PyLong_FromSsize_t(done / apart[loops - 1 - i]));
    const int64_t *at = x->at;
    for (Py_ssize_t k = 0; strides && k < x->count; k++, at += x->length) {
        PyObject *own = PyTuple_New(loops);
        for (Py_ssize_t i = 0; own && i < loops; i++)
            PyTuple_SET_ITEM(own, i, PyLong_FromLongLong(at[apart[loops - 1 - i]] - *at));
        if (!own || PyList_Append(strides, own) < 0) Py_CLEAR(strides);
        Py_XDECREF(own);
    }
    return Py_BuildValue("NN", sizes, strides);
}

/* nest(columns, order, terms): what affine.py does under that name. */
PyObject *
graph_nest(PyObject *module, PyObject *args)
{
    PyObject *columns, *order, *result = NULL;
    Py_buffer turn = {0};
    Addresses x = {0};
    if (!PyArg_ParseTuple(args, "O!On", &PyList_Type, &columns, &order, &x.terms)) return NULL;
    Py_ssize_t count = PyList_GET_SIZE(columns), ok = x.terms > 0;
    x.columns = PyMem_Calloc((size_t)count + 1, sizeof *x.columns);
    if (!x.columns) return PyErr_NoMemory();
    if (order != Py_None && PyObject_GetBuffer(order, &turn, PyBUF_SIMPLE) < 0) goto done;
    for (Py_buffer *own = x.columns; x.count < count; x.count++, own++)
        if (PyObject_GetBuffer(PyList_GET_ITEM(columns, x.count), own, PyBUF_SIMPLE) < 0) goto done;
    x.order = turn.buf;
    if (!x.order) x.terms = 1;
    Py_ssize_t rows = count ? x.columns->len / 8 : 0;
    x.length = rows * x.terms;
    for (Py_ssize_t k = 0; ok && k < count; k++) ok = x.columns[k].len == (k ? x.length : rows) * 8;
    for (Py_ssize_t i = 0; ok && x.order && i < rows; i++)
        ok = turn.len == rows * 8 && x.order[i] >= 0 && x.order[i] < rows;
    if (!ok || !x.length) PyErr_SetString(PyExc_ValueError, "these are no columns of addresses");
    else if (!(x.at = PyMem_Malloc((size_t)(x.count * x.length * 8)))) PyErr_NoMemory();
    else result = nest_of(&x);
done:
    while (x.count--) PyBuffer_Release(x.columns + x.count);
    if (turn.buf) PyBuffer_Release(&turn);
    PyMem_Free(x.columns);
    PyMem_Free(x.at);
    return result;
}
