/* A backward pass over floats: sort, accumulate. See backward.py, whose twin it is to the bit.

   The sums grow in the nodes' own `grad`. What stood there is saved where it was not 0.0, and a pass that has
   to be given up puts it back: so it changes every node or none. Nobody's code runs before it is over, not
   even for a signal: ten million nodes take less than a second.

   Where the pass meets what it does not know, the one in Python has the word: `sweep` returns False, with
   nothing changed. */

#include "node.h"
#include <stddef.h>
#include <string.h>
#include <structmember.h>

/* What is needed soon, so that it is on its way from memory: a graph of 100,000 nodes does not fit beside the
   processor. Sums are taken in the order that was found, and reach operands long before it is their turn. The
   sort does not know what it will meet; but nodes mostly lie as they were made. A deep descent, where each
   node alone tells which the next is, has all fetched that lies some way below it, once; and afterwards the
   sort climbs in the other direction, some distance that fits beside the processor. */
#define AHEAD 8
#define LONG_BEFORE 1024
#define UPWARDS (300 * sizeof(Node))
#define DOWNWARDS 16384
#define AT_ONCE 4096
#define DEEP 64 /* nodes */
#define NEXT_TO (4 * sizeof(Node))
#define FAR (1 << 19) /* what is so far above was not fetched before, and what is below neither */
#define LINE 64
#if defined(__GNUC__)
#define PREFETCH(x) __builtin_prefetch(x)
#else
#define PREFETCH(x) ((void)(x))
#endif

Places places;
PyTypeObject *multi_call_type, *bundle_type; /* and what that is derived of, where its operands stand */
#define KINDS 8
static struct {
    PyObject *kind;
    const Several *c;
} kinds[KINDS];

/* What is sorted beside nodes: a vector that dot products share, or a call, which stands between its several
   results and what they rest on. */
typedef struct {
    PyObject *object, *operands; /* the tuple of them, which of a vector is the object */
    size_t sums;                 /* where those begin: one for each element or result */
    size_t results;              /* the latest that was met of a call's, one more than its number, or 0 */
    const Several *c;            /* NULL for a vector */
    uint32_t stamp, reached;
} Other;

/* One of several results: it has no place of its own in the order. Its call gathers what has arrived. */
typedef struct {
    Node *node;
    size_t next; /* of those of its call, as there */
} Result;

/* What stood in a node's grad; its address is one more where that was an object. */
typedef struct {
    uintptr_t node;
    Slot grad;
} Saved;

/* In the order stand nodes, and the numbers of others, twice and one. From the end of the same array the
   stack grows down: what waits has no place in the order. There a node with neither bit waits for all that it
   rests on. */
enum {
    OTHER = 1,
    TURN = 2, /* the node waits for its turn, which it may have had by then */
    LEFT = 4, /* its first operand has yet to be looked at */
};
#define NODE_OF(what) ((Node *)((what) & ~(uintptr_t)(OTHER | TURN | LEFT)))

typedef struct {
    uintptr_t *order;
    uintptr_t fetched; /* down to there */
    Saved *saved;
    Other *others;
    Result *results;
    double *sums, *received;
    uint32_t *table; /* of others, by their address: one more than the number, or 0 */
    size_t placed, waiting, kept, count, met, summed, mask, latest;
    size_t order_room, saved_room, other_room, result_room, sum_room, received_room;
    /* What nodes are stamped with while the sort is beneath them, afterwards, and once something has arrived
       in their grad. */
    uint32_t open, done, reached;
    int saves_objects;
} Pass;

/* As long as arrays may be to stay for the next pass. */
#define KEPT (1u << 16)

/* Results of a step: an error is set, this is not for us, all is well. */
enum { FAILED = -1, LEAVE = 0, DONE = 1 };

NEVER_INLINE static int
grow_now(void *array, size_t *room, size_t wanted, size_t enough, size_t size)
{
    size_t more = *room ? *room : 64;
    while (more < wanted) more = more < enough ? enough : 2 * more;
    void *larger = PyMem_Realloc(*(void **)array, more * size);
    if (!larger) {
        PyErr_NoMemory();
        return FAILED;
    }
    *(void **)array = larger;
    *room = more;
    return DONE;
}

static inline int
grow(void *array, size_t *room, size_t wanted, size_t size)
{
    return wanted <= *room ? DONE : grow_now(array, room, wanted, 0, size);
}

static size_t
hash(PyObject *object)
{
    return (size_t)(((uint64_t)(uintptr_t)object >> 4) * 0x9E3779B97F4A7C15u >> 20);
}

static int
enter(Pass *pass, size_t number)
{
    size_t i = hash(pass->others[number].object) & pass->mask;
    while (pass->table[i]) i = (i + 1) & pass->mask;
    pass->table[i] = (uint32_t)number + 1;
    return DONE;
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
    PyMem_Free(pass->table);
    pass->table = table;
    pass->mask = slots - 1;
    for (size_t k = 0; k < pass->count; k++) enter(pass, k);
    return DONE;
}

NEVER_INLINE static Other *
look_up(Pass *pass, PyObject *object)
{
    if (!pass->count) return NULL;
    size_t i = hash(object) & pass->mask;
    for (; pass->table[i]; i = (i + 1) & pass->mask)
        if (pass->others[pass->table[i] - 1].object == object) {
            pass->latest = pass->table[i] - 1;
            return &pass->others[pass->latest];
        }
    return NULL;
}

/* Find a vector or a call, NULL where it is new; several in a row often ask for the same. */
static inline Other *
other_of(Pass *pass, PyObject *object)
{
    if (pass->latest < pass->count && pass->others[pass->latest].object == object)
        return &pass->others[pass->latest];
    return look_up(pass, object);
}

/* Few graphs have more nodes than there are. */
NEVER_INLINE static int
make_room(Pass *pass)
{
    size_t before = pass->order_room, all = before < KEPT ? 0 : most_nodes();
    if (grow_now(&pass->order, &pass->order_room, before + 1, all, sizeof(uintptr_t)) < 0) return FAILED;
    uintptr_t *end = pass->order + pass->order_room;
    memmove(end - pass->waiting, pass->order + before - pass->waiting, pass->waiting * sizeof(uintptr_t));
    return DONE;
}

static inline int
have_room(Pass *pass)
{
    return UNLIKELY(pass->placed + pass->waiting == pass->order_room) ? make_room(pass) : DONE;
}

static inline uintptr_t *
top(Pass *pass)
{
    return pass->order + pass->order_room - pass->waiting;
}

static inline int
wait_for(Pass *pass, uintptr_t what)
{
    if (have_room(pass) < 0) return FAILED;
    pass->waiting++;
    *top(pass) = what;
    return DONE;
}

NEVER_INLINE static Other *
new_other(Pass *pass, PyObject *object, PyObject *operands, const Several *c)
{
    size_t size = (size_t)PyTuple_GET_SIZE(operands);
    if (grow(&pass->others, &pass->other_room, pass->count + 1, sizeof(Other)) < 0
        || grow(&pass->sums, &pass->sum_room, pass->summed + size, sizeof(double)) < 0
        || (c && grow(&pass->received, &pass->received_room, size, sizeof(double)) < 0))
        return NULL;
    pass->others[pass->count] = (Other){object, operands, pass->summed, 0, c, 0, 0};
    pass->latest = pass->count++;
    if (2 * pass->count >= pass->mask ? rehash(pass) < 0 : enter(pass, pass->latest) < 0) return NULL;
    /* To -0.0 any number can be added without changing it. */
    for (size_t i = 0; c && i < size; i++) pass->sums[pass->summed + i] = -0.0;
    pass->summed += size;
    return &pass->others[pass->latest];
}

/* Let a vector or a call wait for its turn, if it has not had it. */
static int
rest_on_other(Pass *pass, Other *other)
{
    if (!other) return FAILED;
    if (other->stamp == pass->done) return DONE;
    if (other->stamp == pass->open) return LEAVE;
    uintptr_t what = 2 * (uintptr_t)(other - pass->others) + 1;
    return pass->waiting && *top(pass) == what ? DONE : wait_for(pass, what);
}

/* What programs written for other engines set before a pass. */
NEVER_INLINE static int
is_whole_zero(PyObject *x)
{
    return PyLong_CheckExact(x) && PyObject_Not(x) == 1;
}

NEVER_INLINE static int
more_saved(Pass *pass)
{
    return grow(&pass->saved, &pass->saved_room, pass->kept + 1, sizeof(Saved));
}

/* The node's sum begins, once it is known what it rests on. A leaf whose grad is an object other than None
   is for Python. */
static inline int
begin_sum(Pass *pass, Node *node)
{
    uint64_t bits;
    memcpy(&bits, &node->grad, sizeof bits);
    if (bits) { /* neither the number 0.0, nor an object */
        if (node->holds_object && node->kind == LEAF && node->grad.object != Py_None
            && !is_whole_zero(node->grad.object))
            return LEAVE;
        if (pass->kept >= pass->saved_room && more_saved(pass) < 0) return FAILED;
        pass->saved[pass->kept++] = (Saved){(uintptr_t)node + node->holds_object, node->grad};
        node->grad.number = 0.0;
        if (UNLIKELY(node->holds_object)) {
            node->holds_object = 0;
            pass->saves_objects = 1;
        }
    }
    node->stamp = pass->done;
    return DONE;
}

/* A call of which C knows how derivatives pass through; NULL without an error for any other. */
NEVER_INLINE static Other *
new_call(Pass *pass, PyObject *call)
{
    PyObject *operands = KEPT_AT(call, operands), *kept = KEPT_AT(call, kept);
    const Several *c = several_of_kind(KEPT_AT(call, kind));
    if (!c || !operands || !PyTuple_CheckExact(operands) || !kept || !Py_IS_TYPE(kept, &doubles_type)
        || Py_SIZE(kept) != PyTuple_GET_SIZE(operands))
        return NULL;
    return new_other(pass, call, operands, c);
}

/* One of several results rests on their call, and its sum can begin at once. */
NEVER_INLINE static int
rest_on_call(Pass *pass, Node *node)
{
    if (!node->a || !Py_IS_TYPE(node->a, multi_call_type)) return LEAVE;
    Other *call = other_of(pass, node->a);
    if (!call && !(call = new_call(pass, node->a))) return PyErr_Occurred() ? FAILED : LEAVE;
    if (node->stamp != pass->open) {
        double which = node->da.number;
        if (!(which >= 0.0 && which < (double)PyTuple_GET_SIZE(call->operands))
            || which != (double)(Py_ssize_t)which)
            return LEAVE;
        if (grow(&pass->results, &pass->result_room, pass->met + 1, sizeof(Result)) < 0) return FAILED;
        int result = begin_sum(pass, node);
        if (result != DONE) return result;
        pass->results[pass->met] = (Result){node, call->results};
        call->results = ++pass->met;
        if (call->stamp != pass->done) node->stamp = pass->open; /* until its call is placed */
    }
    return rest_on_other(pass, call);
}

/* Let an operand wait for its turn, if it has not had it. */
ALWAYS_INLINE int
rest_on(Pass *pass, PyObject *x)
{
    if (!x || !IS_NODE(x)) return DONE;
    Node *node = NODE(x);
    if (node->stamp == pass->done) return DONE;
    if (node->kind == LEAF) return begin_sum(pass, node); /* rests on nothing */
    if (node->kind == RESULT) return rest_on_call(pass, node);
    return node->stamp == pass->open ? LEAVE : wait_for(pass, (uintptr_t)x | TURN);
}

/* Most of many operands are leaves whose grad is a number; what stood there is written down in any case, but
   kept only if it was not 0.0. */
NEVER_INLINE static int
rest_on_all(Pass *pass, PyObject *operands)
{
    Py_ssize_t count = PyTuple_GET_SIZE(operands);
    size_t wanted = pass->kept + (size_t)count + 1;
    if (grow(&pass->saved, &pass->saved_room, wanted, sizeof(Saved)) < 0) return FAILED;
    const uint32_t done = pass->done;
    Saved *saved = pass->saved + pass->kept;
    int result = DONE;
    for (Py_ssize_t i = 0; i < count && result == DONE; i++) {
        if (i + AHEAD < count) PREFETCH(&NODE(PyTuple_GET_ITEM(operands, i + AHEAD))->stamp);
        PyObject *x = PyTuple_GET_ITEM(operands, i);
        if (x && IS_PLAIN(x) && NODE(x)->kind == LEAF && !NODE(x)->holds_object) {
            if (NODE(x)->stamp == done) continue;
            uint64_t bits;
            memcpy(&bits, &NODE(x)->grad, sizeof bits);
            *saved = (Saved){(uintptr_t)x, NODE(x)->grad};
            saved += bits != 0;
            NODE(x)->grad.number = 0.0;
            NODE(x)->stamp = done;
        } else {
            pass->kept = (size_t)(saved - pass->saved);
            result = rest_on(pass, x);
            saved = pass->saved + pass->kept;
        }
    }
    pass->kept = (size_t)(saved - pass->saved);
    return result;
}

/* A dot product rests on its vectors, but for those of numbers alone. */
static int
rest_on_vectors(Pass *pass, Node *node)
{
    PyObject *vectors[] = {node->a, node->b}, *locals[] = {node->da.object, node->db.object};
    for (int side = 0; side < 2; side++) {
        if (!locals[side]) continue;
        if (!vectors[side] || !PyTuple_CheckExact(vectors[side]) || DOUBLES(locals[side])->is_none
            || Py_SIZE(locals[side]) != PyTuple_GET_SIZE(vectors[side]))
            return LEAVE;
        Other *vector = other_of(pass, vectors[side]);
        int result =
            rest_on_other(pass, vector ? vector : new_other(pass, vectors[side], vectors[side], NULL));
        if (result != DONE) return result;
    }
    return DONE;
}

/* Let a node wait for what it rests on. */
NEVER_INLINE static int
expand(Pass *pass, Node *node)
{
    if (wait_for(pass, (uintptr_t)node) < 0) return FAILED;
    int result = DONE;
    switch (node->kind) {
    case PAIR:
        if ((node->has_da && !(node->a && IS_NODE(node->a)))
            || (node->has_db && !(node->b && IS_NODE(node->b))))
            return LEAVE;
        result = rest_on(pass, node->a);
        return result != DONE ? result : rest_on(pass, node->b);
    case MANY:
        if (!node->da.object || !node->a || Py_SIZE(node->da.object) != PyTuple_GET_SIZE(node->a))
            return LEAVE;
        return rest_on_all(pass, node->a);
    case DOT: return rest_on_vectors(pass, node);
    default: return DONE;
    }
}

/* Stands where there is no node: nothing is known of what it will be next, and half of the branches that
   depend on it would go a way for which the processor is not prepared. */
static Node nobody;

/* One of two, without a branch. */
static inline Node *
either(int is_first, void *first, void *second)
{
    uintptr_t mask = -(uintptr_t)is_first;
    return (Node *)(((uintptr_t)first & mask) | ((uintptr_t)second & ~mask));
}

static inline Node *
or_nobody(PyObject *x)
{
    Node *there = either(x != NULL, x, &nobody);
    return either(IS_PLAIN(there), there, &nobody);
}

/* On the way from a node to an operand. Neighbours the processor fetches by itself. */
static inline void
fetch_below(Pass *pass, Node *node, Node *operand)
{
    uintptr_t to = (uintptr_t)operand, step = (uintptr_t)node - to, above = to - pass->fetched;
    if ((above >= DOWNWARDS && above < FAR) || step < NEXT_TO) return;
    if (above >= FAR) pass->fetched = to;
    for (int line = 0; line < AT_ONCE / LINE; line++) PREFETCH((char *)(pass->fetched -= LINE));
}

/* The turn of a node whose operands have had theirs. There is room for it. */
static inline int
place(Pass *pass, Node *node)
{
    int result = begin_sum(pass, node);
    if (result != DONE) return result;
    pass->order[pass->placed++] = (uintptr_t)node;
    for (unsigned line = 0; line < 4; line++) PREFETCH((char *)node + UPWARDS + line * LINE);
    return DONE;
}

/* Descend from a node that has not had its turn, the later of two operands first, down to one that rests on
   nothing but what has. */
static int
descend(Pass *pass, Node *node)
{
    for (;;) {
        node->stamp = pass->open;
        if (UNLIKELY(node->kind != PAIR || is_derived_from)) return expand(pass, node);
        Node *a = or_nobody(node->a), *b = or_nobody(node->b);
        if (UNLIKELY((node->has_da & (a == &nobody)) | (node->has_db & (b == &nobody)))) return LEAVE;
        int first = a->stamp != pass->done, second = b->stamp != pass->done;
        if ((first & (a->kind < PAIR)) | (second & (b->kind < PAIR))) { /* they have no place in the order */
            if ((first & (a->kind == RESULT)) | (second & (b->kind == RESULT))) return expand(pass, node);
            int result = DONE;
            if (first & (a->kind == LEAF)) result = begin_sum(pass, a), first = 0;
            if (result == DONE && second & (b->kind == LEAF)) result = begin_sum(pass, b), second = 0;
            if (result != DONE) return result;
        }
        if (UNLIKELY((a->stamp == pass->open) | (b->stamp == pass->open))) return LEAVE;
        if (have_room(pass) < 0) return FAILED;
        if (!(first | second)) return place(pass, node);
        pass->waiting++;
        *top(pass) = (uintptr_t)node | (first & second ? LEFT : 0);
        Node *next = either(second, b, a);
        if (pass->waiting > DEEP) fetch_below(pass, node, next);
        node = next;
    }
}

/* Push what a vector or a call rests on; the second time, place it. */
static int
turn_of_other(Pass *pass, uintptr_t what)
{
    Other *other = &pass->others[what / 2];
    if (other->stamp == pass->open) {
        other->stamp = pass->done;
        for (size_t i = other->results; i; i = pass->results[i - 1].next)
            pass->results[i - 1].node->stamp = pass->done;
        pass->waiting--;
        pass->order[pass->placed++] = what;
        return DONE;
    }
    if (other->stamp != pass->done) {
        other->stamp = pass->open;
        return rest_on_all(pass, other->operands);
    }
    pass->waiting--;
    return DONE;
}

/* Put everything below the root in order, each after what it rests on: the order that backward.py finds. */
static int
sort(Pass *pass, PyObject *root)
{
    nobody.stamp = pass->done;
    pass->fetched = (uintptr_t)root;
    int result = rest_on(pass, root);
    while (result == DONE && pass->waiting) {
        uintptr_t what = *top(pass);
        Node *node = NODE_OF(what);
        if (UNLIKELY(what & OTHER)) {
            result = turn_of_other(pass, what);
        } else if (UNLIKELY(what & TURN)) {
            pass->waiting--;
            if (node->stamp == pass->open) return LEAVE;
            if (node->stamp != pass->done) result = descend(pass, node);
        } else {
            Node *left = either((what & LEFT) != 0, node->a, &nobody);
            if (left->stamp == pass->done) {
                pass->waiting--;
                result = place(pass, node);
            } else {
                if (left->stamp == pass->open) return LEAVE;
                *top(pass) = (uintptr_t)node;
                result = descend(pass, left);
            }
        }
    }
    return result;
}

/* To -0.0, which stands where nothing has arrived, any number can be added without changing it. */
static inline void
add(Pass *pass, Node *to, double term)
{
    uint64_t bits;
    double sum;
    memcpy(&bits, &to->grad, sizeof bits);
    bits |= (uint64_t)(to->stamp != pass->reached) << 63;
    memcpy(&sum, &bits, sizeof sum);
    to->grad.number = sum + term;
    to->stamp = pass->reached;
}

/* Add g times the local derivatives of one side of a dot product to the sums of the vector there. */
static void
add_products(Pass *pass, double g, PyObject *vector, PyObject *local)
{
    if (!local) return;
    Other *other = other_of(pass, vector);
    double *sums = pass->sums + other->sums;
    const double *d = DOUBLES(local)->at;
    Py_ssize_t count = Py_SIZE(local);
    if (other->reached)
        for (Py_ssize_t i = 0; i < count; i++) sums[i] += g * d[i];
    else
        for (Py_ssize_t i = 0; i < count; i++) sums[i] = g * d[i];
    other->reached = 1;
}

const Several *
several_of_kind(PyObject *kind)
{
    for (int i = 0; i < KINDS; i++)
        if (kind && kinds[i].kind == kind) return kinds[i].c;
    return NULL;
}

/* What a vector or a call has received goes on to its operands. */
static int
spread_other(Pass *pass, Other *other)
{
    for (size_t i = other->results; i; i = pass->results[i - 1].next) {
        Node *node = pass->results[i - 1].node;
        if (node->stamp != pass->reached) continue;
        pass->sums[other->sums + (size_t)(Py_ssize_t)node->da.number] += node->grad.number;
        other->reached = 1;
    }
    if (!other->reached) return DONE;
    const double *terms = pass->sums + other->sums;
    Py_ssize_t count = PyTuple_GET_SIZE(other->operands);
    if (other->c) {
        begin_kernel();
        double *kept = DOUBLES(KEPT_AT(other->object, kept))->at;
        if (!other->c->pull(kept, terms, (long)count, pass->received)) return LEAVE;
        terms = pass->received;
    }
    for (Py_ssize_t i = 0; i < count; i++) {
        PyObject *x = PyTuple_GET_ITEM(other->operands, i);
        if (IS_NODE(x)) add(pass, NODE(x), terms[i]);
    }
    return DONE;
}

/* Add g times the local derivatives to the sums of many operands. */
static void
add_terms(Pass *pass, double g, PyObject *operands, Doubles *local)
{
    const char *is_none = local->is_none;
    for (Py_ssize_t i = 0, count = Py_SIZE(local); i < count; i++) {
        PyObject *x = PyTuple_GET_ITEM(operands, i);
        if (IS_NODE(x) && !(is_none && is_none[i])) add(pass, NODE(x), g * local->at[i]);
    }
}

/* Apply the chain rule at one node. */
static void
spread(Pass *pass, Node *node)
{
    if (node->stamp != pass->reached) return;
    double g = node->grad.number;
    switch (node->kind) {
    case PAIR:
        add(pass, node->has_da ? NODE(node->a) : &nobody, g * node->da.number);
        add(pass, node->has_db ? NODE(node->b) : &nobody, g * node->db.number);
        return;
    case MANY: add_terms(pass, g, node->a, DOUBLES(node->da.object)); return;
    case DOT:
        add_products(pass, g, node->a, node->da.object);
        add_products(pass, g, node->b, node->db.object);
        return;
    }
}

static int
accumulate(Pass *pass)
{
    for (size_t i = pass->placed; i--;) {
        if (i >= LONG_BEFORE) {
            PREFETCH((char *)pass->order[i - LONG_BEFORE] + offsetof(Node, stamp));
            PREFETCH((char *)pass->order[i - LONG_BEFORE] + offsetof(Node, db));
        }
        uintptr_t what = pass->order[i];
        if (!(what & 1)) spread(pass, (Node *)what);
        else if (spread_other(pass, &pass->others[what / 2]) != DONE) return LEAVE;
    }
    return DONE;
}

static inline Node *
node_of(Saved *saved)
{
    return (Node *)(saved->node & ~(uintptr_t)1);
}

/* What leaves had is added to what has arrived, or stays. The objects to release stay in `saved`. */
static void
finish(Pass *pass)
{
    for (size_t i = 0; i < pass->kept; i++) {
        Saved *saved = &pass->saved[i];
        Node *node = node_of(saved);
        if (node->kind != LEAF) continue;
        if (node->stamp != pass->reached) {
            node->grad = saved->grad;
            node->holds_object = saved->node & 1;
            saved->node = 0;
        } else if (!(saved->node & 1)) {
            node->grad.number = saved->grad.number + node->grad.number;
        }
    }
}

static void
clear_leaf(Pass *pass, PyObject *x)
{
    if (x && IS_NODE(x) && NODE(x)->kind == LEAF && NODE(x)->stamp >= pass->done) NODE(x)->grad.number = 0.0;
}

/* Put everything back as it was. */
static void
give_up(Pass *pass, PyObject *root)
{
    clear_leaf(pass, root);
    for (size_t i = 0; i < pass->met; i++) pass->results[i].node->grad.number = 0.0;
    for (size_t i = 0; i < pass->placed; i++) {
        uintptr_t what = pass->order[i];
        Node *node = (Node *)what;
        PyObject *all = what & 1 ? pass->others[what / 2].operands : node->kind == MANY ? node->a : NULL;
        for (Py_ssize_t k = 0; all && k < PyTuple_GET_SIZE(all); k++)
            clear_leaf(pass, PyTuple_GET_ITEM(all, k));
        if (what & 1) continue;
        node->grad.number = 0.0;
        if (node->kind == PAIR) {
            clear_leaf(pass, node->a);
            clear_leaf(pass, node->b);
        }
    }
    for (size_t i = 0; i < pass->kept; i++) {
        Saved *saved = &pass->saved[i];
        node_of(saved)->grad = saved->grad;
        node_of(saved)->holds_object = saved->node & 1;
        saved->node = 0;
    }
}

/* The arrays of the latest pass, for the next: asking the system for memory takes longer than using it. */
static Pass spare;
#ifndef LAST_PASS
#define LAST_PASS (UINT32_MAX / 3) /* whose number a stamp can hold */
#endif

static void
put_away(Pass *pass)
{
    PyMem_Free(pass->table);
    pass->table = NULL;
    pass->placed = pass->waiting = pass->kept = pass->count = pass->met = 0;
    pass->summed = pass->mask = pass->latest = 0;
    pass->saves_objects = 0;
    if (pass->order_room <= KEPT && pass->saved_room <= KEPT
        && pass->other_room <= KEPT && pass->result_room <= KEPT && pass->sum_room <= KEPT
        && pass->received_room <= KEPT && !spare.order) {
        spare = *pass;
        return;
    }
    PyMem_Free(pass->order);
    PyMem_Free(pass->saved);
    PyMem_Free(pass->others);
    PyMem_Free(pass->results);
    PyMem_Free(pass->sums);
    PyMem_Free(pass->received);
}

static uint32_t passes; /* of three stamps each */

/* Whether so many stamps from one on are those that were taken last. */
int
is_latest(uint32_t first, size_t count)
{
    size_t taken = (count + 2) / 3;
    return first && taken <= passes && first == 3 * (passes - (uint32_t)taken) + 1;
}

/* The first of so many stamps that no node bears; 0 where there are not so many, or with an error set. */
uint32_t
fresh_stamps(size_t count)
{
    size_t wanted = (count + 2) / 3;
    if (wanted > LAST_PASS) return 0;
    if (passes > LAST_PASS - wanted) { /* their numbers begin anew */
        if (clear_stamps() < 0) return 0;
        passes = 0;
    }
    passes += (uint32_t)wanted;
    return 3 * (passes - (uint32_t)wanted) + 1;
}

PyObject *
pass_sweep(PyObject *module, PyObject *args)
{
    if (!value_type) return set_up(0);
    PyObject *root;
    double gradient;
    if (!PyArg_ParseTuple(args, "O!d", value_type, &root, &gradient)) return NULL;
    settle();
    uint32_t first = fresh_stamps(3);
    if (!first) return NULL;
    Pass pass = spare;
    spare = (Pass){0};
    pass.open = first;
    pass.done = first + 1;
    pass.reached = first + 2;
    int result = sort(&pass, root);
    if (result == DONE) {
        add(&pass, NODE(root), gradient);
        result = accumulate(&pass);
    }
    if (result == DONE) finish(&pass);
    else give_up(&pass, root);
    /* Whoever is freed here may run anybody's code, a pass for instance: this one is over. */
    Saved *saved = pass.saved;
    size_t kept = pass.saves_objects ? pass.kept : 0;
    for (size_t i = 0; i < kept; i++)
        if (saved[i].node & 1) Py_DECREF(saved[i].grad.object);
    put_away(&pass);
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
    settle();
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

/* Numbers of many nodes at a time. While nobody but compiled programs asks for them, the numbers of a tuple of
   nodes, and the gradients that arrive there, stand in arrays: whoever else is about to read or write a number
   of any node brings them home. */
int is_away;
#define LARGE 1000000
static PyObject *away; /* the tuple; NULL where all are at home */
static double *away_data, *away_grad;
static Py_ssize_t room;
static int is_data_newer, is_grad_known, is_grad_newer;

void
bring_home(void)
{
    PyObject *nodes = away, **at = &PyTuple_GET_ITEM(nodes, 0);
    Py_ssize_t count = is_data_newer || is_grad_newer ? PyTuple_GET_SIZE(nodes) : 0;
    for (Py_ssize_t i = 0; i < count; i++) {
        if (i + AHEAD < count) PREFETCH(&NODE(at[i + AHEAD])->data);
        if (is_data_newer) NODE(at[i])->data = away_data[i];
        if (!is_grad_newer) continue;
        if (NODE(at[i])->holds_object) Py_DECREF(Py_None); /* nothing else is let go by `know_grads` */
        NODE(at[i])->holds_object = 0;
        NODE(at[i])->grad.number = away_grad[i];
    }
    away = NULL;
    is_away = is_data_newer = is_grad_known = is_grad_newer = 0;
    if (room > LARGE) { /* smaller arrays are kept for the next time */
        PyMem_RawFree(away_data);
        away_data = NULL;
        room = 0;
    }
    Py_DECREF(nodes);
}

/* Whether it is these whose numbers are away; if not, all are brought home. */
static int
are_away(PyObject *nodes)
{
    if (!is_away || nodes == away) return is_away;
    Py_ssize_t count = PyTuple_GET_SIZE(away);
    if (PySequence_Fast_GET_SIZE(nodes) == count
        && !memcmp(PySequence_Fast_ITEMS(nodes), &PyTuple_GET_ITEM(away, 0), (size_t)count * sizeof nodes))
        return 1;
    settle();
    return 0;
}

/* Keep the numbers of a tuple of nodes from now on. */
static void
send_away(PyObject *nodes, const double *data)
{
    Py_ssize_t count = PyTuple_GET_SIZE(nodes);
    if (room != count) {
        PyMem_RawFree(away_data);
        away_data = PyMem_RawMalloc(2 * (size_t)count * sizeof *data);
        room = away_data ? count : 0;
        if (!away_data) return;
        away_grad = away_data + count;
    }
    memcpy(away_data, data, (size_t)count * sizeof *data);
    away = Py_NewRef(nodes);
    is_away = 1;
}

/* Take nodes, a list or a tuple, and an array of as many doubles. */
static int
take_array(PyObject *array, PyObject *nodes, Py_buffer *view, int is_written)
{
    if (!PyList_Check(nodes) && !PyTuple_Check(nodes)) {
        PyErr_SetString(PyExc_TypeError, "a list of nodes is needed");
        return FAILED;
    }
    Py_ssize_t count = PySequence_Fast_GET_SIZE(nodes);
    if (PyObject_GetBuffer(array, view, PyBUF_ND | PyBUF_FORMAT | (is_written ? PyBUF_WRITABLE : 0)) < 0)
        return FAILED;
    int fits = view->itemsize == sizeof(double) && view->len == count * (Py_ssize_t)sizeof(double)
               && view->format && !strcmp(view->format, "d");
    if (fits) return DONE;
    PyErr_SetString(PyExc_ValueError, "nodes and doubles must be as many");
    PyBuffer_Release(view);
    return FAILED;
}

/* Let go of an array whose list holds something else than nodes. */
static int
refuse_others(Py_buffer *view)
{
    PyErr_SetString(PyExc_TypeError, "a list of nodes is needed");
    PyBuffer_Release(view);
    return FAILED;
}

/* The same, with a look at all objects, where nothing may be written before they are known to be nodes. */
static int
take_doubles(PyObject *array, PyObject *nodes, Py_buffer *view)
{
    if (take_array(array, nodes, view, 0) < 0) return FAILED;
    PyObject **at = PySequence_Fast_ITEMS(nodes);
    for (Py_ssize_t i = 0, count = are_away(nodes) ? 0 : PySequence_Fast_GET_SIZE(nodes); i < count; i++) {
        if (i + AHEAD < count) PREFETCH(at[i + AHEAD]);
        if (!IS_NODE(at[i])) return refuse_others(view);
    }
    return DONE;
}

/* gather(nodes, array): write the nodes' numbers into an array of doubles. */
PyObject *
pass_gather(PyObject *module, PyObject *args)
{
    if (!value_type) return set_up(0);
    PyObject *nodes, *array;
    Py_buffer view;
    if (!PyArg_ParseTuple(args, "OO", &nodes, &array)) return NULL;
    if (take_array(array, nodes, &view, 1) < 0) return NULL;
    PyObject **at = PySequence_Fast_ITEMS(nodes);
    double *to = view.buf;
    int are_plain = PyTuple_CheckExact(nodes) && view.len;
    if (are_away(nodes)) {
        memcpy(to, away_data, (size_t)view.len);
    } else {
        for (Py_ssize_t i = 0, count = PySequence_Fast_GET_SIZE(nodes); i < count; i++) {
            if (i + AHEAD < count) PREFETCH(&NODE(at[i + AHEAD])->data);
            if (!IS_NODE(at[i])) return refuse_others(&view), NULL;
            are_plain &= IS_PLAIN(at[i]);
            to[i] = NODE(at[i])->data;
        }
        if (are_plain) send_away(nodes, to);
    }
    PyBuffer_Release(&view);
    Py_RETURN_NONE;
}

/* scatter(nodes, array): set the nodes' numbers to those in an array of doubles. */
PyObject *
pass_scatter(PyObject *module, PyObject *args)
{
    if (!value_type) return set_up(0);
    PyObject *nodes, *array;
    Py_buffer view;
    if (!PyArg_ParseTuple(args, "OO", &nodes, &array)) return NULL;
    if (take_doubles(array, nodes, &view) < 0) return NULL;
    PyObject **at = PySequence_Fast_ITEMS(nodes);
    const double *from = view.buf;
    if (is_away) {
        memcpy(away_data, from, (size_t)view.len);
        is_data_newer = 1;
    }
    for (Py_ssize_t i = 0, count = is_away ? 0 : PySequence_Fast_GET_SIZE(nodes); i < count; i++) {
        if (i + AHEAD < count) PREFETCH(&NODE(at[i + AHEAD])->data);
        NODE(at[i])->data = from[i];
    }
    PyBuffer_Release(&view);
    Py_RETURN_NONE;
}

/* Whether a number can be added to a node's grad. */
static int
is_addable(Node *node, double x)
{
    if (!node->holds_object) return 1;
    return node->grad.object == Py_None && x != 0.0; /* has a zero arrived, or nothing? */
}

/* Read the gradients of the nodes away, None as zero, unless numbers cannot be added to them. */
static int
know_grads(const double *added)
{
    PyObject **at = &PyTuple_GET_ITEM(away, 0);
    Py_ssize_t count = is_grad_known ? 0 : PyTuple_GET_SIZE(away);
    for (Py_ssize_t i = 0; i < count; i++) {
        if (i + AHEAD < count) PREFETCH(NODE(at[i + AHEAD]));
        if (!is_addable(NODE(at[i]), added ? added[i] : 1.0)) return 0;
        away_grad[i] = NODE(at[i])->holds_object ? 0.0 : NODE(at[i])->grad.number;
    }
    return is_grad_known = is_grad_newer = 1;
}

/* set_grads(nodes, array): set each grad to a number of an array of doubles. */
PyObject *
pass_set_grads(PyObject *module, PyObject *args)
{
    if (!value_type) return set_up(0);
    PyObject *nodes, *array;
    Py_buffer view;
    if (!PyArg_ParseTuple(args, "OO", &nodes, &array)) return NULL;
    if (take_doubles(array, nodes, &view) < 0) return NULL;
    const double *from = view.buf;
    if (is_away && know_grads(NULL)) {
        memcpy(away_grad, from, (size_t)view.len);
        PyBuffer_Release(&view);
        Py_RETURN_NONE;
    }
    /* What a grad holds may be released, and then anything can happen to a list: the tuple stays. */
    PyObject *kept = PySequence_Tuple(nodes);
    for (Py_ssize_t i = 0; kept && i < PyTuple_GET_SIZE(kept); i++) {
        settle(); /* anew, if one that was let go has sent them away */
        Node *node = NODE(PyTuple_GET_ITEM(kept, i));
        PyObject *old = node->holds_object ? node->grad.object : NULL;
        node->holds_object = 0;
        node->grad.number = from[i];
        Py_XDECREF(old);
    }
    PyBuffer_Release(&view);
    if (!kept) return NULL;
    Py_DECREF(kept);
    Py_RETURN_NONE;
}

static void
add_float(Node *node, double x)
{
    if (node->holds_object) Py_DECREF(Py_None);
    else if (node->grad.number != 0.0) x = node->grad.number + x;
    node->grad.number = x;
    node->holds_object = 0;
}

#if defined(__GNUC__) && !defined(__clang__)
__attribute__((optimize("O3", "tree-ch", "no-trapping-math"))) /* as vector code */
#endif
static void
add_away(const double *from, Py_ssize_t count)
{
    double *to = away_grad;
    for (Py_ssize_t i = 0; i < count; i++) {
        double a = to[i], b = from[i], sum = a + b;
        to[i] = a != 0.0 ? sum : b;
    }
}

static PyObject *
add_array(PyObject *nodes, PyObject *array)
{
    Py_buffer view;
    if (take_array(array, nodes, &view, 0) < 0) return NULL;
    PyObject **at = PySequence_Fast_ITEMS(nodes);
    const double *from = view.buf;
    Py_ssize_t count = PySequence_Fast_GET_SIZE(nodes), i = 0;
    int all;
    if (are_away(nodes)) {
        all = know_grads(from);
        if (all) add_away(from, count);
    } else {
        for (; i < count; i++) {
            if (i + AHEAD < count) PREFETCH(NODE(at[i + AHEAD]));
            if (!IS_NODE(at[i])) return refuse_others(&view), NULL;
            if (!is_addable(NODE(at[i]), from[i])) break;
        }
        all = i == count;
        for (i = 0; all && i < count; i++) {
            if (i + AHEAD < count) PREFETCH(NODE(at[i + AHEAD]));
            add_float(NODE(at[i]), from[i]);
        }
    }
    PyBuffer_Release(&view);
    return PyBool_FromLong(all);
}

/* add_floats(nodes, numbers): add numbers, a list or an array of doubles, to the nodes' grad, in one go;
   nothing where there is None in place of a number. False, with no node changed, where a grad is neither a
   float nor None, or a zero meets None. */
PyObject *
pass_add_floats(PyObject *module, PyObject *args)
{
    if (!value_type) return set_up(0);
    PyObject *nodes, *numbers;
    if (!PyArg_ParseTuple(args, "OO", &nodes, &numbers)) return NULL;
    if (!PyList_Check(numbers)) return add_array(nodes, numbers);
    Py_ssize_t count = PyList_GET_SIZE(numbers);
    if ((!PyList_Check(nodes) && !PyTuple_Check(nodes)) || PySequence_Fast_GET_SIZE(nodes) != count) {
        PyErr_SetString(PyExc_ValueError, "add_floats() takes two lists of one length");
        return NULL;
    }
    settle();
    PyObject **at = PySequence_Fast_ITEMS(nodes);
    for (Py_ssize_t i = 0; i < count; i++) {
        PyObject *node = at[i], *g = PyList_GET_ITEM(numbers, i);
        if (!IS_NODE(node) || (g != Py_None && !PyFloat_CheckExact(g))) Py_RETURN_FALSE;
        if (!is_addable(NODE(node), g == Py_None ? NAN : PyFloat_AS_DOUBLE(g))) Py_RETURN_FALSE;
    }
    for (Py_ssize_t i = 0; i < count; i++) {
        PyObject *g = PyList_GET_ITEM(numbers, i);
        if (g != Py_None) add_float(NODE(at[i]), PyFloat_AS_DOUBLE(g));
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
    if (is_slot && place == &places.operands) bundle_type = PyDescr_TYPE(descriptor); /* a base stays */
    if (is_slot) *place = ((PyMemberDescrObject *)descriptor)->d_member->offset;
    else PyErr_Format(PyExc_TypeError, "%s is not a slot", name);
    Py_DECREF(descriptor);
    return is_slot ? DONE : FAILED;
}

/* take_pass(call, kinds): learn the type of calls with several results, and the operations of which C
   computes the same, as (operation, name). */
PyObject *
take_pass(PyObject *module, PyObject *args)
{
    if (value_type) return set_up(1);
    PyObject *call, *list;
    if (!PyArg_ParseTuple(args, "O!O!", &PyType_Type, &call, &PyList_Type, &list)) return NULL;
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
    Py_RETURN_NONE;
}

/* What a compiled program is to a caller: it reads and writes its arrays, and returns whether these are for
   the engine. */
typedef long (*Program)(double *, double *, long);

static int
take_memory(PyObject *array, Py_buffer *view, int flags)
{
    return PyObject_GetBuffer(array, view, PyBUF_C_CONTIGUOUS | PyBUF_FORMAT | flags) < 0;
}

/* Put a number, or an array of so many doubles, into its place. */
static int
put(PyObject *x, double *to, Py_ssize_t count)
{
    Py_buffer own;
    if (count == 1 && PyFloat_Check(x)) {
        *to = PyFloat_AS_DOUBLE(x);
        return 1;
    }
    if (count == 1 && PyLong_CheckExact(x)) {
        *to = PyLong_AsDouble(x);
        return *to != -1.0 || !PyErr_Occurred();
    }
    if (take_memory(x, &own, 0)) return 0;
    int fits = own.len == count * 8 && own.format && !strcmp(own.format, "d");
    if (fits) memcpy(to, own.buf, (size_t)own.len);
    PyBuffer_Release(&own);
    return fits;
}

/* perform(program, shared, lanes, count, places, arguments): put arguments into their places in the shared
   array, which begin and end there, and run a program on the two arrays. Return whether its results hold;
   None, before it runs, where an argument is anything but a number and an array of doubles. */
PyObject *
pass_perform(PyObject *module, PyObject *const *args, Py_ssize_t given)
{
    if (given != 6 || !PyTuple_Check(args[4]) || !PyTuple_Check(args[5])) {
        PyErr_SetString(PyExc_TypeError, "a program, two arrays, a number and two tuples are needed");
        return NULL;
    }
    Program program = (Program)PyCapsule_GetPointer(args[0], "chainrule.program");
    long count = program ? PyLong_AsLong(args[3]) : -1;
    if (!program || (count == -1 && PyErr_Occurred())) return NULL;
    Py_buffer shared, lanes;
    if (take_memory(args[1], &shared, PyBUF_WRITABLE)) return NULL;
    if (take_memory(args[2], &lanes, PyBUF_WRITABLE)) return PyBuffer_Release(&shared), NULL;
    Py_ssize_t size = PyTuple_GET_SIZE(args[5]), total = shared.len / 8, at = 0;
    int fits = PyTuple_GET_SIZE(args[4]) == size + 1;
    for (Py_ssize_t i = 0; fits && i <= size; i++) {
        Py_ssize_t end = PyLong_AsSsize_t(PyTuple_GET_ITEM(args[4], i));
        fits = end >= at && end <= total;
        if (fits && i) fits = put(PyTuple_GET_ITEM(args[5], i - 1), (double *)shared.buf + at, end - at);
        at = end;
    }
    long found = -1;
    if (fits) {
        Py_BEGIN_ALLOW_THREADS
        found = program(shared.buf, lanes.buf, count) != 0;
        Py_END_ALLOW_THREADS
    }
    PyBuffer_Release(&shared);
    PyBuffer_Release(&lanes);
    PyErr_Clear();
    return fits ? PyBool_FromLong(!found) : Py_NewRef(Py_None);
}

/* What the update of an optimizer is, in C: of as many parameters, two numbers, and where its results and its
   arrays stand. */
typedef void (*Update)(long, double, double, double *, const double *const *);
#define MOST 8

/* apply(update, rate, step, results, *arrays): run an update. Return whether it did, which takes arrays of as
   many doubles, and room for a row less than there are arrays. */
PyObject *
pass_apply(PyObject *module, PyObject *const *args, Py_ssize_t given)
{
    Update update = given > 5 ? (Update)PyCapsule_GetPointer(args[0], "chainrule.program") : NULL;
    double rate = update ? PyFloat_AsDouble(args[1]) : -1.0, step = update ? PyFloat_AsDouble(args[2]) : -1.0;
    if (PyErr_Occurred()) return NULL;
    Py_buffer views[MOST];
    const double *at[MOST];
    Py_ssize_t count = given - 3, taken = 0, size = 0;
    int fits = update && count <= MOST;
    while (fits && taken < count) {
        Py_buffer *view = &views[taken];
        if (take_memory(args[3 + taken], view, taken ? 0 : PyBUF_WRITABLE)) break;
        at[taken++] = view->buf;
        if (taken == 2) size = view->len;
        fits = view->format && !strcmp(view->format, "d")
               && (taken == 1 || (view->ndim == 1 && view->len == size));
    }
    fits = fits && taken == count && views[0].len == (count - 2) * size;
    if (fits) update(size / 8, rate, step, views[0].buf, at + 1);
    while (taken) PyBuffer_Release(&views[--taken]);
    PyErr_Clear();
    return PyBool_FromLong(fits);
}
