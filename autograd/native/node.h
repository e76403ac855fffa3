/* A node as C sees it: see node.py, of which this is the twin. */

#ifndef AUTOGRAD_NODE_H
#define AUTOGRAD_NODE_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdint.h>

#include "rows.h"

#ifdef Py_GIL_DISABLED
#error "the engine relies on the interpreter's lock"
#endif

/* A number, or an object in its place. */
typedef union {
    double number;
    PyObject *object;
} Slot;

/* What a node keeps:
     LEAF    no operands
     RESULT  the call in a, of which it is one of several results, and which one in da.number
     PAIR    one or two of them in a and b, the local derivatives in da and db
     MANY    the tuple of them in a, the local derivatives in da.object, which is of the type Doubles
     DOT     its two vectors, tuples, in a and b; the local derivatives of each in da.object and db.object,
             NULL where the vector holds no node */
enum { LEAF, RESULT, PAIR, MANY, DOT };

typedef struct {
    PyObject_HEAD
    /* What is asked of an operand stands beside its type. */
    uint32_t stamp;    /* of the latest pass that met it, which tells how far that is */
    unsigned row : 20; /* in `rows`; 0 for none */
    unsigned kind : 3;
    unsigned has_da : 1, has_db : 1; /* of a PAIR: whether something flows to the operand */
    unsigned holds_object : 1;       /* grad is an object */
    unsigned is_tracked : 1;         /* by the collector */
    unsigned unused : 5;
    Slot grad;
    double data;
    PyObject *a, *b; /* NULL is None */
    Slot da, db;
    PyObject *note; /* NULL is None */
} Node;

/* Doubles, of which some may be None. */
typedef struct {
    PyObject_VAR_HEAD
    char *is_none; /* behind the numbers; NULL where none is */
    double at[1];
} Doubles;

/* What a row is called by: the base of its class. */
typedef struct {
    PyObject_HEAD
    vectorcallfunc vectorcall;
    uint32_t index; /* in `rows`; 0 where it has no place yet */
} Callable;

/* A row of the table, or of the user's own. */
typedef struct {
    PyObject *op; /* borrowed: it leaves the list when it goes */
    const Row *c; /* NULL where C does not compute it */
    int arity, params, is_gated, params_first;
    int is_pythons; /* Python has a function of that name, which computes what is no float */
    int is_own; /* not of the table: what it refers to is not known */
    PyObject *constants[CONSTANTS]; /* the constants' defaults */
    double defaults[CONSTANTS];
    uint32_t next; /* of the places that are free */
} Known;

extern PyTypeObject *value_type, *call_type;
extern PyTypeObject doubles_type, callable_type;
extern int is_derived_from; /* whether there was a node of such a class */
extern PyObject *active; /* the set that is not empty while a mode is in force anywhere */
/* They stand in blocks that never move: others' code may add a row while one is read. */
#define BLOCK 1024
extern Known *blocks[1024];
#define ROW(index) (blocks[(index) / BLOCK][(index) % BLOCK])

/* Most nodes are of the one type; once a class was derived of it, those of that class are nodes too. */
#define IS_NODE(x) (IS_PLAIN(x) || is_of_derived((PyObject *)(x)))
#define IS_PLAIN(x) Py_IS_TYPE((PyObject *)(x), value_type)
#define NODE(x) ((Node *)(x))
#define DOUBLES(x) ((Doubles *)(x))
#define IS_NONE(d, i) ((d)->is_none && (d)->is_none[i])

#if defined(__GNUC__)
#define UNLIKELY(x) __builtin_expect(x, 0)
#define ALWAYS_INLINE static inline __attribute__((always_inline))
#define NEVER_INLINE __attribute__((noinline))
#else
#define UNLIKELY(x) (x)
#define ALWAYS_INLINE static inline
#define NEVER_INLINE
#endif

static inline int
is_of_derived(PyObject *x)
{
    return UNLIKELY(is_derived_from) && PyType_IsSubtype(Py_TYPE(x), value_type);
}

/* Set an error: the engine is set up already, or not yet. */
PyObject *set_up(int already);

/* node.c */
Node *new_node(void); /* a blank one, not tracked; NULL with an error set */
Doubles *new_doubles(Py_ssize_t count, int some_none);
void track(Node *node);
void track_below(PyObject *x); /* a node that another refers to, but not as its operand */
void track_all(void);
size_t most_nodes(void); /* not fewer than there are, but for those of derived classes */
int clear_stamps(void); /* of all nodes; -1 with an error set */
extern int tracks_all;
uint32_t row_index(PyObject *op); /* 0 with an error set */
extern uint32_t rows_used;
extern uint32_t rows_of_table;    /* those before it stay for ever: nodes do not count as references */
void release_row(uint32_t index);
PyObject *grad_of(Node *node);
int replace_grad(Node *node, PyObject *value, PyObject **old); /* `old` is to be released */
PyObject *make_node_type(PyObject *module, PyObject *args);
PyObject *node_blank(PyObject *module, PyObject *unused);
PyObject *node_watch(PyObject *module, PyObject *unused);
int ready_types(void);

static inline void
keep_row(uint32_t index)
{
    if (UNLIKELY(index >= rows_of_table)) Py_INCREF(ROW(index).op);
}

/* A node is tracked where what it rests on is. (Where there are nodes of derived classes all are.) */
static inline void
track_like(Node *node, PyObject *operand)
{
    if (operand && IS_PLAIN(operand) && NODE(operand)->is_tracked && !node->is_tracked) track(node);
}

/* operators.c */
PyObject *take_rows(PyObject *module, PyObject *args);
PyObject *learn_tape(PyObject *module, PyObject *args);
PyObject *compute(PyObject *module, PyObject *args);
PyObject *over_arrays(PyObject *module, PyObject *args);
PyObject *many_of(PyObject *module, PyObject *args);
PyObject *dot_of(PyObject *module, PyObject *args);
PyObject *dots_of(PyObject *module, PyObject *args);
PyObject *several_of(PyObject *module, PyObject *args);
PyObject *layer_of(PyObject *module, PyObject *args);
extern PyNumberMethods node_arithmetic;
int give_methods(PyTypeObject *type, PyObject *operators, PyObject *methods);
PyObject *callable_call(PyObject *self, PyObject *args, PyObject *kwargs);
PyObject *callable_vectorcall(PyObject *self, PyObject *const *args, size_t flags, PyObject *names);
int ready_operators(void);

/* pass.c */
extern int is_away; /* whether numbers of nodes stand elsewhere: `settle` before reading or writing one */
void bring_home(void);

uint32_t fresh_stamps(size_t count);
int is_latest(uint32_t first, size_t count);

static inline void
settle(void)
{
    while (UNLIKELY(is_away)) bring_home(); /* whoever is let go may send others away */
}

/* What a call with several results keeps, beside its operands: places in the object of Python. */
typedef struct {
    Py_ssize_t operands, grad, count, kind, values, kept;
} Places;
extern Places places;
extern PyTypeObject *multi_call_type, *bundle_type;
#define KEPT_AT(call, slot) (*(PyObject **)(void *)((char *)(call) + places.slot))
#define IS_BUNDLE(x) PyObject_TypeCheck(x, bundle_type)
const Several *several_of_kind(PyObject *kind); /* NULL where C does not compute it */
PyObject *floats(PyObject *module, PyObject *doubles);
PyObject *take_pass(PyObject *module, PyObject *args);
PyObject *pass_sweep(PyObject *module, PyObject *args);
PyObject *pass_exchange(PyObject *module, PyObject *args);
PyObject *pass_add_floats(PyObject *module, PyObject *args);
PyObject *pass_gather(PyObject *module, PyObject *args);
PyObject *pass_perform(PyObject *module, PyObject *const *args, Py_ssize_t given);
PyObject *pass_apply(PyObject *module, PyObject *const *args, Py_ssize_t given);
PyObject *pass_scatter(PyObject *module, PyObject *args);
PyObject *pass_set_grads(PyObject *module, PyObject *args);

/* A whole number, without anybody's code; -1 with an error set where it is none. */
static inline int64_t
whole(PyObject *x)
{
    if (PyLong_Check(x)) return PyLong_AsLongLong(x);
    PyErr_SetString(PyExc_TypeError, "this is no whole number");
    return -1;
}

/* read.c */

/* Nodes that have numbers one after the other, and stamps alike, until another pass sets those. */
typedef struct {
    uint32_t base, count;
    int64_t first;
    PyObject *nodes; /* the list of them */
} Stretch;
int number_all(Stretch *stretch, PyObject *nodes, int64_t first); /* -1 with an error set */
int number_again(Stretch *stretch, PyObject *nodes, int64_t first, unsigned long base);

/* The number of a node, -1 where it is none of them. */
static inline int64_t
number_in(const Stretch *stretch, PyObject *node)
{
    uint32_t at = NODE(node)->stamp - stretch->base;
    return at < stretch->count && at < PyList_GET_SIZE(stretch->nodes)
                   && PyList_GET_ITEM(stretch->nodes, at) == node
               ? stretch->first + at
               : -1;
}

PyObject *graph_read(PyObject *module, PyObject *args);
PyObject *graph_find(PyObject *module, PyObject *args);
PyObject *graph_operands(PyObject *module, PyObject *args);
PyObject *graph_levels(PyObject *module, PyObject *args);
PyObject *graph_csr(PyObject *module, PyObject *args);
PyObject *graph_agenda(PyObject *module, PyObject *args);

/* layout.c */
PyObject *graph_terms(PyObject *module, PyObject *args);
PyObject *graph_evenly(PyObject *module, PyObject *args);
PyObject *graph_classes(PyObject *module, PyObject *args);
PyObject *graph_nest(PyObject *module, PyObject *args);
PyObject *graph_place(PyObject *module, PyObject *args);

/* recorded.c */
PyObject *graph_sort(PyObject *module, PyObject *args);
PyObject *graph_reach(PyObject *module, PyObject *args);
PyObject *graph_pull(PyObject *module, PyObject *args);
PyObject *graph_turns(PyObject *module, PyObject *args);
PyObject *graph_products(PyObject *module, PyObject *args);

/* terms.c */
PyObject *terms_simplify(PyObject *module, PyObject *args);
/* nests.c */
PyObject *nests_make(PyObject *module, PyObject *args);
PyObject *nests_join(PyObject *module, PyObject *args);
PyObject *nests_run(PyObject *module, PyObject *round);

PyObject *terms_reach(PyObject *module, PyObject *args);
PyObject *terms_numbered(PyObject *module, PyObject *keys);

#endif
