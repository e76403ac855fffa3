/* Reading a graph for the compiler, see compiler/record/extract.py, and for pictures. */

#include "small.h"
#include "node.h"
#include <stdlib.h>
#include <string.h>

enum { NUMBERLESS = -1, FAILED = -2, ELSEWHERE = -3, CALLED = -4, LOOSE = -8 };

/* Give nodes of a list stamps one after the other, and as many more are free behind; else none is in the
   stretch. */
int
number_all(Stretch *stretch, PyObject *nodes, int64_t first)
{
    Py_ssize_t count = PyList_GET_SIZE(nodes);
    *stretch = (Stretch){0, 0, first, nodes};
    if (is_derived_from || !count || count > UINT32_MAX / 8) return 0; /* others hash by code of their own */
    uint32_t base = fresh_stamps(2 * (size_t)count);
    if (!base) return PyErr_Occurred() ? -1 : 0;
    for (Py_ssize_t i = 0; i < count; i++) {
        PyObject *x = PyList_GET_ITEM(nodes, i);
        if (!IS_PLAIN(x)) return 0;
        NODE(x)->stamp = base + (uint32_t)i;
    }
    stretch->base = base;
    stretch->count = (uint32_t)count;
    return 0;
}

/* The same where read() has given them stamps, unless a pass has begun since. */
int
number_again(Stretch *stretch, PyObject *nodes, int64_t first, unsigned long base)
{
    *stretch = (Stretch){(uint32_t)base, (uint32_t)PyList_GET_SIZE(nodes), first, nodes};
    return is_latest(stretch->base, 2 * (size_t)stretch->count) ? 0 : number_all(stretch, nodes, first);
}

/* Numbers of objects: of nodes by stamps, of others in a dict; and a list of all that have none, each float and
   each leaf once. */
typedef struct {
    Stretch nodes;
    PyObject *numbers, *loose, *places; /* places in the list by the bits of a float */
    uint64_t bits[64];
    int64_t latest[64];
} Finder;

/* Put an object into the list of those without number. */
static int64_t
set_loose(Finder *all, PyObject *x)
{
    int64_t place = PyList_GET_SIZE(all->loose);
    return PyList_Append(all->loose, x) < 0 ? FAILED : LOOSE - place;
}

static int64_t
number_of_float(Finder *all, PyObject *x)
{
    union {
        double number;
        uint64_t bits;
    } is = {PyFloat_AS_DOUBLE(x)};
    size_t at = (is.bits * 0x9E3779B97F4A7C15u) >> 58;
    if (all->latest[at] && all->bits[at] == is.bits) return all->latest[at];
    PyObject *key = PyLong_FromUnsignedLongLong(is.bits), *made = NULL;
    PyObject *found = key ? PyDict_GetItemWithError(all->places, key) : NULL;
    int64_t number = PyErr_Occurred() ? FAILED : found ? PyLong_AsLongLong(found) : set_loose(all, x);
    if (!found && number != FAILED
        && (!(made = PyLong_FromLongLong(number)) || PyDict_SetItem(all->places, key, made) < 0))
        number = FAILED;
    Py_XDECREF(key);
    Py_XDECREF(made);
    if (number == FAILED) return FAILED;
    all->bits[at] = is.bits;
    return all->latest[at] = number;
}

/* The number of an object; below 0 where it has none: ELSEWHERE if an operation made it, FAILED with an error
   set; of others their place, where that is asked for. */
static int64_t
number_of(Finder *all, PyObject *x, int is_kept)
{
    if (!x) return NUMBERLESS;
    if (!IS_NODE(x)) {
        if (!is_kept) return NUMBERLESS;
        return PyFloat_CheckExact(x) ? number_of_float(all, x) : set_loose(all, x);
    }
    int64_t known = number_in(&all->nodes, x);
    if (known >= 0) return known;
    uint32_t place = NODE(x)->stamp - all->nodes.base - all->nodes.count;
    if (place < all->nodes.count && place < PyList_GET_SIZE(all->loose)
        && PyList_GET_ITEM(all->loose, place) == x)
        return LOOSE - (int64_t)place;
    PyObject *found = PyDict_GetItemWithError(all->numbers, x);
    if (found) {
        int64_t number = whole(found);
        if (number < 0 && !PyErr_Occurred()) PyErr_SetString(PyExc_ValueError, "this is no number of a node");
        return PyErr_Occurred() ? FAILED : number;
    }
    if (PyErr_Occurred()) return FAILED;
    if (!NODE(x)->row) {
        if (!is_kept) return NUMBERLESS;
        int64_t number = set_loose(all, x);
        if (number != FAILED && LOOSE - number < all->nodes.count)
            NODE(x)->stamp = all->nodes.base + all->nodes.count + (uint32_t)(LOOSE - number);
        return number;
    }
    return ELSEWHERE;
}

/* The same of many operands: ELSEWHERE if one of them is, else NUMBERLESS. */
static int64_t
number_of_all(Finder *all, PyObject *vector)
{
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(vector); i++) {
        int64_t number = number_of(all, PyTuple_GET_ITEM(vector, i), 0);
        if (number == FAILED || number == ELSEWHERE) return number;
    }
    return NUMBERLESS;
}

/* What is read of one node: its operation, counted from 1 on as they are met, and its operands. */
typedef struct {
    int64_t code, first, second;
} Read;

/* Fill the array. In place 0, `code_of` has how many rows there are. */
static int
read_all(Finder *all, PyObject *ops, uint32_t *code_of, PyObject *noted, Read *found)
{
    PyObject *known = NULL; /* a vector, which many nodes in a row may share */
    for (Py_ssize_t i = 0; i < all->nodes.count; i++) {
        if (i >= PyList_GET_SIZE(all->nodes.nodes)) {
            PyErr_SetString(PyExc_ValueError, "the list has changed");
            return -1;
        }
        Node *node = NODE(PyList_GET_ITEM(all->nodes.nodes, i));
        uint32_t row = node->row;
        if (!row || row >= code_of[0]) {
            PyErr_SetString(PyExc_TypeError, "read() takes nodes that operations have made");
            return -1;
        }
        if (!code_of[row]) {
            if (PyList_Append(ops, ROW(row).op) < 0) return -1;
            code_of[row] = (uint32_t)PyList_GET_SIZE(ops);
        }
        if (node->note) {
            PyObject *at = PyLong_FromSsize_t(i);
            int failed = !at || PyList_Append(noted, at) < 0;
            Py_XDECREF(at);
            if (failed) return -1;
        }
        Read *is = found + i;
        *is = (Read){code_of[row], node->kind == RESULT ? CALLED : NUMBERLESS, NUMBERLESS};
        if (node->kind == PAIR) {
            is->first = number_of(all, node->a, 1);
            is->second = number_of(all, node->b, 1);
        } else if (node->kind == MANY || node->kind == DOT)
            is->first = number_of_all(all, node->a);
        if (node->kind == DOT && node->b != known) {
            is->second = number_of_all(all, node->b);
            known = is->second == NUMBERLESS ? node->b : NULL;
        }
        if (is->first == FAILED || is->second == FAILED) return -1;
    }
    return 0;
}

/* Put what was read into columns, one operation after the other; where each ends goes into a list. */
static int
group(const Read *found, Py_ssize_t count, PyObject *ends, Py_ssize_t ops, int64_t *order, int64_t *firsts,
      int64_t *seconds)
{
    Py_ssize_t *at = PyMem_Calloc((size_t)ops + 1, sizeof *at);
    if (!at) PyErr_NoMemory();
    for (Py_ssize_t i = 0; at && i < count; i++) at[found[i].code]++;
    for (Py_ssize_t k = 0; at && k < ops; k++) {
        PyObject *end = PyLong_FromSsize_t(at[k + 1] += at[k]);
        if (!end || PyList_Append(ends, end) < 0) k = ops;
        Py_XDECREF(end);
    }
    for (Py_ssize_t i = 0; at && !PyErr_Occurred() && i < count; i++) {
        Py_ssize_t to = at[found[i].code - 1]++;
        order[to] = i;
        firsts[to] = found[i].first;
        seconds[to] = found[i].second;
    }
    PyMem_Free(at);
    return PyErr_Occurred() ? -1 : 0;
}

/* read(nodes, first, numbers): of nodes that are numbered from the first on, others in a dict: the stamp of the
   first; the operations, each once; where the nodes of each end in the columns that follow: the places of nodes
   in the list, and the numbers of their one or two operands, below 0 where an operand has none, or there are
   more: ELSEWHERE if an operation made one that has none, CALLED for one of several results, LOOSE and below the
   place of a number or leaf in a list; that list; and which nodes have notes. None where Python has the word. */
PyObject *
graph_read(PyObject *module, PyObject *args)
{
    if (!value_type) return set_up(0);
    PyObject *nodes, *result = NULL;
    long long first;
    Finder all = {0};
    if (!PyArg_ParseTuple(args, "O!LO!", &PyList_Type, &nodes, &first, &PyDict_Type, &all.numbers)) return NULL;
    if (number_all(&all.nodes, nodes, first) < 0) return NULL;
    Py_ssize_t count = PyList_GET_SIZE(nodes);
    if (!all.nodes.count) Py_RETURN_NONE;
    PyObject *lists[] = {PyList_New(0), PyList_New(0), PyList_New(0), PyList_New(0)}, *columns[3];
    uint32_t *code_of = PyMem_Calloc(rows_used, sizeof *code_of);
    Read *found = PyMem_Calloc((size_t)count, sizeof *found);
    int failed = !code_of || !found || !(all.places = PyDict_New());
    for (int i = 0; i < 3; i++) failed |= !(columns[i] = PyByteArray_FromStringAndSize(NULL, count * 8));
    for (int i = 0; i < 4; i++) failed |= !lists[i];
    all.loose = lists[2];
    if (code_of) code_of[0] = rows_used;
#define COLUMN(i) (int64_t *)(void *)PyByteArray_AS_STRING(columns[i])
    if (failed) PyErr_NoMemory();
    else if (read_all(&all, lists[0], code_of, lists[3], found) == 0
             && group(found, count, lists[1], PyList_GET_SIZE(lists[0]), COLUMN(0), COLUMN(1), COLUMN(2)) == 0)
        result = Py_BuildValue("kOOOOOOO", (unsigned long)all.nodes.base, lists[0], lists[1], columns[0],
                               columns[1], columns[2], lists[2], lists[3]);
    PyMem_Free(code_of);
    PyMem_Free(found);
    for (int i = 0; i < 3; i++) Py_XDECREF(columns[i]);
    for (int i = 0; i < 4; i++) Py_XDECREF(lists[i]);
    Py_XDECREF(all.places);
    return result;
}

/* find(objects, nodes, base, first, numbers): the numbers of other objects after read(), as that has them, and
   the list of those that have none. */
PyObject *
graph_find(PyObject *module, PyObject *args)
{
    if (!value_type) return set_up(0);
    PyObject *objects, *nodes, *found = NULL, *result = NULL;
    unsigned long base;
    long long first;
    Finder all = {0};
    if (!PyArg_ParseTuple(args, "O!O!kLO!", &PyList_Type, &objects, &PyList_Type, &nodes, &base, &first,
                          &PyDict_Type, &all.numbers))
        return NULL;
    Py_ssize_t count = PyList_GET_SIZE(objects), done = 0;
    if (number_again(&all.nodes, nodes, first, base) < 0) return NULL;
    all.loose = PyList_New(0);
    all.places = PyDict_New();
    if (all.loose && all.places && (found = PyByteArray_FromStringAndSize(NULL, count * 8))) {
        int64_t *numbers = (int64_t *)(void *)PyByteArray_AS_STRING(found);
        for (; done < count && done < PyList_GET_SIZE(objects) && !PyErr_Occurred(); done++) {
            PyObject *x = Py_NewRef(PyList_GET_ITEM(objects, done)); /* a hash of somebody's own may empty the list */
            numbers[done] = number_of(&all, x, 1);
            Py_DECREF(x);
        }
        if (done == count && !PyErr_Occurred()) result = PyTuple_Pack(2, found, all.loose);
        else if (!PyErr_Occurred()) PyErr_SetString(PyExc_ValueError, "the list has changed");
    }
    Py_XDECREF(found);
    Py_XDECREF(all.loose);
    Py_XDECREF(all.places);
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
    int fits = size >= 0 && size < PY_SSIZE_T_MAX / 64 && x->from.len == x->to.len && x->from.len % 8 == 0;
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
