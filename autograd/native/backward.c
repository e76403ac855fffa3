/* A backward pass over floats: sort, accumulate, write. See sweep.py, whose twin it is to the bit.

   All that the pass knows stands in arrays of its own: a table from nodes to their places, what each rests
   on, and the sums. No node is written to until every number is known, and then all are, by a loop that
   allocates nothing, frees nothing and calls nobody. So whatever stops a pass, and whenever, leaves every
   node as it was.

   Others' code runs in the middle only where the pass looks for signals. It may write to any slot, so that
   whatever is read from one is checked each time. Where a node holds what the table could not have put there,
   or anything but floats, the pass in Python has the word: `sweep` returns False, with nothing changed. */

#include "node.h"
#include <stdint.h>

static PyTypeObject *row_type;
static PyTypeObject *call_type; /* of a call with several results */
static Py_ssize_t operands_offset;
static PyObject *pull;

#define NONE ((1u << 29) - 1)           /* no operand, or none that is a node */
/* What stands at a place: a vector is one that dot products share; a call stands between its several results
   and what they rest on. */
enum { NODE, LEAF, MANY, DOT, VECTOR, RESULT, CALL };
enum { FOUND, OPEN, PLACED }; /* how far the sort has come with it */

typedef struct {
    PyObject *object; /* held */
    union {
        double sum;     /* what has arrived, where anything has */
        PyObject *grad; /* in the end */
    };
    /* a and b: the places of its operands; of MANY, VECTOR and CALL where their links begin, and how many
       there are; of RESULT the place of the call, and which result it is */
    unsigned a : 29, kind : 3;
    unsigned b : 29, state : 2, reached : 1;
} Item;

typedef struct {
    Item *items;
    uint32_t *table; /* one more than the place of an object, or 0 where there is none */
    uint32_t *order, *stack, *links;
    double *sums; /* beside each link of a vector, and for each result of a call, which has as many */
    size_t count, room, mask, placed, order_room, waiting, stack_room, linked, link_room;
} Pass;

/* Results of a step: an error is set, this is not for us, all is well. */
enum { FAILED = -1, LEAVE = 0, DONE = 1 };

static int
grow(void *array, size_t *room, size_t wanted, size_t size)
{
    if (wanted <= *room) return DONE;
    size_t more = *room ? *room : 64;
    while (more < wanted) more *= 2;
    void *larger = PyMem_Realloc(*(void **)array, more * size);
    if (!larger) {
        PyErr_NoMemory();
        return FAILED;
    }
    *(void **)array = larger;
    *room = more;
    return DONE;
}

/* Where to begin to look for an object: neighbours in memory are neighbours in the table, by the kilobyte.
   Where a kilobyte begins is scattered, lest parts of memory that lie a multiple of the table's length apart
   fall onto each other. */
static size_t
hash(PyObject *object)
{
    uint64_t address = (uint64_t)(uintptr_t)object;
    return (size_t)(((address >> 10) * 0x9E3779B97F4A7C15u >> 29) + (address >> 5 & 31));
}

static int
rehash(Pass *pass)
{
    size_t slots = pass->mask ? 2 * (pass->mask + 1) : 128;
    uint32_t *table = PyMem_Calloc(slots, sizeof(uint32_t));
    if (!table) {
        PyErr_NoMemory();
        return FAILED;
    }
    PyMem_Free(pass->table);
    pass->table = table;
    pass->mask = slots - 1;
    for (size_t place = 0; place < pass->count; place++) {
        size_t i = hash(pass->items[place].object) & pass->mask;
        while (table[i]) i = (i + 1) & pass->mask;
        table[i] = (uint32_t)place + 1;
    }
    return DONE;
}

/* The place of an object, entered where it is new; NONE with an error set where there is no memory. */
static uint32_t
place_of(Pass *pass, PyObject *object, int kind)
{
    if (2 * pass->count >= pass->mask && rehash(pass) < 0) return NONE;
    size_t i = hash(object) & pass->mask;
    for (; pass->table[i]; i = (i + 1) & pass->mask) {
        if (pass->items[pass->table[i] - 1].object == object) return pass->table[i] - 1;
    }
    if (pass->count == NONE) {
        PyErr_NoMemory();
        return NONE;
    }
    if (grow(&pass->items, &pass->room, pass->count + 1, sizeof(Item)) < 0) return NONE;
    Item *item = &pass->items[pass->count];
    *item = (Item){.object = Py_NewRef(object), .a = NONE, .kind = (unsigned)kind, .b = NONE, .state = FOUND};
    pass->table[i] = (uint32_t)++pass->count;
    return (uint32_t)pass->count - 1;
}

static int
wait_for(Pass *pass, uint32_t place)
{
    if (grow(&pass->stack, &pass->stack_room, pass->waiting + 1, sizeof(uint32_t)) < 0) return FAILED;
    pass->stack[pass->waiting++] = place;
    return DONE;
}

/* Find the place of an operand, and let it wait for its turn; NONE for a number. */
static int
rest_on(Pass *pass, PyObject *x, uint32_t *place)
{
    *place = NONE;
    if (!Py_IS_TYPE(x, value_type)) return DONE;
    if (!AT(x, A)) return LEAVE;
    if ((*place = place_of(pass, x, NODE)) == NONE) return FAILED;
    Item *item = &pass->items[*place];
    if (item->state == PLACED) return DONE;
    if (AT(x, A) == Py_None) { /* a leaf rests on nothing */
        item->kind = LEAF;
        item->state = PLACED;
        return DONE;
    }
    if (item->state == OPEN) return LEAVE; /* it rests on itself */
    return wait_for(pass, *place);
}

/* Enter the elements of a tuple as what a place rests on. */
static int
link_all(Pass *pass, uint32_t place, PyObject *operands)
{
    Py_ssize_t count = PyTuple_GET_SIZE(operands);
    size_t first = pass->linked, room = pass->link_room;
    if (first + (size_t)count >= NONE) return LEAVE;
    if (grow(&pass->sums, &room, first + (size_t)count, sizeof(double)) < 0) return FAILED;
    if (grow(&pass->links, &pass->link_room, first + (size_t)count, sizeof(uint32_t)) < 0) return FAILED;
    pass->linked += (size_t)count;
    pass->items[place].a = (uint32_t)first;
    pass->items[place].b = (uint32_t)count;
    for (Py_ssize_t i = 0; i < count; i++) {
        uint32_t below;
        int result = rest_on(pass, PyTuple_GET_ITEM(operands, i), &below);
        if (result != DONE) return result;
        pass->links[first + (size_t)i] = below;
    }
    return DONE;
}

/* Whether a dot product keeps what it should: two vectors of one length, and for each None or the numbers of
 * the other. */
static int
is_dot(PyObject *vectors, PyObject *locals)
{
    if (!PyTuple_CheckExact(locals) || PyTuple_GET_SIZE(vectors) != 2 || PyTuple_GET_SIZE(locals) != 2)
        return 0;
    for (int side = 0; side < 2; side++) {
        PyObject *vector = PyTuple_GET_ITEM(vectors, side), *local = PyTuple_GET_ITEM(locals, side);
        if (!PyTuple_CheckExact(vector) || (local != Py_None && !PyList_CheckExact(local))) return 0;
        if (local != Py_None && PyList_GET_SIZE(local) != PyTuple_GET_SIZE(vector)) return 0;
    }
    return 1;
}

/* One of several results rests on their call, and that on the operands. */
static int
expand_result(Pass *pass, uint32_t place, PyObject *call, PyObject *index)
{
    PyObject *operands = *(PyObject **)((char *)call + operands_offset);
    if (!operands || !PyTuple_CheckExact(operands) || !index || !PyFloat_CheckExact(index)) return LEAVE;
    double which = PyFloat_AS_DOUBLE(index);
    if (!(which >= 0.0 && which < (double)PyTuple_GET_SIZE(operands) && which < NONE)) return LEAVE;
    if (which != (double)(uint32_t)which) return LEAVE;
    uint32_t below = place_of(pass, call, CALL);
    if (below == NONE) return FAILED;
    pass->items[place].kind = RESULT;
    pass->items[place].a = below;
    pass->items[place].b = (uint32_t)which;
    int state = pass->items[below].state;
    return state == OPEN ? LEAVE : state == FOUND ? wait_for(pass, below) : DONE;
}

static int
expand_call(Pass *pass, uint32_t place)
{
    PyObject *operands = *(PyObject **)((char *)pass->items[place].object + operands_offset);
    if (!operands || !PyTuple_CheckExact(operands)) return LEAVE;
    int result = link_all(pass, place, operands);
    if (result != DONE) return result;
    Item *call = &pass->items[place];
    /* To -0.0 any number can be added without changing it. */
    for (uint32_t i = 0; i < call->b; i++) pass->sums[call->a + i] = -0.0;
    return DONE;
}

/* Find out what a place rests on, and push that; LEAVE where a slot holds something else than it should. */
static int
expand(Pass *pass, uint32_t place)
{
    PyObject *object = pass->items[place].object;
    if (pass->items[place].kind == VECTOR) return link_all(pass, place, object);
    if (pass->items[place].kind == CALL) return expand_call(pass, place);
    PyObject *a = AT(object, A), *b = AT(object, B), *row = AT(object, ROW);
    uint32_t first, second;
    int result;
    if (!a || !b || !row) return LEAVE;
    if (!PyTuple_CheckExact(a)) {
        if (Py_IS_TYPE(a, call_type)) return expand_result(pass, place, a, b);
        if (!Py_IS_TYPE(a, value_type) && !PyFloat_CheckExact(a)) return LEAVE;
        if ((result = rest_on(pass, a, &first)) != DONE || (result = rest_on(pass, b, &second)) != DONE)
            return result;
        pass->items[place].a = first;
        pass->items[place].b = second;
        return DONE;
    }
    if (PyTuple_GET_SIZE(a) && PyTuple_CheckExact(PyTuple_GET_ITEM(a, 0))) {
        if (!is_dot(a, b)) return LEAVE;
        pass->items[place].kind = DOT;
        for (int side = 0; side < 2; side++) {
            if (PyTuple_GET_ITEM(b, side) == Py_None) continue; /* numbers alone */
            uint32_t vector = place_of(pass, PyTuple_GET_ITEM(a, side), VECTOR);
            if (vector == NONE) return FAILED;
            if (side) pass->items[place].b = vector;
            else pass->items[place].a = vector;
            int state = pass->items[vector].state;
            if (state == OPEN) return LEAVE;
            if (state == FOUND && wait_for(pass, vector) < 0) return FAILED;
        }
        return DONE;
    }
    if (!Py_IS_TYPE(row, row_type) || !PyTuple_CheckExact(b) || PyTuple_GET_SIZE(a) != PyTuple_GET_SIZE(b))
        return LEAVE;
    pass->items[place].kind = MANY;
    return link_all(pass, place, a);
}

/* Put everything below the root in order, each after what it rests on: the order that backward.py finds. */
static int
sort(Pass *pass, PyObject *root)
{
    uint32_t place;
    int result = rest_on(pass, root, &place);
    for (size_t turn = 1; result == DONE && pass->waiting; turn++) {
        if (!(turn & 0xFFFF) && PyErr_CheckSignals() < 0) return FAILED;
        place = pass->stack[pass->waiting - 1];
        if (pass->items[place].state == FOUND) {
            size_t here = pass->waiting;
            pass->items[place].state = OPEN;
            if ((result = expand(pass, place)) != DONE || pass->waiting > here)
                continue; /* it waits beneath its operands */
        }
        if (pass->items[place].state == OPEN) {
            if (grow(&pass->order, &pass->order_room, pass->placed + 1, sizeof(uint32_t)) < 0) return FAILED;
            pass->order[pass->placed++] = place;
            pass->items[place].state = PLACED;
        }
        pass->waiting--;
    }
    return result;
}

static void
add(Item *to, double term)
{
    to->sum = to->reached ? to->sum + term : term;
    to->reached = 1;
}

/* Add g times a local derivative, or nothing where that is None. */
static int
add_product(Pass *pass, uint32_t to, double g, PyObject *local)
{
    if (local == Py_None) return DONE;
    if (!local || !PyFloat_CheckExact(local) || to == NONE) return LEAVE;
    add(&pass->items[to], g * PyFloat_AS_DOUBLE(local));
    return DONE;
}

/* Add g times the local derivatives of one side of a dot product to the sums of the vector there. */
static int
add_products(Pass *pass, uint32_t to, double g, PyObject *locals, int side)
{
    if (to == NONE) return DONE;
    PyObject *local = PyTuple_GET_ITEM(locals, side);
    Item *vector = &pass->items[to];
    if (!PyList_CheckExact(local) || PyList_GET_SIZE(local) != (Py_ssize_t)vector->b) return LEAVE;
    double *sums = pass->sums + vector->a;
    for (uint32_t i = 0; i < vector->b; i++) {
        PyObject *d = PyList_GET_ITEM(local, i);
        if (!PyFloat_CheckExact(d)) return LEAVE;
        double term = g * PyFloat_AS_DOUBLE(d);
        sums[i] = vector->reached ? sums[i] + term : term;
    }
    vector->reached = 1;
    return DONE;
}

/* Take what the results of a call have received through it: Python says what its operands receive. */
static int
spread_call(Pass *pass, Item *item)
{
    PyObject *received = PyList_New((Py_ssize_t)item->b);
    if (!received) return FAILED;
    for (uint32_t i = 0; i < item->b; i++) {
        PyObject *g = PyFloat_FromDouble(pass->sums[item->a + i]);
        if (!g) {
            Py_DECREF(received);
            return FAILED;
        }
        PyList_SET_ITEM(received, (Py_ssize_t)i, g);
    }
    PyObject *terms = PyObject_CallFunctionObjArgs(pull, item->object, received, NULL);
    Py_DECREF(received);
    if (!terms) return FAILED;
    int result = PyList_CheckExact(terms) && PyList_GET_SIZE(terms) == (Py_ssize_t)item->b ? DONE : LEAVE;
    for (uint32_t i = 0; i < item->b && result == DONE; i++) {
        PyObject *term = PyList_GET_ITEM(terms, (Py_ssize_t)i);
        uint32_t to = pass->links[item->a + i];
        if (to == NONE) continue;
        if (PyFloat_CheckExact(term)) add(&pass->items[to], PyFloat_AS_DOUBLE(term));
        else result = LEAVE;
    }
    Py_DECREF(terms);
    return result;
}

/* Apply the chain rule at one place. */
static int
spread(Pass *pass, Item *item)
{
    double g = item->sum;
    PyObject *object = item->object, *b;
    switch (item->kind) {
    case NODE: {
        int result = add_product(pass, item->a, g, AT(object, DA));
        return result != DONE ? result : add_product(pass, item->b, g, AT(object, DB));
    }
    case DOT: {
        if (!(b = AT(object, B)) || !PyTuple_CheckExact(b) || PyTuple_GET_SIZE(b) != 2) return LEAVE;
        int result = add_products(pass, item->a, g, b, 0);
        return result != DONE ? result : add_products(pass, item->b, g, b, 1);
    }
    case MANY:
        if (!(b = AT(object, B)) || !PyTuple_CheckExact(b) || PyTuple_GET_SIZE(b) != (Py_ssize_t)item->b)
            return LEAVE;
        for (uint32_t i = 0; i < item->b; i++) {
            uint32_t to = pass->links[item->a + i];
            if (to != NONE && add_product(pass, to, g, PyTuple_GET_ITEM(b, i)) != DONE) return LEAVE;
        }
        return DONE;
    case RESULT: {
        Item *call = &pass->items[item->a];
        if (item->b >= call->b) return LEAVE;
        pass->sums[call->a + item->b] += g;
        call->reached = 1;
        return DONE;
    }
    case CALL:
        return spread_call(pass, item);
    default:
        for (uint32_t i = 0; i < item->b; i++) {
            uint32_t to = pass->links[item->a + i];
            if (to != NONE) add(&pass->items[to], pass->sums[item->a + i]);
        }
        return DONE;
    }
}

static int
accumulate(Pass *pass)
{
    for (size_t i = pass->placed; i--;) {
        if (!(i & 0xFFFF) && PyErr_CheckSignals() < 0) return FAILED;
        Item *item = &pass->items[pass->order[i]];
        int result = item->reached ? spread(pass, item) : DONE;
        if (result != DONE) return result;
    }
    return DONE;
}

/* What a leaf holds after a pass that brings it g: the very bits of g, if it held nothing. LEAVE if it held
 * no float. */
static int
total(PyObject *before, double *g)
{
    if (!before) return LEAVE;
    if (PyFloat_CheckExact(before)) {
        if (PyFloat_AS_DOUBLE(before) != 0.0) *g = PyFloat_AS_DOUBLE(before) + *g;
        return DONE;
    }
    if (before == Py_None) return DONE;
    return PyLong_CheckExact(before) && before == integer_zero ? DONE : LEAVE;
}

/* Write every gradient, or none. */
static int
write_all(Pass *pass)
{
    size_t made = 0;
    int result = DONE;
    for (; made < pass->count && result == DONE; made++) {
        Item *item = &pass->items[made];
        double sum = item->sum;
        item->grad = NULL;
        if (item->kind == VECTOR || item->kind == CALL || (item->kind == LEAF && !item->reached)) continue;
        if (item->kind == LEAF && (result = total(AT(item->object, GRAD), &sum)) != DONE) continue;
        item->grad = item->reached ? PyFloat_FromDouble(sum) : Py_NewRef(zero);
        if (!item->grad) result = FAILED;
    }
    for (size_t i = 0; i < made && result == DONE; i++) {
        Item *item = &pass->items[i];
        if (!item->grad) continue;
        PyObject **place = &AT(item->object, GRAD), *old = *place;
        *place = item->grad;
        item->grad = old;
    }
    for (size_t i = 0; i < made; i++)
        Py_XDECREF(pass->items[i].grad); /* what the nodes held before, or were to hold */
    return result;
}

PyObject *
pass_sweep(PyObject *module, PyObject *args)
{
    PyObject *root;
    double gradient;
    if (!PyArg_ParseTuple(args, "O!d", value_type, &root, &gradient)) return NULL;
    Pass pass = {0};
    int result = sort(&pass, root);
    if (result == DONE) {
        add(&pass.items[0], gradient);
        if ((result = accumulate(&pass)) == DONE) result = write_all(&pass);
    }
    for (size_t i = 0; i < pass.count; i++) Py_DECREF(pass.items[i].object);
    PyMem_Free(pass.items);
    PyMem_Free(pass.table);
    PyMem_Free(pass.order);
    PyMem_Free(pass.stack);
    PyMem_Free(pass.links);
    PyMem_Free(pass.sums);
    return result == FAILED ? NULL : PyBool_FromLong(result == DONE);
}

/* exchange(nodes, before, after): where each node's grad still is the very object in `before`, write all of
 * `after`, in one go. */
PyObject *
pass_exchange(PyObject *module, PyObject *args)
{
    PyObject *nodes, *before, *after;
    if (!PyArg_ParseTuple(args, "O!O!O!", &PyList_Type, &nodes, &PyList_Type, &before, &PyList_Type, &after))
        return NULL;
    Py_ssize_t count = PyList_GET_SIZE(nodes);
    if (PyList_GET_SIZE(before) != count || PyList_GET_SIZE(after) != count) {
        PyErr_SetString(PyExc_ValueError, "exchange() takes three lists of one length");
        return NULL;
    }
    for (Py_ssize_t i = 0; i < count; i++) {
        PyObject *node = PyList_GET_ITEM(nodes, i);
        if (!Py_IS_TYPE(node, value_type)) {
            PyErr_SetString(PyExc_TypeError, "exchange() takes nodes");
            return NULL;
        }
        if (AT(node, GRAD) != PyList_GET_ITEM(before, i)) Py_RETURN_FALSE;
    }
    for (Py_ssize_t i = 0; i < count; i++) {
        PyObject **place = &AT(PyList_GET_ITEM(nodes, i), GRAD);
        *place = Py_NewRef(PyList_GET_ITEM(after, i));
    }
    for (Py_ssize_t i = 0; i < count; i++)
        Py_DECREF(PyList_GET_ITEM(before, i)); /* `before` holds another reference: none is the last */
    Py_RETURN_TRUE;
}

/* add_floats(nodes, numbers): add numbers to the nodes' grad, in one go; nothing where there is None in place
   of a number. False, with no node changed, where a grad is neither a float nor None, or a zero meets None.
 */
PyObject *
pass_add_floats(PyObject *module, PyObject *args)
{
    PyObject *nodes, *numbers;
    if (!PyArg_ParseTuple(args, "O!O!", &PyList_Type, &nodes, &PyList_Type, &numbers)) return NULL;
    Py_ssize_t count = PyList_GET_SIZE(nodes), made = 0;
    if (PyList_GET_SIZE(numbers) != count) {
        PyErr_SetString(PyExc_ValueError, "add_floats() takes two lists of one length");
        return NULL;
    }
    PyObject **after = PyMem_New(PyObject *, count ? count : 1);
    if (after == NULL) return PyErr_NoMemory();
    for (; made < count; made++) {
        PyObject *node = PyList_GET_ITEM(nodes, made), *g = PyList_GET_ITEM(numbers, made);
        if (!Py_IS_TYPE(node, value_type)) break;
        PyObject *old = AT(node, GRAD);
        if (old == NULL || (old != Py_None && !PyFloat_CheckExact(old))
            || (g != Py_None && !PyFloat_CheckExact(g)))
            break;
        if (old == Py_None && g != Py_None && PyFloat_AS_DOUBLE(g) == 0.0)
            break; /* has a zero arrived, or nothing? */
        if (g == Py_None) after[made] = Py_NewRef(old);
        else if (old == Py_None || PyFloat_AS_DOUBLE(old) == 0.0) after[made] = Py_NewRef(g);
        else after[made] = PyFloat_FromDouble(PyFloat_AS_DOUBLE(old) + PyFloat_AS_DOUBLE(g));
        if (after[made] == NULL) break;
    }
    int done = made == count;
    for (Py_ssize_t i = 0; done && i < count; i++) { /* from here on `after` holds what the nodes held */
        PyObject **place = &AT(PyList_GET_ITEM(nodes, i), GRAD), *old = *place;
        *place = after[i];
        after[i] = old;
    }
    for (Py_ssize_t i = 0; i < made; i++) Py_DECREF(after[i]);
    PyMem_Free(after);
    if (PyErr_Occurred()) return NULL;
    return PyBool_FromLong(done);
}

PyObject *
take_pass(PyObject *module, PyObject *args)
{
    PyObject *row, *call, *function;
    if (!PyArg_ParseTuple(args, "O!O!O", &PyType_Type, &row, &PyType_Type, &call, &function)) return NULL;
    if ((operands_offset = offset_of((PyTypeObject *)call, "_a")) < 0) return NULL;
    row_type = (PyTypeObject *)Py_NewRef(row);
    call_type = (PyTypeObject *)Py_NewRef(call);
    pull = Py_NewRef(function);
    Py_RETURN_NONE;
}
