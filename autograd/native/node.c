/* The node: its memory, what Python sees of it, and its type. */

#include "node.h"
#include <stddef.h>
#include <string.h>

PyTypeObject *value_type, *call_type;
int is_derived_from;
PyObject *active;
Known *blocks[1024];
static uint32_t rows_free;
uint32_t rows_used = 1; /* place 0 stands for no row */
uint32_t rows_of_table;

/* Memory. Nodes lie in pools of a few pages each, and pools in regions, so that all living nodes can be found.
   Each node has the two words before it that the collector asks for. */

#define POOL (1 << 14)
#define REGION (1 << 19)
#define SPARE \
    32 /* empty regions are kept for the next graph: asking the system for memory takes longer than using it \
        */
#define HEAD_OF_GC (2 * sizeof(uintptr_t))
#define SIZE ((HEAD_OF_GC + sizeof(Node) + 15) / 16 * 16)

typedef struct Region {
    struct Region *next, *previous;
    char *first; /* pool */
    uint32_t pools, made, in_use;
    struct Pool *empty;
} Region;

typedef struct Pool {
    struct Pool *next, *previous; /* of those with room, or of a region's empty ones */
    Region *region;
    void *free;
    uint32_t made, living;
} Pool;

#define FIRST ((sizeof(Pool) + 15) / 16 * 16)
#define NODES ((POOL - FIRST) / SIZE)

static Region *regions;
static int spare;
static Pool *with_room;

static Pool *
new_pool(void)
{
    Region *region = regions;
    while (region && !region->empty && region->made == region->pools) region = region->next;
    if (!region) {
        region = PyMem_RawMalloc(REGION);
        if (!region) return NULL;
        uintptr_t start = (uintptr_t)(region + 1), first = (start + POOL - 1) / POOL * POOL;
        *region = (Region){.next = regions, .first = (char *)first};
        region->pools = (uint32_t)(((uintptr_t)region + REGION - first) / POOL);
        if (regions) regions->previous = region;
        regions = region;
    }
    if (!region->in_use && region->made) spare--;
    Pool *pool = region->empty;
    if (pool) region->empty = pool->next;
    else pool = (Pool *)(void *)(region->first + (size_t)POOL * region->made++);
    region->in_use++;
    *pool = (Pool){.region = region};
    return pool;
}

static void
drop_pool(Pool *pool)
{
    Region *region = pool->region;
    pool->next = region->empty;
    region->empty = pool;
    if (--region->in_use) return;
    if (spare < SPARE) {
        spare++;
        return;
    }
    if (region->previous) region->previous->next = region->next;
    else regions = region->next;
    if (region->next) region->next->previous = region->previous;
    PyMem_RawFree(region);
}

static Node *
at_place(Pool *pool, uint32_t i)
{
    return (Node *)(void *)((char *)pool + FIRST + i * SIZE + HEAD_OF_GC);
}

Node *
new_node(void)
{
    Pool *pool = with_room;
    if (!pool) {
        if (!(pool = with_room = new_pool())) return (Node *)PyErr_NoMemory();
    }
    Node *node;
    if (pool->free) {
        node = pool->free;
        memcpy(&pool->free, &node->data, sizeof(void *));
    } else {
        node = at_place(pool, pool->made++);
    }
    if (++pool->living == NODES && !pool->free) {
        with_room = pool->next;
        if (with_room) with_room->previous = NULL;
        pool->next = NULL;
    }
    memset((char *)node - HEAD_OF_GC, 0, HEAD_OF_GC);
    /* Field by field: of larger pieces compilers make an instruction that takes longer than all else here. */
    node->stamp = 0;
    node->row = node->kind = node->has_da = node->has_db = 0;
    node->holds_object = node->is_tracked = node->unused = 0;
    node->grad.number = node->data = node->da.number = node->db.number = 0.0;
    node->a = node->b = node->note = NULL;
    Py_SET_TYPE((PyObject *)node, value_type); /* which lives for ever, whether or not nodes refer to it */
    _Py_NewReference((PyObject *)node);
    if (tracks_all) track(node);
    return node;
}

static inline void
free_node(Node *node)
{
    Pool *pool = (Pool *)(void *)((uintptr_t)node & ~(uintptr_t)(POOL - 1));
    ((PyObject *)node)->ob_refcnt = 0;
    memcpy(&node->data, &pool->free, sizeof(void *));
    pool->free = node;
    if (pool->living-- == NODES) { /* it was full */
        pool->previous = NULL;
        pool->next = with_room;
        if (with_room) with_room->previous = pool;
        with_room = pool;
    } else if (!pool->living && (pool->next || pool->previous)) {
        if (pool->previous) pool->previous->next = pool->next;
        else with_room = pool->next;
        if (pool->next) pool->next->previous = pool->previous;
        drop_pool(pool);
    }
}

size_t
most_nodes(void)
{
    size_t pools = 0;
    for (Region *region = regions; region; region = region->next) pools += region->in_use;
    return pools * NODES;
}

/* The collector. A node refers to what was made before it, so that no reference cycle arises, and it need not
   look at nodes. It must, once a node refers to something else: to a hook, or to a gradient that is a node.
   What rests on a node that is tracked is tracked too. */

int tracks_all;

void
track(Node *node)
{
    if (node->is_tracked) return;
    node->is_tracked = 1;
    PyObject_GC_Track((PyObject *)node);
}

/* Do something with each living node. */
static void
with_all(void (*act)(Node *))
{
    for (Region *region = regions; region; region = region->next)
        for (uint32_t p = 0; p < region->made; p++) {
            Pool *pool = (Pool *)(void *)(region->first + (size_t)POOL * p);
            for (uint32_t i = 0; pool->living && i < pool->made; i++)
                if (Py_REFCNT(at_place(pool, i)) > 0) act(at_place(pool, i));
        }
}

void
track_all(void)
{
    tracks_all = 1;
    with_all(track);
}

static void
clear_stamp(Node *node)
{
    node->stamp = 0;
}

int
clear_stamps(void)
{
    with_all(clear_stamp);
    if (!is_derived_from) return 0;
    /* Nodes of derived classes lie elsewhere; the collector knows them. */
    PyObject *gc = PyImport_ImportModule("gc");
    PyObject *all = gc ? PyObject_CallMethod(gc, "get_objects", NULL) : NULL;
    for (Py_ssize_t i = 0; all && PyList_Check(all) && i < PyList_GET_SIZE(all); i++)
        if (IS_NODE(PyList_GET_ITEM(all, i))) clear_stamp(NODE(PyList_GET_ITEM(all, i)));
    Py_XDECREF(gc);
    Py_XDECREF(all);
    return all ? 0 : -1;
}

/* Track all that a node rests on. Where there is no memory for that, track everything. */
void
track_below(PyObject *x)
{
    size_t room = 64, count = 0;
    PyObject **stack = PyMem_Malloc(room * sizeof *stack);
    if (!stack) {
        track_all();
        return;
    }
    stack[count++] = x;
    while (count) {
        PyObject *y = stack[--count];
        PyObject *const *items = &y;
        Py_ssize_t n = 1;
        PyObject *two[2];
        if (PyTuple_CheckExact(y)) {
            items = &PyTuple_GET_ITEM(y, 0);
            n = PyTuple_GET_SIZE(y);
        } else if (IS_NODE(y)) {
            if (NODE(y)->is_tracked) continue;
            track(NODE(y));
            if (NODE(y)->kind == RESULT && Py_IS_TYPE(NODE(y)->a, multi_call_type)) {
                two[0] = KEPT_AT(NODE(y)->a, operands);
                two[1] = NULL;
                items = two;
                n = 2;
                goto below;
            }
            if (NODE(y)->kind == RESULT) { /* what its call holds is not seen from here */
                track_all();
                break;
            }
            two[0] = NODE(y)->a;
            two[1] = NODE(y)->b;
            items = two;
            n = 2;
        } else {
            continue;
        }
    below:
        if (count + (size_t)n > room) {
            while (count + (size_t)n > room) room *= 2;
            PyObject **more = PyMem_Realloc(stack, room * sizeof *stack);
            if (!more) {
                track_all();
                break;
            }
            stack = more;
        }
        for (Py_ssize_t i = 0; i < n; i++)
            if (items[i] && (IS_NODE(items[i]) || PyTuple_CheckExact(items[i]))) stack[count++] = items[i];
    }
    PyMem_Free(stack);
}

PyObject *
node_watch(PyObject *module, PyObject *unused)
{
    if (!value_type) return set_up(0);
    if (!tracks_all) track_all();
    Py_RETURN_NONE;
}

static int
node_traverse(PyObject *self, visitproc visit, void *arg)
{
    Node *node = NODE(self);
    if (!IS_PLAIN(self)) Py_VISIT(Py_TYPE(self));
    Py_VISIT(node->a);
    Py_VISIT(node->b);
    Py_VISIT(node->note);
    if (node->holds_object) Py_VISIT(node->grad.object);
    if (node->row >= rows_of_table) Py_VISIT(ROW(node->row).op);
    return 0;
}

/* Release the operands of a node, which has forgotten them. */
static inline void
release(unsigned kind, PyObject *a, PyObject *b, Slot da, Slot db)
{
    Py_XDECREF(a);
    Py_XDECREF(b);
    if (kind < MANY) return;
    Py_XDECREF(da.object);
    if (kind == DOT) Py_XDECREF(db.object);
}

/* Make a leaf of it; what it referred to is released. */
static int
node_clear(PyObject *self)
{
    Node old = *NODE(self), *node = NODE(self);
    node->a = node->b = node->note = NULL;
    node->kind = LEAF;
    node->row = node->has_da = node->has_db = node->holds_object = 0;
    node->grad.number = 0.0;
    release(old.kind, old.a, old.b, old.da, old.db);
    Py_XDECREF(old.note);
    if (old.holds_object) Py_XDECREF(old.grad.object);
    release_row(old.row);
    return 0;
}

/* Graphs of any depth are freed by a loop: whoever is freed within it waits in a list, linked by `data`. */
static void
node_dealloc(PyObject *self)
{
    static Node *dying;
    static int busy;
    if (UNLIKELY(NODE(self)->is_tracked)) PyObject_GC_UnTrack(self);
    memcpy(&NODE(self)->data, &dying, sizeof(void *));
    dying = NODE(self);
    if (busy) return;
    busy = 1;
    while (dying) {
        Node *node = dying;
        memcpy(&dying, &node->data, sizeof(void *));
        PyTypeObject *type = Py_TYPE(node);
        if (UNLIKELY(type != value_type)) {
            node_clear((PyObject *)node);
            type->tp_free(node);
            Py_DECREF(type);
        } else if (UNLIKELY(node->note || node->holds_object || node->row >= rows_of_table)) {
            node_clear((PyObject *)node);
            free_node(node);
        } else {
            unsigned kind = node->kind;
            PyObject *a = node->a, *b = node->b;
            Slot da = node->da, db = node->db;
            free_node(node);
            release(kind, a, b, da, db);
        }
    }
    busy = 0;
}

/* Rows. */

uint32_t
row_index(PyObject *op)
{
    if (!PyObject_TypeCheck(op, &callable_type)) {
        PyErr_Format(PyExc_TypeError, "a node's operation is a row of the table, not %.100R", op);
        return 0;
    }
    Callable *callable = (Callable *)op;
    if (callable->index) return callable->index;
    uint32_t index = rows_free;
    if (index) {
        rows_free = ROW(index).next;
    } else {
        uint32_t block = rows_used / BLOCK;
        if (block >= sizeof blocks / sizeof *blocks) {
            PyErr_SetString(PyExc_MemoryError, "there are a million operations already");
            return 0;
        }
        if (!blocks[block] && !(blocks[block] = PyMem_Calloc(BLOCK, sizeof(Known)))) {
            PyErr_NoMemory();
            return 0;
        }
        index = rows_used++;
    }
    ROW(index) = (Known){.op = op, .is_own = 1};
    callable->index = index;
    return index;
}

void
release_row(uint32_t index)
{
    if (index >= rows_of_table) Py_DECREF(ROW(index).op);
}

static void
callable_dealloc(PyObject *self)
{
    uint32_t index = ((Callable *)self)->index;
    if (index) {
        for (int k = 0; k < CONSTANTS; k++) Py_CLEAR(ROW(index).constants[k]);
        ROW(index).op = NULL;
        ROW(index).next = rows_free;
        rows_free = index;
    }
    Py_TYPE(self)->tp_free(self);
}

static PyObject *
callable_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    PyObject *made = type->tp_alloc(type, 0);
    if (made) ((Callable *)made)->vectorcall = callable_vectorcall;
    return made;
}

PyTypeObject callable_type = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "autograd.native._engine.Callable",
    .tp_basicsize = sizeof(Callable),
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_VECTORCALL,
    .tp_vectorcall_offset = offsetof(Callable, vectorcall),
    .tp_dealloc = callable_dealloc,
    .tp_call = callable_call,
    .tp_new = callable_new,
    .tp_doc = "What a row is called by.",
};

/* Doubles. */

Doubles *
new_doubles(Py_ssize_t count, int some_none)
{
    Py_ssize_t flags = some_none ? count / (Py_ssize_t)sizeof(double) + 1 : 0;
    Doubles *made = PyObject_NewVar(Doubles, &doubles_type, count + flags);
    if (!made) return NULL;
    Py_SET_SIZE(made, count);
    made->is_none = flags ? memset(made->at + count, 0, (size_t)flags * sizeof(double)) : NULL;
    return made;
}

static Py_ssize_t
doubles_length(PyObject *self)
{
    return Py_SIZE(self);
}

static PyObject *
doubles_item(PyObject *self, Py_ssize_t i)
{
    if (i < 0 || i >= Py_SIZE(self)) {
        PyErr_SetString(PyExc_IndexError, "there are not so many numbers");
        return NULL;
    }
    return IS_NONE(DOUBLES(self), i) ? Py_NewRef(Py_None) : PyFloat_FromDouble(DOUBLES(self)->at[i]);
}

static PySequenceMethods doubles_sequence = {.sq_length = doubles_length, .sq_item = doubles_item};

PyTypeObject doubles_type = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "autograd.native._engine.Doubles",
    .tp_basicsize = offsetof(Doubles, at),
    .tp_itemsize = sizeof(double),
    .tp_flags = Py_TPFLAGS_DEFAULT,
    .tp_as_sequence = &doubles_sequence,
};

/* A tuple, or a list, of what Doubles hold. */
static PyObject *
seen(Doubles *x, int as_list)
{
    Py_ssize_t count = Py_SIZE(x);
    PyObject *made = as_list ? PyList_New(count) : PyTuple_New(count);
    for (Py_ssize_t i = 0; made && i < count; i++) {
        PyObject *d = IS_NONE(x, i) ? Py_NewRef(Py_None) : PyFloat_FromDouble(x->at[i]);
        if (!d) Py_CLEAR(made);
        else if (as_list) PyList_SET_ITEM(made, i, d);
        else PyTuple_SET_ITEM(made, i, d);
    }
    return made;
}

/* Doubles of a tuple or list of floats and None. */
static Doubles *
doubles_of(PyObject *x, Py_ssize_t wanted)
{
    if (!PyTuple_CheckExact(x) && !PyList_CheckExact(x)) {
        PyErr_Format(PyExc_TypeError, "local derivatives are a tuple or list of floats, not %.100s",
                     Py_TYPE(x)->tp_name);
        return NULL;
    }
    Py_ssize_t count = PySequence_Fast_GET_SIZE(x);
    if (count != wanted) {
        PyErr_Format(PyExc_TypeError, "%zd operands have %zd local derivatives, not %zd", wanted, wanted,
                     count);
        return NULL;
    }
    PyObject **items = PySequence_Fast_ITEMS(x);
    int some_none = 0;
    for (Py_ssize_t i = 0; i < count; i++) {
        some_none |= items[i] == Py_None;
        if (items[i] != Py_None && !PyFloat_Check(items[i])) {
            PyErr_Format(PyExc_TypeError, "a local derivative is a float or None, not %.100R", items[i]);
            return NULL;
        }
    }
    Doubles *made = new_doubles(count, some_none);
    for (Py_ssize_t i = 0; made && i < count; i++) {
        made->at[i] = items[i] == Py_None ? 0.0 : PyFloat_AS_DOUBLE(items[i]);
        if (some_none) made->is_none[i] = items[i] == Py_None;
    }
    return made;
}

/* What Python sees: the slots that node.py describes. */

static int
refuse_deletion(PyObject *value, const char *name)
{
    if (value) return 0;
    PyErr_Format(PyExc_AttributeError, "the %s of a node cannot be deleted", name);
    return -1;
}

static PyObject *
get_data(PyObject *self, void *unused)
{
    settle();
    return PyFloat_FromDouble(NODE(self)->data);
}

static int
set_data(PyObject *self, PyObject *value, void *unused)
{
    if (refuse_deletion(value, "number") < 0) return -1;
    if (!PyFloat_Check(value)) {
        PyErr_Format(PyExc_TypeError, "a node's number is a float, not %.100R", value);
        return -1;
    }
    settle();
    NODE(self)->data = PyFloat_AS_DOUBLE(value);
    return 0;
}

PyObject *
grad_of(Node *node)
{
    settle();
    return node->holds_object ? Py_NewRef(node->grad.object) : PyFloat_FromDouble(node->grad.number);
}

int
replace_grad(Node *node, PyObject *value, PyObject **old)
{
    settle();
    *old = node->holds_object ? node->grad.object : NULL;
    if (PyFloat_CheckExact(value)) {
        node->grad.number = PyFloat_AS_DOUBLE(value);
        node->holds_object = 0;
        return 0;
    }
    node->grad.object = Py_NewRef(value);
    node->holds_object = 1;
    if (IS_NODE(value)) {
        track(node);
        track_below(value);
    } else if (PyObject_IS_GC(value) && !tracks_all) {
        track_all();
    }
    return 0;
}

static PyObject *
get_grad(PyObject *self, void *unused)
{
    return grad_of(NODE(self));
}

static int
set_grad(PyObject *self, PyObject *value, void *unused)
{
    if (refuse_deletion(value, "gradient") < 0) return -1;
    PyObject *old;
    replace_grad(NODE(self), value, &old);
    Py_XDECREF(old);
    return 0;
}

static PyObject *
get_row(PyObject *self, void *unused)
{
    return Py_NewRef(NODE(self)->row ? ROW(NODE(self)->row).op : Py_None);
}

static int
set_row(PyObject *self, PyObject *value, void *unused)
{
    if (refuse_deletion(value, "operation") < 0) return -1;
    uint32_t index = 0;
    if (value != Py_None) {
        if (!(index = row_index(value))) return -1;
        keep_row(index);
        if (ROW(index).is_own) track(NODE(self));
    }
    uint32_t old = NODE(self)->row;
    NODE(self)->row = index & 0xFFFFF;
    release_row(old);
    return 0;
}

static PyObject *
none_or(PyObject *x)
{
    return Py_NewRef(x ? x : Py_None);
}

static PyObject *
get_a(PyObject *self, void *unused)
{
    Node *node = NODE(self);
    return node->kind == DOT ? PyTuple_Pack(2, node->a, node->b) : none_or(node->a);
}

static PyObject *
get_b(PyObject *self, void *unused)
{
    Node *node = NODE(self);
    if (node->kind == RESULT) return PyFloat_FromDouble(node->da.number);
    if (node->kind == MANY) return node->da.object ? seen(DOUBLES(node->da.object), 0) : Py_NewRef(Py_None);
    if (node->kind != DOT) return none_or(node->b);
    PyObject *pair = PyTuple_New(2);
    for (int side = 0; pair && side < 2; side++) {
        PyObject *local = side ? node->db.object : node->da.object;
        PyObject *x = local ? seen(DOUBLES(local), 1) : Py_NewRef(Py_None);
        if (x) PyTuple_SET_ITEM(pair, side, x);
        else Py_CLEAR(pair);
    }
    return pair;
}

static PyObject *
get_local(PyObject *self, void *second)
{
    Node *node = NODE(self);
    int has = second ? node->has_db : node->has_da;
    if (node->kind != PAIR || !has) Py_RETURN_NONE;
    return PyFloat_FromDouble(second ? node->db.number : node->da.number);
}

static int
set_local(PyObject *self, PyObject *value, void *second)
{
    Node *node = NODE(self);
    if (refuse_deletion(value, "local derivative") < 0) return -1;
    if (value != Py_None && !PyFloat_Check(value)) {
        PyErr_Format(PyExc_TypeError, "a local derivative is a float or None, not %.100R", value);
        return -1;
    }
    if (node->kind != PAIR && node->kind != LEAF) {
        if (value == Py_None) return 0;
        PyErr_SetString(PyExc_TypeError, "the local derivatives of many operands stand in _b");
        return -1;
    }
    double d = value == Py_None ? 0.0 : PyFloat_AS_DOUBLE(value);
    if (second) {
        node->db.number = d;
        node->has_db = value != Py_None;
    } else {
        node->da.number = d;
        node->has_da = value != Py_None;
    }
    return 0;
}

static int
is_operand(PyObject *x)
{
    return IS_NODE(x) || PyFloat_CheckExact(x);
}

/* Refuse a tuple that holds anything but nodes and floats. */
static int
check_operands(PyObject *tuple)
{
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(tuple); i++)
        if (!is_operand(PyTuple_GET_ITEM(tuple, i))) {
            PyErr_Format(PyExc_TypeError, "an operand is a Value or a float, not %.100R",
                         PyTuple_GET_ITEM(tuple, i));
            return -1;
        }
    return 0;
}

static void
track_like_all(Node *node, PyObject *tuple)
{
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(tuple); i++) track_like(node, PyTuple_GET_ITEM(tuple, i));
}

static int
set_a(PyObject *self, PyObject *value, void *unused)
{
    Node *node = NODE(self);
    if (refuse_deletion(value, "operands") < 0) return -1;
    int kind;
    PyObject *a = value, *b = NULL;
    if (value == Py_None) {
        kind = LEAF;
        a = NULL;
    } else if (is_operand(value)) {
        kind = PAIR;
    } else if (PyTuple_CheckExact(value) && PyTuple_GET_SIZE(value) == 2
               && PyTuple_CheckExact(PyTuple_GET_ITEM(value, 0))
               && PyTuple_CheckExact(PyTuple_GET_ITEM(value, 1))) {
        kind = DOT;
        a = PyTuple_GET_ITEM(value, 0);
        b = PyTuple_GET_ITEM(value, 1);
        if (check_operands(a) < 0 || check_operands(b) < 0) return -1;
    } else if (PyTuple_CheckExact(value)) {
        kind = MANY;
        if (check_operands(value) < 0) return -1;
    } else if (call_type && PyObject_TypeCheck(value, call_type)) {
        kind = RESULT;
    } else {
        PyErr_Format(PyExc_TypeError, "a node's operands are Values, floats or tuples of them, not %.100R",
                     value);
        return -1;
    }
    Node old = *node;
    node->a = Py_XNewRef(a);
    node->b =
        kind == PAIR || kind == LEAF ? (old.kind == PAIR || old.kind == LEAF ? old.b : NULL) : Py_XNewRef(b);
    node->kind = (unsigned)kind;
    /* What is as long as before keeps its local derivatives. */
    int keeps = kind == (int)old.kind && kind != PAIR && kind != LEAF
                && (kind == RESULT || (PyTuple_GET_SIZE(a) == PyTuple_GET_SIZE(old.a)
                                       && (kind == MANY || PyTuple_GET_SIZE(b) == PyTuple_GET_SIZE(old.b))));
    if (keeps) {
    } else if (kind != PAIR && kind != LEAF) {
        node->has_da = node->has_db = 0;
        node->da.object = node->db.object = NULL;
    } else if (old.kind != PAIR && old.kind != LEAF) {
        node->da.number = node->db.number = 0.0;
    }
    if (kind == RESULT) {
        if (!keeps) node->da.number = 0.0;
        track(node);
    }
    if (kind == PAIR) track_like(node, a);
    if (kind == MANY) track_like_all(node, a);
    if (kind == DOT) {
        track_like_all(node, a);
        track_like_all(node, b);
    }
    Py_XDECREF(old.a);
    if (old.b != node->b) Py_XDECREF(old.b);
    if (!keeps && (old.kind == MANY || old.kind == DOT)) Py_XDECREF(old.da.object);
    if (!keeps && old.kind == DOT) Py_XDECREF(old.db.object);
    return 0;
}

static int
set_b(PyObject *self, PyObject *value, void *unused)
{
    Node *node = NODE(self);
    if (refuse_deletion(value, "operands") < 0) return -1;
    if (node->kind == RESULT) {
        if (!PyFloat_CheckExact(value)) {
            PyErr_Format(PyExc_TypeError, "which of a call's results a node is, is a float, not %.100R",
                         value);
            return -1;
        }
        node->da.number = PyFloat_AS_DOUBLE(value);
        return 0;
    }
    if (node->kind == MANY) {
        Doubles *local = doubles_of(value, PyTuple_GET_SIZE(node->a));
        if (!local) return -1;
        PyObject *old = node->da.object;
        node->da.object = (PyObject *)local;
        Py_XDECREF(old);
        return 0;
    }
    if (node->kind == DOT) {
        if (!PyTuple_CheckExact(value) || PyTuple_GET_SIZE(value) != 2) {
            PyErr_SetString(PyExc_TypeError, "a dot product keeps a pair of local derivatives");
            return -1;
        }
        Doubles *local[2] = {NULL, NULL};
        for (int side = 0; side < 2; side++) {
            PyObject *x = PyTuple_GET_ITEM(value, side);
            if (x != Py_None && !(local[side] = doubles_of(x, PyTuple_GET_SIZE(side ? node->b : node->a)))) {
                Py_XDECREF(local[0]);
                return -1;
            }
        }
        PyObject *old_a = node->da.object, *old_b = node->db.object;
        node->da.object = (PyObject *)local[0];
        node->db.object = (PyObject *)local[1];
        Py_XDECREF(old_a);
        Py_XDECREF(old_b);
        return 0;
    }
    if (value != Py_None && !is_operand(value)) {
        PyErr_Format(PyExc_TypeError, "an operand is a Value or a float, not %.100R", value);
        return -1;
    }
    PyObject *old = node->b;
    node->b = value == Py_None ? NULL : Py_NewRef(value);
    track_like(node, node->b);
    Py_XDECREF(old);
    return 0;
}

static PyObject *
get_note(PyObject *self, void *unused)
{
    return none_or(NODE(self)->note);
}

static int
set_note(PyObject *self, PyObject *value, void *unused)
{
    if (refuse_deletion(value, "note") < 0) return -1;
    PyObject *old = NODE(self)->note;
    NODE(self)->note = value == Py_None ? NULL : Py_NewRef(value);
    Py_XDECREF(old);
    return 0;
}

/* `data`: the property of Python, which refuses while a function is recorded, is asked only while a mode is
   in force or where somebody assigns what is no float. */
static PyObject *python_data;

static PyObject *
get_public_data(PyObject *self, void *unused)
{
    settle();
    if (!PySet_GET_SIZE(active)) return PyFloat_FromDouble(NODE(self)->data);
    return Py_TYPE(python_data)->tp_descr_get(python_data, self, (PyObject *)value_type);
}

static int
set_public_data(PyObject *self, PyObject *value, void *unused)
{
    if (!value || PySet_GET_SIZE(active) || !PyFloat_CheckExact(value))
        return Py_TYPE(python_data)->tp_descr_set(python_data, self, value);
    settle();
    NODE(self)->data = PyFloat_AS_DOUBLE(value);
    return 0;
}

static PyGetSetDef slots[] = {
    {"data", get_public_data, set_public_data, NULL, NULL},
    {"_data", get_data, set_data, NULL, NULL},
    {"grad", get_grad, set_grad, NULL, NULL},
    {"_row", get_row, set_row, NULL, NULL},
    {"_a", get_a, set_a, NULL, NULL},
    {"_b", get_b, set_b, NULL, NULL},
    {"_da", get_local, set_local, NULL, NULL},
    {"_db", get_local, set_local, NULL, (void *)1},
    {"note", get_note, set_note, NULL, NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

/* Making one. */

static PyObject *python_init;

static PyObject *
node_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    if (type == value_type) return (PyObject *)new_node();
    /* Of a class that a user derived. Its attributes may lead to any node: the collector looks at all. */
    if (!tracks_all) track_all();
    Node *node = (Node *)type->tp_alloc(type, 0);
    if (node) node->is_tracked = is_derived_from = 1;
    return (PyObject *)node;
}

static int
node_init(PyObject *self, PyObject *args, PyObject *kwargs)
{
    Node *node = NODE(self);
    if (!kwargs && PyTuple_GET_SIZE(args) == 1 && PyFloat_CheckExact(PyTuple_GET_ITEM(args, 0))
        && node->kind == LEAF && !node->row && !node->holds_object && !node->note) {
        settle();
        node->data = PyFloat_AS_DOUBLE(PyTuple_GET_ITEM(args, 0));
        node->grad.number = 0.0;
        return 0;
    }
    Py_ssize_t count = PyTuple_GET_SIZE(args);
    PyObject *all = PyTuple_New(count + 1);
    if (!all) return -1;
    PyTuple_SET_ITEM(all, 0, Py_NewRef(self));
    for (Py_ssize_t i = 0; i < count; i++) PyTuple_SET_ITEM(all, i + 1, Py_NewRef(PyTuple_GET_ITEM(args, i)));
    PyObject *result = PyObject_Call(python_init, all, kwargs);
    Py_DECREF(all);
    Py_XDECREF(result);
    return result ? 0 : -1;
}

PyObject *
node_blank(PyObject *module, PyObject *unused)
{
    if (!value_type) return set_up(0);
    return (PyObject *)new_node();
}

/* Nobody calls it. That it is not what derived classes have keeps Python from letting a node change its class
   between ours, whose nodes lie in pools, and those. */
static void
node_free(void *node)
{
    (void)node;
}

/* make_node_type(name, bases, names, init, active, call, operators, methods): the type of nodes, with what
   Python defines of it in the dict `names`, and in `operators` the Python methods that operators fall back
   to. */
PyObject *
make_node_type(PyObject *module, PyObject *args)
{
    if (value_type) return set_up(1);
    const char *name;
    PyObject *bases, *names, *init, *modes, *call, *operators, *methods;
    if (!PyArg_ParseTuple(args, "sO!O!OO!O!O!O!", &name, &PyTuple_Type, &bases, &PyDict_Type, &names, &init,
                          &PySet_Type, &modes, &PyType_Type, &call, &PyDict_Type, &operators, &PyDict_Type,
                          &methods))
        return NULL;
    PyType_Slot type_slots[] = {
        {Py_tp_new, node_new},
        {Py_tp_init, node_init},
        {Py_tp_dealloc, node_dealloc},
        {Py_tp_traverse, node_traverse},
        {Py_tp_clear, node_clear},
        {Py_tp_free, node_free},
        {Py_tp_getset, slots},
        {Py_nb_add, node_arithmetic.nb_add},
        {Py_nb_subtract, node_arithmetic.nb_subtract},
        {Py_nb_multiply, node_arithmetic.nb_multiply},
        {Py_nb_true_divide, node_arithmetic.nb_true_divide},
        {Py_nb_floor_divide, node_arithmetic.nb_floor_divide},
        {Py_nb_remainder, node_arithmetic.nb_remainder},
        {Py_nb_power, node_arithmetic.nb_power},
        {Py_nb_negative, node_arithmetic.nb_negative},
        {Py_nb_absolute, node_arithmetic.nb_absolute},
        {0, NULL},
    };
    PyType_Spec spec = {.name = "autograd.value.Value",
                        .basicsize = sizeof(Node),
                        .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC,
                        .slots = type_slots};
    PyTypeObject *type = (PyTypeObject *)PyType_FromSpecWithBases(&spec, bases);
    if (!type) return NULL;
    PyObject *key, *value;
    Py_ssize_t at = 0;
    while (PyDict_Next(names, &at, &key, &value))
        if (PyObject_SetAttr((PyObject *)type, key, value) < 0) goto failed;
    if (!(python_data = PyObject_GetAttrString(PyTuple_GET_ITEM(bases, 0), "data"))) goto failed;
    const char *about = NULL;
    PyObject *doc = PyObject_GetAttrString(python_data, "__doc__");
    if (doc && PyUnicode_Check(doc)) about = PyUnicode_AsUTF8(doc);
    PyErr_Clear();
    ((PyGetSetDef *)slots)->doc = about; /* it lives as long as the property */
    active = Py_NewRef(modes);
    python_init = Py_NewRef(init);
    call_type = (PyTypeObject *)Py_NewRef(call);
    if (give_methods(type, operators, methods) < 0) goto failed;
    value_type = (PyTypeObject *)Py_NewRef(type);
    return (PyObject *)type;
failed:
    Py_DECREF(type);
    return NULL;
}

int
ready_types(void)
{
    return PyType_Ready(&callable_type) < 0 || PyType_Ready(&doubles_type) < 0 ? -1 : 0;
}
