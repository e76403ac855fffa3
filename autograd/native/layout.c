/* Loops of addresses for groups of nodes, see compiler/roll/cells.py. */

#include "small.h"
#include "node.h"
#include <stdlib.h>
#include <string.h>

enum { CONST = 0, SOP = 4, MAX = 5, MIN = 6, FIRST_ROW = 8 };

/* Of a term the sum of a group that it is of, its factors, where these are, whether they are lanes or one, and
   its coefficient. */
enum { CELL, A, B, AT_A, AT_B, LANES, COEF, COLUMNS };

/* Keys in an order. */
typedef struct {
    int64_t key, then, turn;
} Turn;

static int
by_turn(const void *a, const void *b)
{
    const Turn *x = a, *y = b;
    if (x->key != y->key) return x->key < y->key ? -1 : 1;
    if (x->then != y->then) return x->then < y->then ? -1 : 1;
    return x->turn < y->turn ? -1 : 1;
}

/* Find the order of keys that stand so far apart; 0 where they are in order already. */
static int
put_in_order(const int64_t *keys, const int64_t *then, Py_ssize_t apart, int64_t sign, Py_ssize_t count,
             Turn *room, int64_t *order)
{
    Py_ssize_t falls = 0;
    for (Py_ssize_t i = 0; i < count; i++) {
        room[i] = (Turn){sign * keys[i * apart], then ? then[i * apart] : 0, i};
        falls += i && by_turn(room + i - 1, room + i) > 0;
    }
    int is_turned = falls && falls == count - 1; /* none is like another then */
    if (falls && !is_turned) qsort(room, (size_t)count, sizeof *room, by_turn);
    for (Py_ssize_t i = 0; i < count; i++) order[i] = room[is_turned ? count - 1 - i : i].turn;
    return falls > 0;
}

/* Sort some terms in columns by where their factors are; -1 with an error set. */
static int
sort_terms(int64_t *columns, Py_ssize_t apart, Py_ssize_t count)
{
    Turn *room = PyMem_Malloc((size_t)count * (sizeof *room + 16));
    if (!room) return PyErr_NoMemory(), -1;
    int64_t *order = (int64_t *)(void *)(room + count), *column = order + count;
    put_in_order(columns + AT_A * apart, columns + AT_B * apart, 1, 1, count, room, order);
    for (int k = 0; k < COLUMNS; k++, columns += apart) {
        for (Py_ssize_t i = 0; i < count; i++) column[i] = columns[order[i]];
        memcpy(columns, column, (size_t)count * 8);
    }
    PyMem_Free(room);
    return 0;
}

/* Sums and their terms: those of node i are, in an order, from `start[i]` to `start[i + 1]`. */
typedef struct {
    Py_buffer group, start, order, a, b, coef, over, address, lane;
} Sums;

/* Of what the largest or, by a sign of -1, the smallest is taken: kinds and values of nodes. */
typedef struct {
    const int64_t *kind;
    const double *value;
    double sign;
} Extremum;

/* Fill in the terms of a group, and what its sums have without factors, or extrema as constants; how many
   terms, or -1 with an error set. What is no address is larger than any. */
static Py_ssize_t
read_terms(const Sums *x, const Extremum *of, int64_t *columns, Py_ssize_t most, double *offset,
           int *is_shifted)
{
    const int64_t *group = x->group.buf, *start = x->start.buf, *order = x->order.buf, *a = x->a.buf,
                  *b = x->b.buf, *address = x->address.buf, nowhere = (int64_t)1 << 50;
    const double *coef = x->coef.buf;
    const char *over = x->over.buf, *lane = x->lane.buf;
    Py_ssize_t count = 0, nodes = x->lane.len, terms = x->over.len;
    for (int64_t cell = 0; cell < x->group.len / 8; cell++) {
        Py_ssize_t first = count, is_sorted = 1;
        offset[cell] = of ? -Py_HUGE_VAL * of->sign : 0.0;
        for (int64_t i = start[group[cell]]; i < start[group[cell] + 1]; i++) {
            int64_t t = i >= 0 && i < terms ? order[i] : -1;
            if (t < 0 || t >= terms || a[t] < 0 || a[t] >= nodes || b[t] < 0 || b[t] >= nodes) {
                PyErr_SetString(PyExc_ValueError, "these are no terms");
                return -1;
            }
            if (of && of->kind[a[t]] == CONST && !over[t]) {
                double own = of->value[a[t]];
                if (own != own || own * of->sign > offset[cell] * of->sign) offset[cell] = own;
                *is_shifted = 1;
                continue;
            }
            if (!of && !a[t] && !over[t]) {
                offset[cell] += coef[t];
                *is_shifted |= coef[t] != 0.0;
                continue;
            }
            int64_t at_a = a[t] ? address[a[t]] : nowhere, at_b = b[t] ? address[b[t]] : nowhere;
            int is_turned = at_b < at_a;
            int64_t *own = columns + count, p = is_turned ? b[t] : a[t], q = is_turned ? a[t] : b[t];
            own[CELL] = cell, own[A * most] = p, own[B * most] = q;
            own[AT_A * most] = is_turned ? at_b : at_a, own[AT_B * most] = is_turned ? at_a : at_b;
            own[LANES * most] = !q * 2 + (lane[p] * 2 + lane[q]) * 4 + over[t];
            memcpy(own + COEF * most, coef + t, 8);
            if (count++ > first) {
                int64_t more = own[AT_A * most] - own[AT_A * most - 1];
                is_sorted &= more > 0 || (!more && own[AT_B * most] >= own[AT_B * most - 1]);
            }
        }
        if (!is_sorted && sort_terms(columns + first, most, count - first) < 0) return -1;
    }
    return count;
}

enum { BUFFERS = 9 };

/* How many terms the nodes of a group have together; -1 with an error set where they are none. */
static Py_ssize_t
count_terms(const Sums *x)
{
    const int64_t *group = x->group.buf, *start = x->start.buf;
    Py_ssize_t most = 0, nodes = x->lane.len, terms = x->over.len;
    int fits = x->start.len == 8 * nodes + 8 && x->address.len == 8 * nodes && x->a.len == 8 * terms
               && x->order.len == 8 * terms && x->b.len == 8 * terms && x->coef.len == 8 * terms;
    for (Py_ssize_t i = 0; fits && i < x->group.len / 8; i++) {
        int64_t node = group[i];
        fits = node >= 0 && node < nodes && start[node] >= 0 && start[node] <= start[node + 1]
               && start[node + 1] <= terms;
        if (fits) most += start[node + 1] - start[node];
    }
    if (!fits) PyErr_SetString(PyExc_ValueError, "these are no sums");
    return fits ? most : -1;
}

static void
release_all(Py_buffer *x, int count)
{
    while (count--) PyBuffer_Release(x + count);
}

/* terms(group, start, order, a, b, coef, over, address, lane): the terms of a group of sums in the order of
   their factors' addresses, in columns of 64-bit numbers, the last one of which are coefficients; how many;
   and what the sums have without factors, or None. */
PyObject *
graph_terms(PyObject *module, PyObject *args)
{
    Sums x;
    if (!PyArg_ParseTuple(args, "y*y*y*y*y*y*y*y*y*", &x.group, &x.start, &x.order, &x.a, &x.b, &x.coef, &x.over,
                          &x.address, &x.lane))
        return NULL;
    PyObject *offset = NULL, *columns = NULL;
    Py_ssize_t most = count_terms(&x), count = -1, size = x.group.len;
    int is_shifted = 0;
    if (most >= 0 && (offset = PyByteArray_FromStringAndSize(NULL, size))
        && (columns = PyByteArray_FromStringAndSize(NULL, COLUMNS * 8 * most))) {
        count = read_terms(&x, NULL, (int64_t *)(void *)PyByteArray_AS_STRING(columns), most,
                           (double *)(void *)PyByteArray_AS_STRING(offset), &is_shifted);
    }
    release_all(&x.group, BUFFERS);
    PyObject *result = count < 0 ? NULL : Py_BuildValue("OnO", columns, count, is_shifted ? offset : Py_None);
    Py_XDECREF(offset);
    Py_XDECREF(columns);
    return result;
}

/* Whether what is read in some round lies as far from what is read in the first one as the second round says;
   a constant has no address, and stays. */
static int
is_even(const int64_t *address, const double *value, Py_ssize_t nodes, int64_t round, const int64_t *read)
{
    int64_t at[3];
    for (int i = 0; i < 3; i++) {
        if (read[i] >= nodes) return 0;
        at[i] = read[i] < 0 ? -1 : address[read[i]];
    }
    if (at[2] - at[0] != round * (at[1] - at[0])) return 0;
    return read[0] < 0 || read[2] < 0 || value[read[0]] == value[read[2]];
}

/* How many rounds of so many nodes have terms and operands that move as from the first to the second. */
static Py_ssize_t
even_rounds(const Sums *x, const Py_buffer *args, const double *value, Py_ssize_t columns)
{
    const int64_t *group = x->group.buf, *start = x->start.buf, *order = x->order.buf, *a = x->a.buf,
                  *b = x->b.buf, *address = x->address.buf, *operands = args->buf;
    const double *coef = x->coef.buf;
    const char *over = x->over.buf;
    Py_ssize_t nodes = x->lane.len, terms = x->over.len, rounds = x->group.len / 8 / columns;
    Py_ssize_t arity = args->len / 8 / nodes;
    for (int64_t round = 1; round < rounds; round++)
        for (Py_ssize_t k = 0; k < columns; k++) {
            int64_t node[3] = {group[k], group[columns + k], group[round * columns + k]}, t[3], read[3];
            int64_t count = start[*node + 1] - start[*node];
            for (int i = 1; i < 3; i++)
                if (start[node[i] + 1] - start[node[i]] != count) return round;
            for (Py_ssize_t j = 0; j < arity; j++) {
                for (int i = 0; i < 3; i++) read[i] = operands[node[i] * arity + j];
                if (!is_even(address, value, nodes, round, read)) return round;
            }
            for (int64_t j = 0; j < count; j++) {
                for (int i = 0; i < 3; i++) {
                    t[i] = order[start[node[i]] + j];
                    if (t[i] < 0 || t[i] >= terms) return round;
                    read[i] = a[t[i]];
                }
                if (coef[t[2]] != coef[t[0]] || over[t[2]] != over[t[0]]) return round;
                if (!is_even(address, value, nodes, round, read)) return round;
                for (int i = 0; i < 3; i++) read[i] = b[t[i]];
                if (!is_even(address, value, nodes, round, read)) return round;
            }
        }
    return rounds;
}

/* evenly(nodes, start, order, a, b, coef, over, address, lane, args, value, columns): what steady.py does under
   that name, of nodes that stand in rows of so many. */
PyObject *
graph_evenly(PyObject *module, PyObject *args)
{
    Sums x;
    Py_buffer more[2];
    Py_ssize_t columns, found = -1;
    if (!PyArg_ParseTuple(args, "y*y*y*y*y*y*y*y*y*y*y*n", &x.group, &x.start, &x.order, &x.a, &x.b, &x.coef,
                          &x.over, &x.address, &x.lane, more, more + 1, &columns))
        return NULL;
    if (count_terms(&x) >= 0) {
        Py_ssize_t fits = columns > 0 && x.group.len >= 16 * columns && more[1].len == 8 * x.lane.len;
        if (fits) found = even_rounds(&x, more, more[1].buf, columns);
        else PyErr_SetString(PyExc_ValueError, "these are no rounds");
    }
    release_all(&x.group, BUFFERS);
    release_all(more, 2);
    return found < 0 ? NULL : PyLong_FromSsize_t(found);
}

/* A class of terms: what their factors are and how they move; when it was met, and how many there are. */
typedef struct {
    int64_t key, moved, turn, count;
} Class;

static int
by_class(const void *a, const void *b)
{
    const Class *x = a, *y = b;
    if (x->key != y->key) return x->key < y->key ? -1 : 1;
    return (x->moved > y->moved) - (x->moved < y->moved);
}

/* Where a class is among those that were met, or the free place for it. */
static uint64_t
slot_of(const int64_t *slots, uint64_t size, const Class *found, const Class *own)
{
    uint64_t hash = ((uint64_t)own->key * 31 + (uint64_t)own->moved) * 0x9E3779B97F4A7C15u;
    uint64_t at = (hash >> 32) & (size - 1);
    while (slots[at] && by_class(found + slots[at] - 1, own)) at = (at + 1) & (size - 1);
    return at;
}

/* Number keys by when they are met first; how many are found, or -1 with an error set. */
static Py_ssize_t
met_first(const int64_t *keys, const int64_t *moved, Py_ssize_t count, int64_t *of, Class *found)
{
    Py_ssize_t kinds = 0;
    uint64_t size = 32;
    int64_t *slots = PyMem_Calloc(size, 8);
    for (Py_ssize_t i = 0; slots && i < count; i++) {
        Class own = {keys[i], moved ? moved[i] : 0, kinds, 0};
        if (i && !by_class(found + of[i - 1], &own)) of[i] = of[i - 1];
        else {
            uint64_t at = slot_of(slots, size, found, &own);
            of[i] = slots[at] ? slots[at] - 1 : kinds;
            if (!slots[at]) {
                found[kinds] = own;
                slots[at] = ++kinds;
            }
        }
        found[of[i]].count++;
        if ((uint64_t)kinds * 2 <= size) continue;
        PyMem_Free(slots);
        slots = PyMem_Calloc(size *= 4, 8);
        for (Py_ssize_t k = 0; slots && k < kinds; k++) slots[slot_of(slots, size, found, found + k)] = k + 1;
    }
    if (!slots) return PyErr_NoMemory(), -1;
    PyMem_Free(slots);
    return kinds;
}

/* Sort terms into classes, in order; how many there are, or -1 with an error set. */
static Py_ssize_t
sort_classes(const int64_t *a, const int64_t *b, const int64_t *lanes, Py_ssize_t count, const uint64_t *what,
             const uint64_t *moves, int64_t *terms, Class *found)
{
    int64_t *keys = PyMem_Malloc((size_t)(3 * count + 1) * 8), *of = keys + count, *moved = of + count;
    if (!keys) return PyErr_NoMemory(), -1;
    for (Py_ssize_t i = 0; i < count; i++) {
        keys[i] = lanes[i];
        if (what) keys[i] += (int64_t)(((what[a[i]] << 24) + what[b[i]]) * 16);
        if (what && moves) moved[i] = (int64_t)(moves[a[i]] * 3 + moves[b[i]]);
    }
    Py_ssize_t kinds = met_first(keys, what && moves ? moved : NULL, count, of, found);
    if (kinds > 0) qsort(found, (size_t)kinds, sizeof *found, by_class);
    for (Py_ssize_t k = 0, done = 0; k < kinds; done += found[k++].count) keys[found[k].turn] = done;
    for (Py_ssize_t i = 0; kinds > 0 && i < count; i++) terms[keys[of[i]]++] = i;
    PyMem_Free(keys);
    return kinds;
}

/* classes(a, b, lanes, what, moves): the classes of terms with such factors, as the number of its class for
   each term, and the terms. `what` tells what a node is, `moves` how it moves; both may be empty. */
PyObject *
graph_classes(PyObject *module, PyObject *args)
{
    Py_buffer x[5];
    if (!PyArg_ParseTuple(args, "y*y*y*y*y*", x, x + 1, x + 2, x + 3, x + 4)) return NULL;
    const int64_t *a = x[0].buf, *b = x[1].buf;
    Py_ssize_t count = x[2].len / 8, nodes = x[3].len / 8, kinds = -1;
    int fits = x[0].len == x[2].len && x[1].len == x[2].len && (!x[4].len || x[4].len >= x[3].len);
    for (Py_ssize_t i = 0; fits && nodes && i < count; i++)
        fits = a[i] >= 0 && a[i] < nodes && b[i] >= 0 && b[i] < nodes;
    Class *found = PyMem_Malloc(((size_t)count + 1) * sizeof *found);
    PyObject *numbers = PyByteArray_FromStringAndSize(NULL, 8 * count), *result = NULL;
    PyObject *terms = PyByteArray_FromStringAndSize(NULL, 8 * count);
    if (!fits) PyErr_SetString(PyExc_ValueError, "these are no factors");
    else if (!found) PyErr_NoMemory();
    else if (numbers && terms)
        kinds = sort_classes(a, b, x[2].buf, count, nodes ? x[3].buf : NULL, x[4].len ? x[4].buf : NULL,
                             (int64_t *)(void *)PyByteArray_AS_STRING(terms), found);
    if (kinds >= 0) {
        int64_t *number = (int64_t *)(void *)PyByteArray_AS_STRING(numbers);
        for (Py_ssize_t k = 0; k < kinds; k++)
            for (int64_t i = 0; i < found[k].count; i++) *number++ = k;
        result = PyTuple_Pack(2, numbers, terms);
    }
    PyMem_Free(found);
    release_all(x, 5);
    Py_XDECREF(numbers);
    Py_XDECREF(terms);
    return result;
}

/* Columns of addresses: of the first one for each row of so many `terms` of the others, of which `order` says
   which row comes when. `at` holds
   those that were asked for, and is the column itself where these come in order. */
typedef struct {
    const int64_t **columns, *order, **at;
    int64_t *room;
    Py_ssize_t count, terms, length, filled;
} Addresses;

/* Loops: how far apart the places of each are, innermost first, and behind the last how many places. */
typedef struct {
    Py_ssize_t apart[65];
    int count;
} Loops;

static void
fill(Addresses *x, Py_ssize_t end)
{
    end = end < 2 * x->filled + 64 ? 2 * x->filled + 64 : end;
    end = end < x->length ? end : x->length;
    for (Py_ssize_t k = 0; k < x->count; k++) {
        const int64_t *from = x->columns[k];
        int64_t *to = x->room + k * x->length;
        if (x->at[k] != to) continue;
        for (Py_ssize_t p = x->filled, row = p / x->terms, j = p % x->terms; p < end; p++) {
            to[p] = from[!k ? row : x->order[row] * x->terms + j];
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
    for (Py_ssize_t k = 0; k < x->count; k++) {
        const int64_t *at = x->at[k];
        if (at[place * apart] - at[(place - 1) * apart] != at[apart] - *at) return 0;
    }
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

/* Find the loops that all columns run through; whether there are such. */
static int
find_loops(Addresses *x, Loops *found)
{
    Py_ssize_t done = 1;
    x->filled = 0;
    for (Py_ssize_t k = 0; k < x->count; k++)
        x->at[k] = x->order || (!k && x->terms > 1) ? x->room + k * x->length : x->columns[k];
    fill(x, 1);
    for (found->count = 0; done < x->length; found->count++) {
        found->apart[found->count] = done;
        Py_ssize_t size = loop_of(x, x->length / done, done);
        if (!size) return 0;
        done *= size;
    }
    found->apart[found->count] = done;
    return 1;
}

/* The sizes of loops, outermost first. */
static PyObject *
sizes_of(const Loops *x)
{
    PyObject *sizes = PyTuple_New(x->count);
    for (int i = 0, k = x->count; sizes && i < x->count; i++, k--)
        PyTuple_SET_ITEM(sizes, i, PyLong_FromSsize_t(x->apart[k] / x->apart[k - 1]));
    return sizes;
}

/* How far a column goes in each loop. */
static PyObject *
strides_of(const Addresses *x, const Loops *loops, Py_ssize_t column)
{
    const int64_t *at = x->at[column];
    PyObject *own = PyTuple_New(loops->count);
    for (int i = 0; own && i < loops->count; i++)
        PyTuple_SET_ITEM(own, i, PyLong_FromLongLong(at[loops->apart[loops->count - 1 - i]] - *at));
    return own;
}

/* nest(columns, order, terms): what affine.py does under that name. */
PyObject *
graph_nest(PyObject *module, PyObject *args)
{
    PyObject *columns, *order, *result = NULL;
    Py_buffer turn = {0};
    Addresses x = {0};
    Loops loops;
    if (!PyArg_ParseTuple(args, "O!On", &PyList_Type, &columns, &order, &x.terms)) return NULL;
    Py_ssize_t count = PyList_GET_SIZE(columns), ok = x.terms > 0;
    Py_buffer *given = PyMem_Calloc((size_t)count + 1, sizeof *given + 2 * sizeof *x.columns);
    if (!given) return PyErr_NoMemory();
    x.columns = (const int64_t **)(void *)(given + count + 1);
    x.at = x.columns + count;
    if (order != Py_None && PyObject_GetBuffer(order, &turn, PyBUF_SIMPLE) < 0) goto done;
    for (Py_buffer *own = given; x.count < count; own++) {
        if (PyObject_GetBuffer(PyList_GET_ITEM(columns, x.count), own, PyBUF_SIMPLE) < 0) goto done;
        x.columns[x.count++] = own->buf;
    }
    x.order = turn.buf;
    if (!x.order) x.terms = 1;
    Py_ssize_t rows = count ? given->len / 8 : 0;
    ok = ok && x.terms <= PY_SSIZE_T_MAX / 8 / (rows * count + 1);
    if (!ok) rows = 0;
    x.length = rows * x.terms;
    for (Py_ssize_t k = 0; ok && k < count; k++) ok = given[k].len == (k ? x.length : rows) * 8;
    for (Py_ssize_t i = 0; ok && x.order && i < rows; i++)
        ok = turn.len == rows * 8 && x.order[i] >= 0 && x.order[i] < rows;
    if (!ok || !x.length) PyErr_SetString(PyExc_ValueError, "these are no columns of addresses");
    else if (!(x.room = PyMem_Malloc((size_t)(x.count * x.length * 8)))) PyErr_NoMemory();
    else if (!find_loops(&x, &loops)) result = Py_NewRef(Py_None);
    else {
        PyObject *strides = PyList_New(count);
        for (Py_ssize_t k = 0; strides && k < count; k++)
            PyList_SET_ITEM(strides, k, strides_of(&x, &loops, k));
        result = Py_BuildValue("NN", sizes_of(&loops), strides);
    }
done:
    release_all(given, (int)x.count);
    if (turn.buf) PyBuffer_Release(&turn);
    PyMem_Free(given);
    PyMem_Free(x.room);
    return result;
}

/* What a layout knows of all nodes. */
typedef struct {
    Sums sums;
    Py_buffer kind, block, pin, args, moves, value;
    int may_be_uneven;
} Given;

enum { UNPINNED = -1, UNEVEN = -2, COPIED = -3 }; /* in place of where results are pinned */
enum { ARITY = 3, MORE = 6 };

/* Nodes, alike, that are to be computed together; of sums the terms, and what they have without factors. */
typedef struct {
    const int64_t *nodes;
    int64_t *columns;
    double *offset;
    Py_ssize_t count, most, terms;
    int is_sum, is_shifted, is_copied, is_apart; /* whether it is copied into place; its places are no loop */
} Group;

/* What goes through loops of one kind: columns, rows of so many terms each; coefficients; and `lanes`. */
typedef struct {
    const int64_t *columns[ARITY];
    const double *coef;
    Py_ssize_t terms;
    int64_t lanes;
    int count;
} Factors;

/* How a group could be computed: at what price in calls, how many factors being gathered; and how. If it is to
   be copied into place then, it has no price. */
typedef struct {
    double price;
    int64_t gathered, is_copied;
    PyObject *made;
} Plan;

/* Find the loops of results and as many columns as possible; bits of those that are gathered, -1 without. */
static int
fit(Addresses *x, const Factors *own, Loops *loops, int strict)
{
    for (int k = 0; k < own->count; k++) x->columns[k + 1] = own->columns[k];
    x->count = own->count + 1;
    if (find_loops(x, loops)) return 0;
    if (strict) return -1;
    int missing = 0;
    x->count = 1;
    for (int k = 0; k < own->count; k++) {
        x->columns[x->count++] = own->columns[k];
        if (!find_loops(x, loops)) missing |= 1 << k, x->count--;
    }
    return find_loops(x, loops) ? missing : -1;
}

/* Which of a column's addresses comes when. */
static Py_ssize_t
place_of(const Addresses *x, Py_ssize_t turn)
{
    return x->order ? x->order[turn / x->terms] * x->terms + turn % x->terms : turn;
}

/* Cut each axis of an array to length 1 along which it does not change; how long it is then. */
static Py_ssize_t
compress(int64_t *x, Py_ssize_t total, Py_ssize_t *sizes, int axes)
{
    Py_ssize_t inner = total;
    for (int axis = 0; axis < axes; axis++) {
        Py_ssize_t n = sizes[axis], i = 0;
        inner /= n;
        if (n == 1) continue;
        while (i < total && x[i] == x[i - i / inner % n * inner]) i++;
        if (i < total) continue;
        for (i = 0; i < total / n; i += inner) memmove(x + i, x + i * n, (size_t)inner * 8);
        total /= n;
        sizes[axis] = 1;
    }
    return total;
}

/* A table of a column's addresses, and its shape; what it costs is added. */
static PyObject *
table_of(const Addresses *x, const int64_t *column, const Loops *loops, double *price)
{
    Py_ssize_t sizes[64], lanes = (Py_ssize_t)1 << (sizeof(size_t) > 4 ? 40 : 28);
    PyObject *table = PyByteArray_FromStringAndSize(NULL, x->length * 8), *shape = PyTuple_New(loops->count);
    if (table && shape) {
        int64_t *at = (int64_t *)(void *)PyByteArray_AS_STRING(table);
        for (Py_ssize_t p = 0; p < x->length; p++) at[p] = column[place_of(x, p)];
        for (int i = 0, k = loops->count; k; i++, k--) sizes[i] = loops->apart[k] / loops->apart[k - 1];
        Py_ssize_t total = compress(at, x->length, sizes, loops->count);
        *price += 1.0 + (double)(total * (*at >= lanes ? 100 : 1)) / 500.0;
        for (int i = 0; i < loops->count; i++) PyTuple_SET_ITEM(shape, i, PyLong_FromSsize_t(sizes[i]));
        if (PyByteArray_Resize(table, 8 * total) < 0) Py_CLEAR(table);
    }
    return Py_BuildValue("NN", table, shape);
}

/* Coefficients, a row for each result, in an order of these; one number where all are alike. */
static PyObject *
numbers_of(const double *coef, const Addresses *x)
{
    if (!coef) return PyFloat_FromDouble(0.0);
    double first = coef[place_of(x, 0)];
    Py_ssize_t p = 0;
    while (p < x->length && coef[p] == first) p++;
    if (p == x->length) return PyFloat_FromDouble(first);
    PyObject *made = PyByteArray_FromStringAndSize(NULL, x->length * 8);
    double *to = made ? (double *)(void *)PyByteArray_AS_STRING(made) : NULL;
    for (p = 0; to && p < x->length; p++) to[p] = coef[place_of(x, p)];
    return made;
}

/* Loops, and what goes through them: sizes, strides of results, coefficients, lanes, and operands. Of each of
   these where it begins and its strides, or a table and its shape. */
static PyObject *
part_of(const Addresses *x, const Factors *own, const Loops *loops, int missing, double *price)
{
    PyObject *operands = PyList_New(own->count);
    for (int k = 0, good = 1; operands && k < own->count; k++) {
        const int64_t *column = own->columns[k];
        PyObject *operand = missing >> k & 1
            ? table_of(x, column, loops, price)
            : Py_BuildValue("LN", (long long)column[place_of(x, 0)], strides_of(x, loops, good++));
        PyList_SET_ITEM(operands, k, operand);
        if (!operand) Py_CLEAR(operands);
    }
    return Py_BuildValue("NNNLN", sizes_of(loops), strides_of(x, loops, 0), numbers_of(own->coef, x),
                         (long long)own->lanes, operands);
}

/* Make a plan with the results in an order, unless the best so far gathers no more, or there is none; -1 with
   an error set. */
static int
try_order(const Group *group, const Factors *own, Py_ssize_t kinds, const int64_t *order,
          const int64_t *results, int64_t pin, int strict, Plan *best)
{
    double price = 0.0;
    int64_t gathered = 0;
    const int64_t *columns[1 + ARITY] = {results}, *at[1 + ARITY];
    PyObject *parts = PyList_New(0);
    for (Py_ssize_t k = 0; parts && k < kinds; k++, own++) {
        Addresses x = {columns, order, at, NULL, 0, own->terms, group->count * own->terms, 0};
        Loops loops;
        x.room = PyMem_Malloc((size_t)((own->count + 1) * x.length * 8));
        int missing = x.room ? fit(&x, own, &loops, strict) : -1;
        for (int i = 0; i < own->count; i++) gathered += missing >> i & 1;
        if (missing < 0 || (best->made && gathered >= best->gathered)) {
            PyMem_Free(x.room);
            Py_DECREF(parts);
            return x.room ? 0 : (PyErr_NoMemory(), -1);
        }
        double more = 0.0;
        PyObject *part = part_of(&x, own, &loops, missing, &more);
        PyMem_Free(x.room);
        price += more;
        if (!part || PyList_Append(parts, part) < 0) Py_CLEAR(parts);
        Py_XDECREF(part);
    }
    PyObject *nodes = PyByteArray_FromStringAndSize(NULL, group->count * 8);
    int64_t *to = nodes ? (int64_t *)(void *)PyByteArray_AS_STRING(nodes) : NULL;
    for (Py_ssize_t i = 0; to && i < group->count; i++) to[i] = group->nodes[order ? order[i] : i];
    Py_XDECREF(best->made);
    best->price = (double)kinds + price;
    best->gathered = gathered;
    best->made = Py_BuildValue("NLLN", nodes, (long long)pin, (long long)gathered, parts);
    return best->made ? 0 : -1;
}

/* Whether numbers may be loops in some order: the mean of loops is amid the first and the last. */
static int
may_loop(const int64_t *x, Py_ssize_t count)
{
    int64_t low = *x, high = *x;
    uint64_t sum = 0, size = (uint64_t)count;
    for (Py_ssize_t i = 0; i < count; i++) {
        sum += (uint64_t)x[i];
        low = x[i] < low ? x[i] : low;
        high = x[i] > high ? x[i] : high;
    }
    return 2 * sum == size * ((uint64_t)low + (uint64_t)high);
}

/* How many factors are no loops in any order. */
static int64_t
never_loops(const Factors *own, Py_ssize_t kinds, Py_ssize_t count)
{
    int64_t found = 0;
    for (Py_ssize_t k = 0; k < kinds; k++, own++)
        for (int i = 0; i < own->count; i++) found += !may_loop(own->columns[i], count * own->terms);
    return found;
}

/* Try orders of the results: by place of a gradient, as recorded, by operands, reversed. What cells.py does. */
static int
try_orders(const Given *g, const Group *group, const Factors *own, Py_ssize_t kinds, int strict,
           int64_t least, Plan *best)
{
    const int64_t *pin = g->pin.buf, *a = own->columns[0], *b = own->columns[1];
    Py_ssize_t count = group->count, terms = own->terms;
    int is_pinned = pin[*group->nodes] >= 0 && !group->is_copied, keys = own->count, failed = 0;
    int turns = count == 1 ? 1 : 2 + 2 * keys + 2 * (keys > 1);
    int64_t never = -1, *order = PyMem_Malloc((size_t)count * (24 + sizeof(Turn)));
    if (!order) return PyErr_NoMemory(), -1;
    int64_t *results = order + count, *pins = results + count;
    Turn *room = (Turn *)(void *)(pins + count);
    for (Py_ssize_t i = 0; i < count; i++) pins[i] = pin[group->nodes[i]];
    for (int turn = is_pinned && count > 1 ? -1 : 0; turn < turns && !failed; turn++) {
        int is_new = 1, key = turn - 1;
        if (turn < 0) put_in_order(pins, NULL, 1, 1, count, room, order);
        else if (turn == turns - 1)
            for (Py_ssize_t i = 0; i < count; i++) order[i] = count - 1 - i;
        else if (turn && key < 2 * keys)
            is_new = put_in_order(own->columns[key % keys], NULL, terms, key < keys ? 1 : -1, count, room,
                                  order);
        else if (turn)
            is_new = put_in_order(key % 2 ? a : b, key % 2 ? b : a, terms, 1, count, room, order);
        if (!is_new) continue;
        for (Py_ssize_t i = 0; i < count; i++) results[i] = !is_pinned ? i : pins[turn ? order[i] : i];
        failed = try_order(group, own, kinds, turn ? order : NULL, results,
                           is_pinned ? *results : group->is_copied ? COPIED : UNPINNED, strict, best);
        if (best->made && best->gathered <= least) break;
        if (never < 0) never = never_loops(own, kinds, count);
        if (never && (strict || (best->made && best->gathered <= never))) break;
    }
    PyMem_Free(order);
    return failed;
}

/* Plan a group of rows. */
static int
plan_row(const Given *g, const Group *group, int strict, int64_t least, Plan *best)
{
    const int64_t *args = g->args.buf, *address = g->sums.address.buf, *kind = g->kind.buf;
    Py_ssize_t count = group->count, nodes = g->sums.lane.len;
    Factors own = {{NULL}, NULL, 1, 0, 0};
    int64_t *at = PyMem_Malloc((size_t)(ARITY * count * 8));
    if (!at) return PyErr_NoMemory(), -1;
    for (int k = 0; k < ARITY; k++) {
        int64_t first = args[*group->nodes * ARITY + k];
        if (first < 0 || (first < nodes && kind[first] == CONST)) continue;
        int64_t *column = at + own.count * count;
        for (Py_ssize_t i = 0; i < count; i++) {
            int64_t read = args[group->nodes[i] * ARITY + k];
            if (read < 0 || read >= nodes) return PyMem_Free(at), -1;
            column[i] = address[read];
        }
        own.columns[own.count++] = column;
    }
    int failed = try_orders(g, group, &own, 1, strict, least, best);
    PyMem_Free(at);
    return failed;
}

enum { FEW = 8, MOST_CUTS = 16 }; /* classes of a single sum that are cut, and into how many pieces */

/* Whether it is as far between two places as between two others in all columns. */
static int
is_as_far(const Factors *x, Py_ssize_t a, Py_ssize_t b, Py_ssize_t c, Py_ssize_t d)
{
    for (int k = 0; k < x->count; k++) {
        const int64_t *at = x->columns[k];
        if (at[b] - at[a] != at[d] - at[c]) return 0;
    }
    return 1;
}

/* Where the straight run from a place ends. */
static Py_ssize_t
run_from(const Factors *x, Py_ssize_t first)
{
    Py_ssize_t p = first + 1;
    while (p + 1 < x->terms && is_as_far(x, p, p + 1, p - 1, p)) p++;
    return p + 1 < x->terms ? p + 1 : x->terms;
}

/* Cut the terms of a single sum, unless they are loops, into loops or loops of equal loops, as `pieces` of
   addresses.py does; how many there are. */
static Py_ssize_t
cut(const Factors *x, Factors *made)
{
    const int64_t *columns[ARITY], *at[ARITY];
    Addresses whole = {columns, NULL, at, NULL, x->count, 1, x->terms, 0};
    Py_ssize_t found = 0, first = 0, runs = 0, end;
    Loops loops;
    memcpy(columns, x->columns, sizeof columns);
    if (find_loops(&whole, &loops)) first = x->terms;
    for (; first < x->terms && found <= MOST_CUTS; first = end) {
        Py_ssize_t from = first, size = run_from(x, first) - first, second = first + size;
        for (end = second; end < x->terms && run_from(x, end) - end == size; from = end, end += size)
            if (!is_as_far(x, from, end, first, second)
                || (size > 1 && !is_as_far(x, end, end + 1, first, first + 1)))
                break;
        runs += (end - first) / size;
        made[found] = *x;
        for (int k = 0; k < x->count; k++) made[found].columns[k] += first;
        made[found].coef += first;
        made[found++].terms = end - first;
    }
    if (found && first == x->terms && runs <= 4096) return found;
    *made = *x;
    return 1;
}

/* Plan a group of sums, by the classes of one level or of all three. */
static int
plan_sum(const Given *g, const Group *group, int strict, int one_level, int64_t least, Plan *best)
{
    const int64_t *columns = group->columns;
    Py_ssize_t most = group->most, terms = group->terms, count = group->count, before = -1;
    int failed = 0;
    int64_t *work = PyMem_Malloc((size_t)(5 * terms + 1) * 8), *order = work, *last = order + terms;
    Class *found = PyMem_Malloc((size_t)(terms + 1) * 2 * sizeof *found), *earlier = found + terms + 1;
    Factors *own = PyMem_Malloc((size_t)(terms + MOST_CUTS + 2) * sizeof *own);
    if (!work || !found || !own) failed = (PyErr_NoMemory(), -1);
    for (int turn = 0; !failed && turn < (one_level ? 1 : 3); turn++) {
        int level = count == 1 && !one_level && turn < 2 ? 1 - turn : turn;
        Py_ssize_t kinds = sort_classes(
            columns + A * most, columns + B * most, columns + LANES * most, terms,
            level == 2 ? NULL : level ? g->block.buf : g->kind.buf,
            g->moves.len ? g->moves.buf : NULL, order, found);
        if (kinds < 0) failed = -1;
        if (kinds < 0) continue;
        int is_known = kinds == before && !memcmp(order, last, (size_t)terms * 8), is_even = 1;
        for (Py_ssize_t k = 0; is_known && k < kinds; k++) is_known = found[k].count == earlier[k].count;
        int64_t *a = last + terms, *b = a + terms;
        double *coef = (double *)(void *)(b + terms);
        if (kinds == 1) {
            a = (int64_t *)columns + AT_A * most, b = (int64_t *)columns + AT_B * most;
            coef = (double *)(void *)(columns + COEF * most);
        }
        Py_ssize_t done = 0, parts = 0;
        for (Py_ssize_t k = 0; is_even && k < kinds; done += found[k++].count) {
            Py_ssize_t rows = found[k].count / count, first = order[done];
            is_even = rows * count == found[k].count;
            for (Py_ssize_t i = 0; is_even && i < found[k].count; i++) {
                Py_ssize_t t = order[done + i];
                is_even = i - columns[t] * rows < rows && columns[t] * rows <= i;
                if (kinds == 1) continue;
                a[done + i] = columns[AT_A * most + t];
                b[done + i] = columns[AT_B * most + t];
                memcpy(coef + done + i, columns + COEF * most + t, 8);
            }
            int64_t lanes = columns[LANES * most + first];
            Factors made = {{a + done, b + done}, coef + done, rows, lanes, lanes & 2 ? 1 : 2};
            parts += is_even && count == 1 && kinds <= FEW ? cut(&made, own + parts) : (own[parts] = made, 1);
        }
        if (!is_even || (level == 1 && count == 1 && parts > FEW)) continue;
        if (!is_known) {
            memcpy(last, order, (size_t)terms * 8);
            memcpy(earlier, found, (size_t)kinds * sizeof *found);
            before = kinds;
            if (group->is_shifted || !kinds)
                own[parts++] = (Factors){{NULL}, group->is_shifted ? group->offset : NULL, 1, 0, 0};
            failed = try_orders(g, group, own, parts, strict, least, best);
        }
        if (best->made && (best->gathered <= least || (level == 1 && count > 1))) break;
    }
    PyMem_Free(work);
    PyMem_Free(found);
    PyMem_Free(own);
    return failed;
}

/* Read the terms of a group; -1 with an error set. */
static int
read_group(const Given *g, Group *x)
{
    Sums sums = g->sums;
    sums.group.buf = (void *)x->nodes;
    sums.group.len = 8 * x->count;
    x->most = count_terms(&sums);
    if (x->most < 0) return -1;
    x->offset = PyMem_Malloc((size_t)(x->count + COLUMNS * x->most) * 8);
    if (!x->offset) return PyErr_NoMemory(), -1;
    int64_t *pins = (int64_t *)(void *)x->offset;
    for (Py_ssize_t i = 0; i < x->count; i++) pins[i] = ((const int64_t *)g->pin.buf)[x->nodes[i]];
    x->is_apart = *pins >= 0 && !may_loop(pins, x->count);
    x->columns = (int64_t *)(void *)(x->offset + x->count);
    const int64_t *kind = g->kind.buf;
    Extremum of = {kind, g->value.buf, kind[*x->nodes] == MIN ? -1.0 : 1.0};
    x->terms = read_terms(&sums, kind[*x->nodes] == SOP ? NULL : &of, x->columns, x->most, x->offset,
                          &x->is_shifted);
    return x->terms < 0 ? -1 : 0;
}

/* Plan a group without gathers, or with where that has far fewer parts. */
static int
plan_regular(const Given *g, const Group *group, Plan *best)
{
    if (group->is_apart) return 0;
    if (!group->is_sum) return plan_row(g, group, 1, 0, best);
    if (plan_sum(g, group, 1, 0, 0, best) < 0) return -1;
    if (!best->made || best->price <= 3.0) return 0;
    Plan other = {0};
    int failed = plan_sum(g, group, 0, 1, 0, &other);
    if (!failed && other.made && other.price < best->price) {
        Py_XDECREF(best->made);
        *best = other;
    } else Py_XDECREF(other.made);
    return failed;
}

/* Plan a group with as few gathers as can be. Sums of unequal length are added up term by term; gradients whose
   places are no loop are computed elsewhere, and copied into place at the end. */
static int
plan_loose(const Given *g, Group *group, Plan *best)
{
    int failed = 0, is_pinned = ((const int64_t *)g->pin.buf)[*group->nodes] >= 0;
    if (!group->is_apart)
        failed = group->is_sum ? plan_sum(g, group, 0, 0, 1, best) : plan_row(g, group, 0, 1, best);
    if (failed || best->made) return failed;
    if (!is_pinned) {
        if (!g->may_be_uneven || ((const int64_t *)g->kind.buf)[*group->nodes] != SOP) return -1;
        best->price = 4.0 + (double)group->most / 250.0;
        PyObject *nodes = PyByteArray_FromStringAndSize((const char *)group->nodes, group->count * 8);
        best->made = Py_BuildValue("Nii()", nodes, UNEVEN, 0);
        return best->made ? 0 : -1;
    }
    group->is_copied = 1;
    failed = group->is_sum ? plan_sum(g, group, 0, 0, 0, best) : plan_row(g, group, 0, 0, best);
    group->is_copied = 0;
    best->price = 0.0;
    best->is_copied = 1;
    return best->made ? failed : -1;
}

/* Split a group by the statements that its operands come from: `of` says of which part each node is; how many
   parts, or -1 with an error set. */
static Py_ssize_t
split(const Given *g, const Group *group, int64_t *of, Class *found)
{
    const int64_t *block = g->block.buf, *args = g->args.buf, *columns = group->columns;
    Py_ssize_t count = group->count, most = group->most;
    uint64_t *keys = PyMem_Calloc((size_t)count, 8);
    if (!keys) return PyErr_NoMemory(), -1;
    for (Py_ssize_t i = 0; !group->is_sum && i < count; i++)
        for (int k = 0; k < ARITY; k++) {
            int64_t read = args[group->nodes[i] * ARITY + k];
            keys[i] = keys[i] * 1000003 + (uint64_t)(read < 0 || read >= g->sums.lane.len ? -1 : block[read]);
        }
    for (Py_ssize_t t = 0; group->is_sum && t < group->terms; t++) {
        uint64_t a = (uint64_t)block[columns[A * most + t]], b = (uint64_t)block[columns[B * most + t]];
        uint64_t low = a < b ? a : b, high = a < b ? b : a;
        keys[columns[t]] += (low * 1000003 + high + 7919) * ((low * 31 + high) % 1009 + 1);
    }
    Py_ssize_t parts = met_first((int64_t *)keys, NULL, count, of, found);
    PyMem_Free(keys);
    return parts > 8 && parts > count / 4 ? 1 : parts;
}

/* Plan a group, or each of its parts where that is cheaper than gathering; -1 where Python has to, or with an
   error set. Two or three arrays side by side could be one view; apart they are easier to read. */
static int
plan_all(const Given *g, Group *whole, PyObject *made)
{
    Plan best = {0};
    Py_ssize_t count = whole->count, parts = 1, done = 0;
    double price = 0.0;
    int failed = plan_regular(g, whole, &best), is_regular = best.made != NULL;
    if (!failed && !is_regular) failed = plan_loose(g, whole, &best);
    if (!best.made) failed = -1;
    int64_t *of = PyMem_Malloc((size_t)count * (16 + sizeof(Class))), *nodes = of + count;
    Class *found = (Class *)(void *)(nodes + count);
    if (!of) failed = (PyErr_NoMemory(), -1);
    if (!failed && (!is_regular || count >= 16)) parts = split(g, whole, of, found);
    if (parts < 0) failed = -1;
    if (!failed && parts > 1 && (!is_regular || parts <= 3)) {
        for (Py_ssize_t k = 0, first = 0; k < parts; first += found[k++].count) found[k].turn = first;
        for (Py_ssize_t i = 0; i < count; i++) nodes[found[of[i]].turn++] = whole->nodes[i];
        for (; !failed && done < parts; done++) {
            Plan own = {0};
            Py_ssize_t size = found[done].count;
            Group part = {nodes + found[done].turn - size, NULL, NULL, size, 0, 0, whole->is_sum, 0, 0, 0};
            failed = read_group(g, &part) < 0 ? -1 : plan_regular(g, &part, &own);
            if (!failed && !own.made && is_regular) break;
            if (!failed && !own.made) failed = plan_loose(g, &part, &own);
            if (!own.made || PyList_Append(made, own.made) < 0) failed = -1;
            Py_XDECREF(own.made);
            PyMem_Free(part.offset);
            price += own.price;
        }
    }
    double most = is_regular ? best.price * (double)parts : best.price + 1.0;
    if (!failed && (done < parts || (price > most && !best.is_copied))) {
        failed = PyList_SetSlice(made, 0, PyList_GET_SIZE(made), NULL);
        if (!failed) failed = PyList_Append(made, best.made);
    }
    Py_XDECREF(best.made);
    PyMem_Free(of);
    return failed;
}

/* place(group, start, order, a, b, coef, over, address, lane, kind, block, pin, args, moves, value,
   may_be_uneven): what
   cells.py does under that name, as plans for a group or its parts; None where there is more to it. Of each
   plan the nodes in order, the place of the first if it is pinned, or one of the names above, how many factors
   are gathered, and the loops. */
PyObject *
graph_place(PyObject *module, PyObject *args)
{
    Given g;
    Sums *x = &g.sums;
    if (!PyArg_ParseTuple(args, "y*y*y*y*y*y*y*y*y*y*y*y*y*y*y*p", &x->group, &x->start, &x->order, &x->a, &x->b,
                          &x->coef, &x->over, &x->address, &x->lane, &g.kind, &g.block, &g.pin, &g.args,
                          &g.moves, &g.value, &g.may_be_uneven))
        return NULL;
    Group group = {x->group.buf, NULL, NULL, x->group.len / 8, 0, 0, 0, 0, 0, 0};
    Py_ssize_t size = 8 * x->lane.len;
    PyObject *made = PyList_New(0);
    int fits = group.count && g.kind.len == size && g.block.len == size && g.pin.len == size
               && g.value.len == size
               && (!g.args.len || g.args.len == ARITY * size) && (!g.moves.len || g.moves.len >= size);
    if (!fits) PyErr_SetString(PyExc_ValueError, "this is no group");
    if (made && fits && read_group(&g, &group) == 0) {
        const int64_t kind = ((const int64_t *)g.kind.buf)[*group.nodes];
        group.is_sum = kind >= SOP && kind <= MIN;
        int is_known = group.is_sum || (kind >= FIRST_ROW && g.args.len);
        if (!is_known || plan_all(&g, &group, made) < 0) Py_CLEAR(made);
    } else Py_CLEAR(made);
    PyMem_Free(group.offset);
    release_all(&x->group, BUFFERS + MORE);
    return made || PyErr_Occurred() ? made : Py_NewRef(Py_None);
}
