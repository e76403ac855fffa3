/* Reading a graph for the compiler, see compiler/record/extract.py, and for pictures. */

#include "node.h"
#include <stdlib.h>
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

/* Edges between nodes: what reads a node is in `below` up to its end, from that of the node before on; for how
   many each waits; and room for the nodes in turn. */
typedef struct {
    Py_buffer from, to;
    int64_t *ends, *waiting, *turn, *below;
} Edges;

static void
release(Edges *x)
{
    PyMem_Free(x->ends);
    PyBuffer_Release(&x->from);
    PyBuffer_Release(&x->to);
}

/* Sort edges, pairs of 64-bit numbers below a size; -1 with an error set where they are none. */
static int
sort_edges(Edges *x, Py_ssize_t size)
{
    Py_ssize_t edges = x->from.len / 8;
    const int64_t *producers = x->from.buf, *consumers = x->to.buf;
    int fits = size >= 0 && x->from.len == x->to.len && x->from.len % 8 == 0;
    for (Py_ssize_t i = 0; fits && i < edges; i++)
        fits = producers[i] >= 0 && producers[i] < size && consumers[i] >= 0 && consumers[i] < size;
    x->ends = fits ? PyMem_Calloc((size_t)(3 * size + edges + 1), 8) : NULL;
    if (!fits) PyErr_SetString(PyExc_ValueError, "these are no edges between so many nodes");
    else if (!x->ends) PyErr_NoMemory();
    if (!x->ends) return -1;
    x->waiting = x->ends + size + 1, x->turn = x->waiting + size, x->below = x->turn + size;
    for (Py_ssize_t i = 0; i < edges; i++) {
        x->ends[producers[i] + 1]++;
        x->waiting[consumers[i]]++;
    }
    for (Py_ssize_t i = 0; i < size; i++) x->ends[i + 1] += x->ends[i];
    for (Py_ssize_t i = 0; i < edges; i++) x->below[x->ends[producers[i]]++] = consumers[i];
    return 0;
}

/* levels(size, producers, consumers): the length of the longest path to each of so many nodes, 64-bit numbers
   as the edges are; None where there is a cycle. */
PyObject *
graph_levels(PyObject *module, PyObject *args)
{
    Py_ssize_t size, done = 0, ready = 0;
    Edges x = {0};
    if (!PyArg_ParseTuple(args, "ny*y*", &size, &x.from, &x.to)) return NULL;
    PyObject *result = sort_edges(&x, size) < 0 ? NULL : PyByteArray_FromStringAndSize(NULL, size * 8);
    if (result) {
        int64_t *level = (int64_t *)(void *)PyByteArray_AS_STRING(result);
        memset(level, 0, (size_t)size * 8);
        for (Py_ssize_t i = 0; i < size; i++)
            if (!x.waiting[i]) x.turn[ready++] = i;
        for (; done < ready; done++) {
            int64_t node = x.turn[done];
            for (int64_t i = node ? x.ends[node - 1] : 0; i < x.ends[node]; i++) {
                level[x.below[i]] = level[node] + 1; /* the last one to come has the longest path */
                if (!--x.waiting[x.below[i]]) x.turn[ready++] = x.below[i];
            }
        }
        if (done < size) Py_SETREF(result, Py_NewRef(Py_None));
    }
    release(&x);
    return result;
}

/* csr(keys, values, size): what ir.py does under that name. */
PyObject *
graph_csr(PyObject *module, PyObject *args)
{
    Py_buffer keys, values;
    Py_ssize_t size;
    if (!PyArg_ParseTuple(args, "y*y*n", &keys, &values, &size)) return NULL;
    const int64_t *key = keys.buf, *value = values.buf;
    Py_ssize_t count = keys.len / 8, fits = size >= 0 && values.len == keys.len;
    for (Py_ssize_t i = 0; fits && i < count; i++) fits = key[i] >= 0 && key[i] < size;
    PyObject *starts = fits ? PyByteArray_FromStringAndSize(NULL, 8 * size + 8) : NULL;
    PyObject *sorted = starts ? PyByteArray_FromStringAndSize(NULL, 8 * count) : NULL;
    if (!fits) PyErr_SetString(PyExc_ValueError, "these are no keys below that size");
    if (sorted) {
        int64_t *start = (int64_t *)(void *)PyByteArray_AS_STRING(starts);
        int64_t *to = (int64_t *)(void *)PyByteArray_AS_STRING(sorted);
        memset(start, 0, (size_t)size * 8 + 8);
        for (Py_ssize_t i = 0; i < count; i++) start[key[i] + 1]++;
        for (Py_ssize_t i = 0; i < size; i++) start[i + 1] += start[i];
        for (Py_ssize_t i = 0; i < count; i++) to[start[key[i]]++] = value[i];
        memmove(start + 1, start, (size_t)size * 8);
        *start = 0;
    }
    PyBuffer_Release(&keys);
    PyBuffer_Release(&values);
    return Py_BuildValue("NN", starts, sorted);
}

/* A kind of node: the sum of the levels of those that are left, how many these are, and how many can be
   computed, of which this is the last. */
typedef struct {
    double depth;
    int64_t left, ready, last;
} Kind;

/* The kinds of nodes that can be computed are a heap, and of each the nodes a list. */
typedef struct {
    Kind *kinds;
    const int64_t *kind_of;
    int64_t *heap, *before, count;
} Agenda;

/* Whether a kind comes before another: by the mean level of what is left. */
static int
is_sooner(const Agenda *x, int64_t a, int64_t b)
{
    double here = x->kinds[a].depth / (double)x->kinds[a].left;
    double there = x->kinds[b].depth / (double)x->kinds[b].left;
    return here < there || (here == there && a < b);
}

static void
offer(Agenda *x, int64_t node)
{
    int64_t own = x->kind_of[node], i;
    x->before[node] = x->kinds[own].last;
    x->kinds[own].last = node;
    if (x->kinds[own].ready++) return;
    for (i = x->count++; i && is_sooner(x, own, x->heap[(i - 1) / 2]); i = (i - 1) / 2)
        x->heap[i] = x->heap[(i - 1) / 2];
    x->heap[i] = own;
}

static Kind *
soonest(Agenda *x)
{
    int64_t found = *x->heap, moved = x->heap[--x->count], i = 0;
    for (int64_t next; (next = 2 * i + 1) < x->count; i = next) {
        if (next + 1 < x->count && is_sooner(x, x->heap[next + 1], x->heap[next])) next++;
        if (!is_sooner(x, x->heap[next], moved)) break;
        x->heap[i] = x->heap[next];
    }
    x->heap[i] = moved;
    return x->kinds + found;
}

static int
by_number(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* Fill in the nodes of each group in turn, and the number of its group; return how many nodes. */
static Py_ssize_t
take_groups(Agenda *x, Edges *edges, Py_ssize_t size, const char *work, const int64_t *level,
            int64_t *groups, int64_t *nodes)
{
    Py_ssize_t done = 0;
    for (Py_ssize_t i = 0; i < size; i++) {
        if (!work[i]) continue;
        x->kinds[x->kind_of[i]].depth += (double)level[i];
        x->kinds[x->kind_of[i]].left++;
    }
    for (Py_ssize_t i = 0; i < size; i++)
        if (work[i] && !edges->waiting[i]) offer(x, i);
    for (int64_t group = 0; x->count; group++) {
        Kind *kind = soonest(x);
        Py_ssize_t end = done + kind->ready, is_sorted = 1;
        int64_t node = kind->last;
        for (Py_ssize_t i = end; i-- > done; node = x->before[node]) {
            nodes[i] = node;
            groups[i] = group;
            kind->depth -= (double)level[node];
            is_sorted &= i + 1 == end || node < nodes[i + 1];
        }
        kind->left -= kind->ready;
        kind->ready = 0;
        if (!is_sorted) qsort(nodes + done, (size_t)(end - done), 8, by_number);
        for (; done < end; done++)
            for (int64_t i = nodes[done] ? edges->ends[nodes[done] - 1] : 0; i < edges->ends[nodes[done]]; i++)
                if (!--edges->waiting[edges->below[i]]) offer(x, edges->below[i]);
    }
    return done;
}

/* agenda(work, level, kinds, producers, consumers): what schedule.py does under that name, as the number of
   its group for each node, and the nodes. */
PyObject *
graph_agenda(PyObject *module, PyObject *args)
{
    Py_buffer work, level, kinds;
    Edges edges = {0};
    Agenda x = {0};
    if (!PyArg_ParseTuple(args, "y*y*y*y*y*", &work, &level, &kinds, &edges.from, &edges.to)) return NULL;
    Py_ssize_t size = work.len, fits = level.len == 8 * size && kinds.len == 8 * size;
    PyObject *groups = PyByteArray_FromStringAndSize(NULL, 8 * size), *result = NULL;
    PyObject *nodes = PyByteArray_FromStringAndSize(NULL, 8 * size);
    x.kind_of = kinds.buf;
    x.kinds = PyMem_Calloc((size_t)size + 1, sizeof *x.kinds + 16);
    for (Py_ssize_t i = 0; fits && i < size; i++) fits = x.kind_of[i] >= 0 && x.kind_of[i] < size;
    if (!fits) PyErr_SetString(PyExc_ValueError, "these are no kinds of so many nodes");
    else if (!x.kinds) PyErr_NoMemory();
    else if (groups && nodes && sort_edges(&edges, size) == 0) {
        x.heap = (int64_t *)(void *)(x.kinds + size);
        x.before = x.heap + size;
        Py_ssize_t done = 8 * take_groups(&x, &edges, size, work.buf, level.buf,
                                          (int64_t *)(void *)PyByteArray_AS_STRING(groups),
                                          (int64_t *)(void *)PyByteArray_AS_STRING(nodes));
        if (PyByteArray_Resize(groups, done) == 0 && PyByteArray_Resize(nodes, done) == 0)
            result = PyTuple_Pack(2, groups, nodes);
    }
    PyMem_Free(x.kinds);
    release(&edges);
    PyBuffer_Release(&work);
    PyBuffer_Release(&level);
    PyBuffer_Release(&kinds);
    Py_XDECREF(groups);
    Py_XDECREF(nodes);
    return result;
}
