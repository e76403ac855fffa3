/* A backward pass over floats: sort, accumulate, write. See backward.py, whose twin it is to the bit.

   All that the pass knows stands in arrays of its own: what each place rests on, the local derivatives, the
   sums. No node is written to until every number is known, and then all are, by a loop that allocates
   nothing, frees nothing and calls nobody. So whatever stops a pass, and whenever, leaves every node as it
   was.

   Others' code runs in the middle only where the pass looks for signals, or asks a call with several results.
   Where the pass meets what it does not know, the one in Python has the word: `sweep` returns False, with
   nothing changed. */

#include "node.h"
#include <stddef.h>
#include <string.h>
#include <structmember.h>

/* What is needed soon, so that it is on its way from memory. */
#define AHEAD 8
#if defined(__GNUC__)
#define PREFETCH(x) __builtin_prefetch(x)
#else
#define PREFETCH(x) ((void)(x))
#endif

static PyObject *pull;
Places places;
PyTypeObject *multi_call_type;
#define KINDS 8
static struct {
    PyObject *kind;
    const Several *c;
} kinds[KINDS];

#define NOTHING UINT32_MAX /* no operand, or none that is a node */
/* What stands at a place: beside nodes, a vector that dot products share, and a call, which stands between
   its several results and what they rest on. */
enum { AT_LEAF, AT_PAIR, AT_MANY, AT_DOT, AT_RESULT, AT_VECTOR, AT_CALL };
enum { FOUND, OPEN, PLACED }; /* how far the sort has come with it */

typedef struct {
    double sum;       /* what has arrived, where anything has */
    union {
        double da;       /* of a PAIR */
        PyObject *local; /* held: the derivatives of MANY; in the end a gradient that was an object */
    };
    double db;
    /* a and b: the places of its operands; of MANY, VECTOR and CALL where their links begin, and how many
       there are; of RESULT the place of the call, and which result it is */
    uint32_t a, b;
    unsigned kind : 3, reached : 1, has_da : 1, has_db : 1, keeps : 1;
} Item;

typedef struct {
    Item *items;
    PyObject **objects; /* at each place; the first `held` are: see `hold` */
    unsigned char *states;
    uint32_t *order, *stack, *links;
    double *sums; /* beside each link of a vector, and for each result of a call, which has as many */
    uint32_t *table; /* of what is no node: one more than its place, or 0 */
    size_t count, held, keeps, room, object_room, state_room, placed, order_room, waiting, stack_room, linked,
        link_room, sum_room, mask, others;
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

/* A new place; NOTHING with an error set where there is no memory. */
static uint32_t
enter(Pass *pass, PyObject *object, int kind)
{
    if (pass->count >= NOTHING) {
        PyErr_NoMemory();
        return NOTHING;
    }
    if (pass->count >= pass->room
        && (grow(&pass->objects, &pass->object_room, pass->count + 1, sizeof(PyObject *)) < 0
            || grow(&pass->states, &pass->state_room, pass->count + 1, 1) < 0
            || grow(&pass->items, &pass->room, pass->count + 1, sizeof(Item)) < 0))
        return NOTHING;
    Item *item = &pass->items[pass->count];
    pass->objects[pass->count] = object;
    pass->states[pass->count] = FOUND;
    item->keeps = 0;
    item->a = item->b = NOTHING;
    item->kind = (unsigned)kind;
    item->reached = item->has_da = item->has_db = 0;
    return (uint32_t)pass->count++;
}

/* A node keeps its place; that is of this pass if the place holds that node. */
static uint32_t
place_of_node(Pass *pass, PyObject *node)
{
    uint32_t place = NODE(node)->place;
    if (place < pass->count && pass->objects[place] == node) return place;
    place = enter(pass, node, (int)NODE(node)->kind);
    if (place != NOTHING) NODE(node)->place = place;
    return place;
}

static size_t
hash(PyObject *object)
{
    return (size_t)(((uint64_t)(uintptr_t)object >> 4) * 0x9E3779B97F4A7C15u >> 20);
}

static int
rehash(Pass *pass)
{
    size_t slots = pass->mask ? 2 * (pass->mask + 1) : 64;
    uint32_t *table = PyMem_Calloc(slots, sizeof(uint32_t));
    if (!table) {
        PyErr_NoMemory();
        return FAILED;
    }
    for (size_t k = 0; pass->mask && k <= pass->mask; k++) {
        if (!pass->table[k]) continue;
        size_t i = hash(pass->objects[pass->table[k] - 1]) & (slots - 1);
        while (table[i]) i = (i + 1) & (slots - 1);
        table[i] = pass->table[k];
    }
    PyMem_Free(pass->table);
    pass->table = table;
    pass->mask = slots - 1;
    return DONE;
}

/* Before others' code runs, what the pass has met is held; until then the root holds it. */
static void
hold(Pass *pass)
{
    for (; pass->held < pass->count; pass->held++) Py_INCREF(pass->objects[pass->held]);
}

static int
look_for_signals(Pass *pass)
{
    hold(pass);
    return PyErr_CheckSignals() < 0 ? FAILED : DONE;
}

/* The place of a vector or a call. */
static uint32_t
place_of_other(Pass *pass, PyObject *object, int kind)
{
    if (2 * pass->others >= pass->mask && rehash(pass) < 0) return NOTHING;
    size_t i = hash(object) & pass->mask;
    for (; pass->table[i]; i = (i + 1) & pass->mask)
        if (pass->objects[pass->table[i] - 1] == object) return pass->table[i] - 1;
    uint32_t place = enter(pass, object, kind);
    if (place == NOTHING) return NOTHING;
    pass->table[i] = place + 1;
    pass->others++;
    return place;
}

static int
wait_for(Pass *pass, uint32_t place)
{
    if (grow(&pass->stack, &pass->stack_room, pass->waiting + 1, sizeof(uint32_t)) < 0) return FAILED;
    pass->stack[pass->waiting++] = place;
    return DONE;
}

/* Find the place of an operand, and let it wait for its turn; NOTHING for a number. */
static int
rest_on(Pass *pass, PyObject *x, uint32_t *place)
{
    *place = NOTHING;
    if (!x || !IS_NODE(x)) return DONE;
    if ((*place = place_of_node(pass, x)) == NOTHING) return FAILED;
    int state = pass->states[*place];
    if (state == PLACED) return DONE;
    if (pass->items[*place].kind == AT_LEAF) { /* rests on nothing */
        pass->states[*place] = PLACED;
        return DONE;
    }
    if (state == OPEN) return LEAVE; /* it rests on itself */
    return wait_for(pass, *place);
}

/* Enter the elements of a tuple as what a place rests on. */
static int
link_all(Pass *pass, uint32_t place, PyObject *operands)
{
    Py_ssize_t count = PyTuple_GET_SIZE(operands);
    size_t first = pass->linked;
    if (first + (size_t)count >= NOTHING) return LEAVE;
    if (grow(&pass->sums, &pass->sum_room, first + (size_t)count, sizeof(double)) < 0) return FAILED;
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

/* One of several results rests on their call, and that on the operands. */
static int
expand_result(Pass *pass, uint32_t place, Node *node)
{
    if (!node->a || !Py_IS_TYPE(node->a, multi_call_type)) return LEAVE;
    PyObject *operands = KEPT_AT(node->a, operands);
    if (!operands || !PyTuple_CheckExact(operands)) return LEAVE;
    double which = node->da.number;
    if (!(which >= 0.0 && which < (double)PyTuple_GET_SIZE(operands) && which < NOTHING)) return LEAVE;
    if (which != (double)(uint32_t)which) return LEAVE;
    uint32_t below = place_of_other(pass, node->a, AT_CALL);
    if (below == NOTHING) return FAILED;
    pass->items[place].a = below;
    pass->items[place].b = (uint32_t)which;
    int state = pass->states[below];
    return state == OPEN ? LEAVE : state == FOUND ? wait_for(pass, below) : DONE;
}

static int
expand_call(Pass *pass, uint32_t place)
{
    PyObject *operands = KEPT_AT(pass->objects[place], operands);
    if (!operands || !PyTuple_CheckExact(operands)) return LEAVE;
    int result = link_all(pass, place, operands);
    if (result != DONE) return result;
    Item *call = &pass->items[place];
    /* To -0.0 any number can be added without changing it. */
    for (uint32_t i = 0; i < call->b; i++) pass->sums[call->a + i] = -0.0;
    return DONE;
}

static int
expand_dot(Pass *pass, uint32_t place, Node *node)
{
    for (int side = 0; side < 2; side++) {
        PyObject *vector = side ? node->b : node->a, *local = side ? node->db.object : node->da.object;
        if (!local) continue; /* numbers alone */
        if (!vector || Py_SIZE(local) != PyTuple_GET_SIZE(vector)) return LEAVE;
        uint32_t below = place_of_other(pass, vector, AT_VECTOR);
        if (below == NOTHING) return FAILED;
        if (side) pass->items[place].b = below;
        else pass->items[place].a = below;
        int state = pass->states[below];
        if (state == OPEN) return LEAVE;
        if (state == FOUND && wait_for(pass, below) < 0) return FAILED;
    }
    return DONE;
}

/* Find out what a place rests on, and push that. */
static int
expand(Pass *pass, uint32_t place)
{
    PyObject *object = pass->objects[place];
    uint32_t first, second;
    int result;
    switch (pass->items[place].kind) {
    case AT_VECTOR: return link_all(pass, place, object);
    case AT_CALL: return expand_call(pass, place);
    case AT_RESULT: return expand_result(pass, place, NODE(object));
    case AT_DOT: return expand_dot(pass, place, NODE(object));
    case AT_MANY: {
        PyObject *local = NODE(object)->da.object;
        if (!local || !NODE(object)->a || Py_SIZE(local) != PyTuple_GET_SIZE(NODE(object)->a)) return LEAVE;
        pass->items[place].local = Py_NewRef(local);
        pass->items[place].keeps = pass->keeps = 1;
        return link_all(pass, place, NODE(object)->a);
    }
    default: {
        Node *node = NODE(object);
        Item *item = &pass->items[place];
        item->has_da = node->has_da;
        item->has_db = node->has_db;
        item->da = node->da.number;
        item->db = node->db.number;
        PyObject *b = node->b;
        if ((result = rest_on(pass, node->a, &first)) != DONE || (result = rest_on(pass, b, &second)) != DONE)
            return result;
        item = &pass->items[place];
        item->a = first;
        item->b = second;
        return (item->has_da && first == NOTHING) || (item->has_db && second == NOTHING) ? LEAVE : DONE;
    }
    }
}

/* Put everything below the root in order, each after what it rests on: the order that backward.py finds. */
static int
sort(Pass *pass, PyObject *root)
{
    uint32_t place;
    int result = rest_on(pass, root, &place);
    for (size_t turn = 1; result == DONE && pass->waiting; turn++) {
        if (!(turn & 0xFFFF) && look_for_signals(pass) < 0) return FAILED;
        place = pass->stack[pass->waiting - 1];
        if (pass->states[place] == FOUND) {
            size_t here = pass->waiting;
            pass->states[place] = OPEN;
            if ((result = expand(pass, place)) != DONE || pass->waiting > here)
                continue; /* it waits beneath its operands */
        }
        if (pass->states[place] == OPEN) {
            if (grow(&pass->order, &pass->order_room, pass->placed + 1, sizeof(uint32_t)) < 0) return FAILED;
            pass->order[pass->placed++] = place;
            pass->states[place] = PLACED;
        }
        pass->waiting--;
    }
    return result;
}

static inline void
add(Item *to, double term)
{
    to->sum = to->reached ? to->sum + term : term;
    to->reached = 1;
}

/* Add g times the local derivatives of one side of a dot product to the sums of the vector there. */
static int
add_products(Pass *pass, uint32_t to, double g, PyObject *local)
{
    if (to == NOTHING) return DONE;
    Item *vector = &pass->items[to];
    if (!local || Py_SIZE(local) != (Py_ssize_t)vector->b || DOUBLES(local)->is_none) return LEAVE;
    double *sums = pass->sums + vector->a;
    const double *d = DOUBLES(local)->at;
    if (vector->reached)
        for (uint32_t i = 0; i < vector->b; i++) sums[i] += g * d[i];
    else
        for (uint32_t i = 0; i < vector->b; i++) sums[i] = g * d[i];
    vector->reached = 1;
    return DONE;
}

const Several *
several_of_kind(PyObject *kind)
{
    for (int i = 0; i < KINDS; i++)
        if (kind && kinds[i].kind == kind) return kinds[i].c;
    return NULL;
}

/* Take what the results of a call have received through it. */
static int
spread_call_in_c(Pass *pass, Item *item, const Several *c, Doubles *kept)
{
    double *received = PyMem_Malloc((size_t)item->b * sizeof(double) + 1);
    if (!received) {
        PyErr_NoMemory();
        return FAILED;
    }
    begin_kernel();
    int known = c->pull(kept->at, pass->sums + item->a, (long)item->b, received);
    for (uint32_t i = 0; i < item->b && known; i++) {
        uint32_t to = pass->links[item->a + i];
        if (to != NOTHING) add(&pass->items[to], received[i]);
    }
    PyMem_Free(received);
    return known;
}

/* The same: where C does not know it, Python says what its operands receive. */
static int
spread_call(Pass *pass, uint32_t place, Item *item)
{
    const Several *c = several_of_kind(KEPT_AT(pass->objects[place], kind));
    PyObject *kept = KEPT_AT(pass->objects[place], kept);
    if (c && kept && Py_IS_TYPE(kept, &doubles_type) && Py_SIZE(kept) == (Py_ssize_t)item->b) {
        int known = spread_call_in_c(pass, item, c, DOUBLES(kept));
        if (known) return known;
    }
    hold(pass);
    PyObject *received = PyList_New((Py_ssize_t)item->b); /* the collector may run */
    if (!received) return FAILED;
    for (uint32_t i = 0; i < item->b; i++) {
        PyObject *g = PyFloat_FromDouble(pass->sums[item->a + i]);
        if (!g) {
            Py_DECREF(received);
            return FAILED;
        }
        PyList_SET_ITEM(received, (Py_ssize_t)i, g);
    }
    PyObject *terms = PyObject_CallFunctionObjArgs(pull, pass->objects[place], received, NULL);
    Py_DECREF(received);
    if (!terms) return FAILED;
    int result = PyList_CheckExact(terms) && PyList_GET_SIZE(terms) == (Py_ssize_t)item->b ? DONE : LEAVE;
    for (uint32_t i = 0; i < item->b && result == DONE; i++) {
        PyObject *term = PyList_GET_ITEM(terms, (Py_ssize_t)i);
        uint32_t to = pass->links[item->a + i];
        if (to == NOTHING) continue;
        if (PyFloat_CheckExact(term)) add(&pass->items[to], PyFloat_AS_DOUBLE(term));
        else result = LEAVE;
    }
    Py_DECREF(terms);
    return result;
}

/* Apply the chain rule at one place. */
static int
spread(Pass *pass, uint32_t place)
{
    Item *item = &pass->items[place];
    double g = item->sum;
    switch (item->kind) {
    case AT_PAIR:
        if (item->has_da) add(&pass->items[item->a], g * item->da);
        if (item->has_db) add(&pass->items[item->b], g * item->db);
        return DONE;
    case AT_DOT: {
        Node *node = NODE(pass->objects[place]);
        if (node->kind != DOT) return LEAVE;
        int result = add_products(pass, item->a, g, node->da.object);
        return result != DONE ? result : add_products(pass, item->b, g, node->db.object);
    }
    case AT_MANY: {
        Doubles *local = DOUBLES(item->local);
        for (uint32_t i = 0; i < item->b; i++) {
            uint32_t to = pass->links[item->a + i];
            if (to != NOTHING && !IS_NONE(local, i)) add(&pass->items[to], g * local->at[i]);
        }
        return DONE;
    }
    case AT_RESULT: {
        Item *call = &pass->items[item->a];
        if (item->b >= call->b) return LEAVE;
        pass->sums[call->a + item->b] += g;
        call->reached = 1;
        return DONE;
    }
    case AT_CALL: return spread_call(pass, place, item);
    case AT_VECTOR:
        for (uint32_t i = 0; i < item->b; i++) {
            uint32_t to = pass->links[item->a + i];
            if (to != NOTHING) add(&pass->items[to], pass->sums[item->a + i]);
        }
        return DONE;
    default: return DONE; /* a leaf */
    }
}

static int
accumulate(Pass *pass)
{
    for (size_t i = pass->placed; i--;) {
        if (!(i & 0xFFFF) && i && look_for_signals(pass) < 0) return FAILED;
        uint32_t place = pass->order[i];
        if (i >= AHEAD) PREFETCH(&pass->items[pass->order[i - AHEAD]]);
        int result = pass->items[place].reached ? spread(pass, place) : DONE;
        if (result != DONE) return result;
    }
    return DONE;
}

/* What programs written for other engines set before a pass. */
static int
is_whole_zero(PyObject *x)
{
    return PyLong_CheckExact(x) && PyObject_Not(x) == 1;
}

/* Write every gradient, or none: the number to a leaf that had one is added. A leaf whose grad is an object
   other than None is for Python. */
static int
write_all(Pass *pass)
{
    for (size_t i = 0; i < pass->count; i++) {
        Item *item = &pass->items[i];
        if (item->kind != AT_LEAF || !item->reached) continue;
        Node *leaf = NODE(pass->objects[i]);
        if (!leaf->holds_object) {
            if (leaf->grad.number != 0.0) item->sum = leaf->grad.number + item->sum;
        } else if (leaf->grad.object != Py_None && !is_whole_zero(leaf->grad.object)) {
            return LEAVE;
        }
    }
    for (size_t i = 0; i < pass->count; i++) {
        Item *item = &pass->items[i];
        if (i + AHEAD < pass->count) PREFETCH((char *)pass->objects[i + AHEAD] + offsetof(Node, grad));
        if (item->kind >= AT_VECTOR || (item->kind == AT_LEAF && !item->reached)) continue;
        Node *node = NODE(pass->objects[i]);
        PyObject *old = node->holds_object ? node->grad.object : NULL;
        node->grad.number = item->reached ? item->sum : 0.0;
        node->holds_object = 0;
        if (!old) continue;
        /* Released with the pass. Of derivatives the node itself holds another reference. */
        if (item->keeps) Py_DECREF(item->local);
        item->local = old;
        item->keeps = pass->keeps = 1;
    }
    return DONE;
}

/* The arrays of the latest pass, for the next: asking the system for memory takes longer than using it. */
static Pass spare;
#define KEPT (1u << 14)

PyObject *
pass_sweep(PyObject *module, PyObject *args)
{
    if (!value_type) return set_up(0);
    PyObject *root;
    double gradient;
    if (!PyArg_ParseTuple(args, "O!d", value_type, &root, &gradient)) return NULL;
    Pass pass = spare;
    spare = (Pass){0}; /* another pass may begin in the middle of this one */
    int result = sort(&pass, root);
    if (result == DONE) {
        add(&pass.items[0], gradient);
        if ((result = accumulate(&pass)) == DONE) result = write_all(&pass);
    }
    if (pass.keeps)
        for (size_t i = 0; i < pass.count; i++)
            if (pass.items[i].keeps) Py_DECREF(pass.items[i].local);
    for (size_t i = 0; i < pass.held; i++) Py_DECREF(pass.objects[i]);
    PyMem_Free(pass.table);
    pass.table = NULL;
    pass.count = pass.held = pass.keeps = pass.placed = pass.waiting = pass.linked = pass.mask = pass.others =
        0;
    if (pass.room > KEPT || pass.link_room > KEPT || spare.items) {
        PyMem_Free(pass.items);
        PyMem_Free(pass.objects);
        PyMem_Free(pass.states);
        PyMem_Free(pass.order);
        PyMem_Free(pass.stack);
        PyMem_Free(pass.links);
        PyMem_Free(pass.sums);
    } else {
        spare = pass;
    }
    return result == FAILED ? NULL : PyBool_FromLong(result == DONE);
}

/* Whether a node's grad is still what it was. */
static int
is_still(Node *node, PyObject *before)
{
    if (node->holds_object) return node->grad.object == before;
    if (!PyFloat_CheckExact(before)) return 0;
    double x = node->grad.number, y = PyFloat_AS_DOUBLE(before);
    return x == y || (x != x && y != y);
}

/* exchange(nodes, before, after): where each node's grad still is what stands in `before`, write all of
   `after`, in one go. */
PyObject *
pass_exchange(PyObject *module, PyObject *args)
{
    if (!value_type) return set_up(0);
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
        if (!IS_NODE(node)) {
            PyErr_SetString(PyExc_TypeError, "exchange() takes nodes");
            return NULL;
        }
        if (!is_still(NODE(node), PyList_GET_ITEM(before, i))) Py_RETURN_FALSE;
    }
    for (Py_ssize_t i = 0; i < count; i++) {
        PyObject *old;
        replace_grad(NODE(PyList_GET_ITEM(nodes, i)), PyList_GET_ITEM(after, i), &old);
        Py_XDECREF(old); /* `before` holds another reference: it is not the last */
    }
    Py_RETURN_TRUE;
}

/* add_floats(nodes, numbers): add numbers to the nodes' grad, in one go; nothing where there is None in place
   of a number. False, with no node changed, where a grad is neither a float nor None, or a zero meets None.
 */
PyObject *
pass_add_floats(PyObject *module, PyObject *args)
{
    if (!value_type) return set_up(0);
    PyObject *nodes, *numbers;
    if (!PyArg_ParseTuple(args, "O!O!", &PyList_Type, &nodes, &PyList_Type, &numbers)) return NULL;
    Py_ssize_t count = PyList_GET_SIZE(nodes);
    if (PyList_GET_SIZE(numbers) != count) {
        PyErr_SetString(PyExc_ValueError, "add_floats() takes two lists of one length");
        return NULL;
    }
    for (Py_ssize_t i = 0; i < count; i++) {
        PyObject *node = PyList_GET_ITEM(nodes, i), *g = PyList_GET_ITEM(numbers, i);
        if (!IS_NODE(node) || (g != Py_None && !PyFloat_CheckExact(g))) Py_RETURN_FALSE;
        if (!NODE(node)->holds_object) continue;
        if (NODE(node)->grad.object != Py_None) Py_RETURN_FALSE;
        if (g != Py_None && PyFloat_AS_DOUBLE(g) == 0.0)
            Py_RETURN_FALSE; /* has a zero arrived, or nothing? */
    }
    for (Py_ssize_t i = 0; i < count; i++) {
        PyObject *g = PyList_GET_ITEM(numbers, i);
        if (g == Py_None) continue;
        Node *node = NODE(PyList_GET_ITEM(nodes, i));
        double x = PyFloat_AS_DOUBLE(g);
        if (node->holds_object) Py_DECREF(Py_None);
        else if (node->grad.number != 0.0) x = node->grad.number + x;
        node->grad.number = x;
        node->holds_object = 0;
    }
    Py_RETURN_TRUE;
}

PyObject *
floats(PyObject *module, PyObject *doubles)
{
    if (!value_type) return set_up(0);
    if (!Py_IS_TYPE(doubles, &doubles_type)) return PySequence_Tuple(doubles);
    PyObject *made = PyTuple_New(Py_SIZE(doubles));
    for (Py_ssize_t i = 0; made && i < Py_SIZE(doubles); i++) {
        PyObject *x = PyFloat_FromDouble(DOUBLES(doubles)->at[i]);
        if (x) PyTuple_SET_ITEM(made, i, x);
        else Py_CLEAR(made);
    }
    return made;
}

static int
find_place(PyObject *type, const char *name, Py_ssize_t *place)
{
    PyObject *descriptor = PyObject_GetAttrString(type, name);
    if (!descriptor) return FAILED;
    int is_slot = Py_IS_TYPE(descriptor, &PyMemberDescr_Type);
    if (is_slot) *place = ((PyMemberDescrObject *)descriptor)->d_member->offset;
    else PyErr_Format(PyExc_TypeError, "%s is not a slot", name);
    Py_DECREF(descriptor);
    return is_slot ? DONE : FAILED;
}

/* take_pass(call, pull, kinds): learn the type of calls with several results, how derivatives pass through
   one in Python, and the operations of which C computes the same, as (operation, name). */
PyObject *
take_pass(PyObject *module, PyObject *args)
{
    if (value_type) return set_up(1);
    PyObject *call, *function, *list;
    if (!PyArg_ParseTuple(args, "O!OO!", &PyType_Type, &call, &function, &PyList_Type, &list)) return NULL;
    if (find_place(call, "_a", &places.operands) < 0 || find_place(call, "grad", &places.grad) < 0
        || find_place(call, "count", &places.count) < 0 || find_place(call, "kind", &places.kind) < 0
        || find_place(call, "_values", &places.values) < 0 || find_place(call, "_kept", &places.kept) < 0)
        return NULL;
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(list) && i < KINDS; i++) {
        PyObject *kind;
        const char *name;
        if (!PyArg_ParseTuple(PyList_GET_ITEM(list, i), "Os", &kind, &name)) return NULL;
        for (const Several *c = several_in_c; c->name; c++)
            if (!strcmp(c->name, name)) kinds[i].c = c;
        kinds[i].kind = Py_NewRef(kind);
    }
    multi_call_type = (PyTypeObject *)Py_NewRef(call);
    pull = Py_NewRef(function);
    Py_RETURN_NONE;
}
