/* A backward pass whose derivatives are nodes: sort, and the rules of nodes of operands in a row or a tuple,
   each as Python has written it down once. See backward.py, which this stands in for to the last node, and
   which has the word about all else. */

#include "small.h"
#include "node.h"
#include <stdlib.h>

enum { FAILED = -1, LEAVE = 0, DONE = 1 };

/* The operands that stand in a node itself or in one tuple; -1 where it has others. */
static Py_ssize_t
operands_at(PyObject *x, PyObject ***at)
{
    Node *node = NODE(x);
    if (!IS_NODE(x) || node->kind == RESULT || node->kind == DOT || (node->kind == MANY && !node->a)) return -1;
    if (node->kind == MANY) {
        *at = &PyTuple_GET_ITEM(node->a, 0);
        return PyTuple_GET_SIZE(node->a);
    }
    *at = &node->a;
    return node->kind == LEAF ? 0 : 1 + (node->b != NULL);
}

/* The elements of a bundle, some of which make the tuple anew; NULL with an error set. */
static PyObject *
elements_of(PyObject *x)
{
    PyObject *found = IS_BUNDLE(x) ? PyObject_GetAttrString(x, "_a") : NULL;
    if (found && PyTuple_CheckExact(found)) return found;
    Py_XDECREF(found);
    PyErr_SetString(PyExc_ValueError, "this is no bundle");
    return NULL;
}

/* What waits for its turn; at an odd address, what waits for nothing else any more. Nobody's code runs
   meanwhile, so the stamps of nodes hold; of bundles, of which vectors are made later, there are few. */
typedef struct {
    uintptr_t *at;
    size_t count, room;
    uint32_t open, done;
    PyObject *order, *others, *states, *kept;
} Sort;

static int
wait_for(Sort *sort, PyObject *x, int is_last)
{
    if (sort->count == sort->room) {
        size_t room = sort->room ? 2 * sort->room : 64;
        uintptr_t *more = PyMem_Realloc(sort->at, room * sizeof *more);
        if (!more) {
            PyErr_NoMemory();
            return FAILED;
        }
        sort->at = more;
        sort->room = room;
    }
    sort->at[sort->count++] = (uintptr_t)x | (is_last != 0);
    return DONE;
}

/* The stamp of a node, or what stands for that of another. */
static uint32_t
stamp_of(Sort *sort, PyObject *x)
{
    if (IS_NODE(x)) return NODE(x)->stamp;
    PyObject *key = PyLong_FromVoidPtr(x), *state = key ? PyDict_GetItemWithError(sort->states, key) : NULL;
    Py_XDECREF(key);
    return state ? state == Py_True ? sort->done : sort->open : 0;
}

static int
set_stamp(Sort *sort, PyObject *x, uint32_t stamp)
{
    if (IS_NODE(x)) {
        NODE(x)->stamp = stamp;
        return DONE;
    }
    PyObject *key = PyLong_FromVoidPtr(x);
    int failed = !key || PyDict_SetItem(sort->states, key, stamp == sort->done ? Py_True : Py_False) < 0;
    Py_XDECREF(key);
    return failed ? FAILED : DONE;
}

static int
place(Sort *sort, PyObject *x)
{
    if (!IS_NODE(x)) {
        PyObject *at = PyLong_FromSsize_t(PyList_GET_SIZE(sort->order));
        int failed = !at || PyList_Append(sort->others, at) < 0;
        Py_XDECREF(at);
        if (failed) return FAILED;
    }
    return set_stamp(sort, x, sort->done) == DONE && PyList_Append(sort->order, x) == 0 ? DONE : FAILED;
}

static int
rest_on(Sort *sort, PyObject **at, Py_ssize_t count)
{
    for (Py_ssize_t i = 0; i < count; i++) {
        PyObject *x = at[i];
        if (!x || x == Py_None || PyFloat_CheckExact(x)) continue;
        if (stamp_of(sort, x) != sort->done && wait_for(sort, x, 0) == FAILED) return FAILED;
    }
    return DONE;
}

/* Let one wait for what it rests on; LEAVE where Python has the word. */
static int
descend(Sort *sort, PyObject *x)
{
    uint32_t stamp = stamp_of(sort, x);
    if (stamp == sort->done || stamp == sort->open) return stamp == sort->done ? DONE : LEAVE;
    PyObject **at;
    Py_ssize_t count = operands_at(x, &at);
    if (count == 0) return place(sort, x);
    if (set_stamp(sort, x, sort->open) == FAILED || wait_for(sort, x, 1) == FAILED) return FAILED;
    if (count > 0) return rest_on(sort, at, count);
    if (IS_NODE(x) && NODE(x)->kind == RESULT) return rest_on(sort, &NODE(x)->a, 1);
    if (IS_NODE(x)) {
        Node *node = NODE(x);
        PyObject *vectors[] = {node->da.object ? node->a : NULL, node->db.object ? node->b : NULL};
        return node->kind == DOT ? rest_on(sort, vectors, 2) : LEAVE;
    }
    PyObject *elements = PyTuple_CheckExact(x) ? Py_NewRef(x) : elements_of(x);
    PyErr_Clear();
    if (!elements) return LEAVE;
    int result = PyList_Append(sort->kept, elements) < 0
                     ? FAILED
                     : rest_on(sort, &PyTuple_GET_ITEM(elements, 0), PyTuple_GET_SIZE(elements));
    Py_DECREF(elements);
    return result;
}

/* sort(root, stop): what lies below the root, as backward.py has it under that name, vectors in place of their
   bundles; and where others than nodes stand. None where Python has the word. */
PyObject *
graph_sort(PyObject *module, PyObject *args)
{
    if (!value_type) return set_up(0);
    PyObject *root, *stop, *result = NULL;
    if (!PyArg_ParseTuple(args, "OO!", &root, &PyTuple_Type, &stop)) return NULL;
    uint32_t first = fresh_stamps(2);
    if (!first) return NULL;
    Sort sort = {NULL, 0, 0, first, first + 1, PyList_New(0), PyList_New(0), PyDict_New(), PyList_New(0)};
    int found = sort.order && sort.others && sort.states && sort.kept ? wait_for(&sort, root, 0) : FAILED;
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(stop); i++)
        if (IS_NODE(PyTuple_GET_ITEM(stop, i))) NODE(PyTuple_GET_ITEM(stop, i))->stamp = sort.done;
    while (found == DONE && sort.count) {
        uintptr_t top = sort.at[--sort.count];
        found = top & 1 ? place(&sort, (PyObject *)(top & ~(uintptr_t)1)) : descend(&sort, (PyObject *)top);
    }
    PyMem_Free(sort.at);
    if (found == DONE && !is_latest(first, 2)) found = LEAVE; /* somebody's code has run */
    if (found == DONE) result = PyTuple_Pack(2, sort.order, sort.others);
    else if (found == LEAVE) result = Py_NewRef(Py_None);
    Py_XDECREF(sort.order);
    Py_XDECREF(sort.others);
    Py_XDECREF(sort.states);
    Py_XDECREF(sort.kept);
    return result;
}

/* Whether one of several bears a stamp, or is in a set of those that bear none; -1 with an error set. */
static int
one_bears(uint32_t stamp, PyObject *others, PyObject **at, Py_ssize_t count)
{
    int found = 0;
    for (Py_ssize_t i = 0; i < count && !found; i++) {
        PyObject *x = at[i];
        if (!x || x == Py_None || PyFloat_CheckExact(x)) continue;
        found = IS_NODE(x) ? NODE(x)->stamp == stamp : PySet_Contains(others, x);
    }
    return found;
}

/* reach(order, inputs): those in a list, each after its operands, that depend on nodes in another; None where
   Python has the word. */
PyObject *
graph_reach(PyObject *module, PyObject *args)
{
    if (!value_type) return set_up(0);
    PyObject *order, *inputs, **at, *others, *reached;
    if (!PyArg_ParseTuple(args, "O!O!", &PyList_Type, &order, &PyList_Type, &inputs)) return NULL;
    uint32_t stamp = fresh_stamps(1);
    if (!stamp) return NULL;
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(inputs); i++)
        if (IS_NODE(PyList_GET_ITEM(inputs, i))) NODE(PyList_GET_ITEM(inputs, i))->stamp = stamp;
    others = PySet_New(NULL);
    reached = others ? PyList_New(0) : NULL;
    for (Py_ssize_t i = 0; reached && i < PyList_GET_SIZE(order); i++) {
        PyObject *x = Py_NewRef(PyList_GET_ITEM(order, i)), *elements = NULL;
        Py_ssize_t count = operands_at(x, &at);
        int found = 0;
        if (count < 0 && !IS_NODE(x)) {
            elements = PyObject_GetAttrString(x, "_a");
            if (elements && PyTuple_CheckExact(elements)) {
                found = one_bears(stamp, others, &PyTuple_GET_ITEM(elements, 0), PyTuple_GET_SIZE(elements));
            } else {
                PyErr_Clear();
                Py_SETREF(reached, Py_NewRef(Py_None));
            }
        } else if (count < 0 && NODE(x)->kind == DOT) {
            PyObject *vectors[] = {NODE(x)->a, NODE(x)->b};
            for (int k = 0; k < 2 && !found; k++)
                if (vectors[k] && PyTuple_CheckExact(vectors[k]))
                    found = one_bears(stamp, others, &PyTuple_GET_ITEM(vectors[k], 0), PyTuple_GET_SIZE(vectors[k]));
        } else {
            found = one_bears(stamp, others, count < 0 ? &NODE(x)->a : at, count < 0 ? 1 : count);
        }
        if (found > 0 && IS_NODE(x)) NODE(x)->stamp = stamp;
        else if (found > 0) found = PySet_Add(others, x) < 0 ? FAILED : found;
        if (reached != Py_None && (found < 0 || (found > 0 && PyList_Append(reached, x) < 0))) Py_CLEAR(reached);
        Py_XDECREF(elements);
        Py_DECREF(x);
        if (reached == Py_None) break;
    }
    Py_XDECREF(others);
    if (reached && !is_latest(stamp, 1)) Py_SETREF(reached, Py_NewRef(Py_None)); /* somebody's code has run */
    return reached;
}

/* What a rule is kept by: its row, the number of operands where that may vary, and its constants. NULL
   without an error set where Python has the word. */
static PyObject *
key_of(Known *row, PyObject **at, Py_ssize_t count)
{
    if (count < row->arity) return NULL;
    if (row->arity < 0) return row->params ? NULL : Py_BuildValue("On", row->op, count);
    if (!row->params) return Py_NewRef(row->op);
    for (Py_ssize_t i = row->arity; i < count; i++) /* a zero would be found by another of other sign */
        if (!PyFloat_CheckExact(at[i]) || PyFloat_AS_DOUBLE(at[i]) == 0.0) return NULL;
    PyObject *key = PyTuple_New(1 + count - row->arity);
    if (!key) return NULL;
    PyTuple_SET_ITEM(key, 0, Py_NewRef(row->op));
    for (Py_ssize_t i = row->arity; i < count; i++)
        PyTuple_SET_ITEM(key, 1 + i - row->arity, Py_NewRef(at[i]));
    return key;
}

/* A number of a rule, or what its place stands for; borrowed, NULL with an error set. */
static PyObject *
stands_for(PyObject *x, PyObject **at, Py_ssize_t count)
{
    Py_ssize_t place = PyLong_Check(x) ? PyLong_AsSsize_t(x) : -1;
    if (place >= 0 && place < count) return at[place];
    if (PyFloat_CheckExact(x)) return x;
    PyErr_SetString(PyExc_ValueError, "this is no rule");
    return NULL;
}

/* Multiply, without a node for a factor of one. */
static PyObject *
times(PyObject *g, PyObject *local)
{
    if (PyFloat_CheckExact(local) && PyFloat_AS_DOUBLE(local) == 1.0) return Py_NewRef(g);
    if (PyFloat_CheckExact(g) && PyFloat_AS_DOUBLE(g) == 1.0) return Py_NewRef(local);
    return PyNumber_Multiply(g, local);
}

/* Add terms to a gradient: numbers or nodes, or lists of as many. */
static int
add_to(PyObject *grads, PyObject *key, PyObject *term)
{
    Py_ssize_t before = PyDict_GET_SIZE(grads);
    PyObject *old = PyDict_SetDefault(grads, key, term), *sum = NULL;
    if (!old) return FAILED;
    if (PyDict_GET_SIZE(grads) != before) return DONE; /* it is the first */
    if (old == Py_None) return PyDict_SetItem(grads, key, term);
    Py_INCREF(old);
    if (!PyList_Check(term)) {
        sum = PyNumber_Add(old, term);
    } else if (PyList_Check(old) && PyList_GET_SIZE(old) == PyList_GET_SIZE(term)) {
        sum = PyList_New(PyList_GET_SIZE(term));
        for (Py_ssize_t i = 0; sum && i < PyList_GET_SIZE(sum); i++) {
            PyObject *one = PyNumber_Add(PyList_GET_ITEM(old, i), PyList_GET_ITEM(term, i));
            if (one) PyList_SET_ITEM(sum, i, one);
            else Py_CLEAR(sum);
        }
    } else {
        PyErr_SetString(PyExc_ValueError, "these are not as many gradients");
    }
    int failed = !sum || PyDict_SetItem(grads, key, sum) < 0;
    Py_XDECREF(sum);
    Py_DECREF(old);
    return failed ? FAILED : DONE;
}

/* Do what a rule says, and add to the gradients of the operands: `all` has room for what is made, behind the
   node and its operands. */
static int
follow(PyObject *steps, PyObject *partials, PyObject *g, PyObject *grads, PyObject **all, Py_ssize_t count)
{
    Py_ssize_t made = 1 + count, slopes = PyTuple_GET_SIZE(partials), first = made;
    int result = DONE;
    if (slopes > count) {
        PyErr_SetString(PyExc_ValueError, "this is no rule");
        return FAILED;
    }
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(steps) && result == DONE; i++) {
        PyObject *step = PyTuple_GET_ITEM(steps, i), *given[8];
        Py_ssize_t n = 0;
        if (!PyTuple_CheckExact(step) || !PyTuple_GET_SIZE(step)) {
            PyErr_SetString(PyExc_ValueError, "this is no rule");
            result = FAILED;
            break;
        }
        for (; n < 8 && n + 1 < PyTuple_GET_SIZE(step) && result == DONE; n++)
            if (!(given[n] = stands_for(PyTuple_GET_ITEM(step, n + 1), all, made))) result = FAILED;
        if (result == DONE
            && !(all[made] = PyObject_Vectorcall(PyTuple_GET_ITEM(step, 0), given, (size_t)n, NULL)))
            result = FAILED;
        made += result == DONE;
    }
    Py_ssize_t computed = made;
    for (Py_ssize_t i = 0; i < slopes && result == DONE; i++) {
        all[made] = NULL;
        if (IS_NODE(all[1 + i])) {
            PyObject *local = stands_for(PyTuple_GET_ITEM(partials, i), all, computed);
            if (!local || !(all[made] = times(g, local))) result = FAILED;
        }
        made++;
    }
    for (Py_ssize_t i = 0; i < slopes && result == DONE; i++) {
        if (all[computed + i] && add_to(grads, all[1 + i], all[computed + i]) < 0) result = FAILED;
    }
    while (made > first) Py_XDECREF(all[--made]);
    return result;
}

/* The terms of one vector of a dot product, 0.0 where no node is, behind those that are there. */
static int
add_terms(PyObject *terms, PyObject *g, PyObject *vector, PyObject *other)
{
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(vector); i++) {
        PyObject *term = IS_NODE(PyTuple_GET_ITEM(vector, i)) ? times(g, PyTuple_GET_ITEM(other, i))
                                                              : PyFloat_FromDouble(0.0);
        int failed = !term || PyList_Append(terms, term) < 0;
        Py_XDECREF(term);
        if (failed) return FAILED;
    }
    return DONE;
}

/* The chain rule at a dot product: each of its vectors has a bundle, by its address. */
static int
pull_dot(Node *node, PyObject *g, PyObject *grads, PyObject *bundles)
{
    PyObject *vectors[] = {node->a, node->b}, *locals[] = {node->da.object, node->db.object};
    PyObject *terms[2] = {NULL, NULL};
    int result = DONE;
    if (!node->a || !node->b || !PyTuple_CheckExact(node->a) || !PyTuple_CheckExact(node->b)
        || PyTuple_GET_SIZE(node->a) != PyTuple_GET_SIZE(node->b)) {
        PyErr_SetString(PyExc_ValueError, "this is no dot product");
        return FAILED;
    }
    for (int side = 0; side < 2 && result == DONE; side++)
        if (locals[side] && (!(terms[side] = PyList_New(0))
                             || add_terms(terms[side], g, vectors[side], vectors[1 - side]) == FAILED))
            result = FAILED;
    for (int side = 0; side < 2 && result == DONE; side++) {
        if (!terms[side]) continue;
        PyObject *key = PyLong_FromVoidPtr(vectors[side]);
        PyObject *bundle = key ? PyDict_GetItemWithError(bundles, key) : NULL;
        Py_XDECREF(key);
        if (!bundle && !PyErr_Occurred()) PyErr_SetString(PyExc_KeyError, "a vector has no bundle");
        if (!bundle || add_to(grads, bundle, terms[side]) < 0) result = FAILED;
    }
    Py_XDECREF(terms[0]);
    Py_XDECREF(terms[1]);
    return result;
}

/* The elements of a bundle receive what has arrived there. */
static int
pull_bundle(PyObject *x, PyObject *g, PyObject *grads)
{
    PyObject *elements = elements_of(x);
    int fits = elements && PyList_Check(g)
               && PyList_GET_SIZE(g) == PyTuple_GET_SIZE(elements), result = DONE;
    if (!fits && !PyErr_Occurred()) PyErr_SetString(PyExc_ValueError, "this is no bundle");
    for (Py_ssize_t i = 0; fits && i < PyTuple_GET_SIZE(elements) && result == DONE; i++)
        if (IS_NODE(PyTuple_GET_ITEM(elements, i)))
            result = add_to(grads, PyTuple_GET_ITEM(elements, i), PyList_GET_ITEM(g, i)) < 0 ? FAILED : DONE;
    Py_XDECREF(elements);
    return fits ? result : FAILED;
}

static int
visit(PyObject *node, PyObject *visits, PyObject *tape)
{
    PyObject *when = PyLong_FromSsize_t(PyList_GET_SIZE(tape));
    int failed = !when || PyList_Append(visits, when) < 0 || PyList_Append(visits, node) < 0;
    Py_XDECREF(when);
    return failed ? FAILED : DONE;
}

static int
pull_one(PyObject *x, PyObject *g, PyObject *grads, PyObject *rules, PyObject *visits, PyObject *tape,
         PyObject *bundles, PyObject *bundle)
{
    PyObject **at;
    Py_ssize_t count = operands_at(x, &at);
    if (Py_IS_TYPE(x, (PyTypeObject *)bundle))
        return visit(x, visits, tape) == DONE ? pull_bundle(x, g, grads) : FAILED;
    if (IS_NODE(x) && NODE(x)->kind == DOT)
        return visit(x, visits, tape) == DONE ? pull_dot(NODE(x), g, grads, bundles) : FAILED;
    if (count < 0 || (count && !NODE(x)->row)) return LEAVE;
    if (count == 0) return visit(x, visits, tape);
    PyObject *key = key_of(&ROW(NODE(x)->row), at, count);
    PyObject *rule = key ? PyDict_GetItemWithError(rules, key) : NULL, *steps, *partials;
    Py_XDECREF(key);
    if (PyErr_Occurred()) return FAILED;
    if (!rule || rule == Py_None) return LEAVE;
    if (!PyTuple_CheckExact(rule) || PyTuple_GET_SIZE(rule) != 2
        || !PyTuple_CheckExact(steps = PyTuple_GET_ITEM(rule, 0))
        || !PyTuple_CheckExact(partials = PyTuple_GET_ITEM(rule, 1))) {
        PyErr_SetString(PyExc_ValueError, "this is no rule");
        return FAILED;
    }
    if (visit(x, visits, tape) == FAILED) return FAILED;
    Py_ssize_t most = 1 + count + PyTuple_GET_SIZE(steps) + PyTuple_GET_SIZE(partials);
    PyObject *few[32], **all = most <= 32 ? few : PyMem_Malloc((size_t)most * sizeof *all);
    if (!all) {
        PyErr_NoMemory();
        return FAILED;
    }
    all[0] = x;
    for (Py_ssize_t i = 0; i < count; i++) all[1 + i] = at[i];
    Py_INCREF(rule);
    int result = follow(steps, partials, g, grads, all, count);
    Py_DECREF(rule);
    if (all != few) PyMem_Free(all);
    return result;
}

/* pull(rest, grads, rules, visits, tape, bundles, bundle): apply the chain rule at nodes of an iterator by rules
   that are written down, and at what is of that type, as backward.py has it in `_chain_rule_recorded`. Return
   the first at which Python has the word, or None at the end. */
PyObject *
graph_pull(PyObject *module, PyObject *args)
{
    if (!value_type) return set_up(0);
    PyObject *rest, *grads, *rules, *visits, *tape, *bundles, *bundle, *x;
    if (!PyArg_ParseTuple(args, "OO!O!O!O!O!O", &rest, &PyDict_Type, &grads, &PyDict_Type, &rules, &PyList_Type,
                          &visits, &PyList_Type, &tape, &PyDict_Type, &bundles, &bundle))
        return NULL;
    if (!PyIter_Check(rest)) {
        PyErr_SetString(PyExc_TypeError, "pull() takes an iterator of nodes");
        return NULL;
    }
    while ((x = PyIter_Next(rest))) {
        PyObject *g = PyDict_GetItemWithError(grads, x);
        int result = PyErr_Occurred() ? FAILED : DONE;
        if (g && g != Py_None) {
            Py_INCREF(g);
            result = pull_one(x, g, grads, rules, visits, tape, bundles, bundle);
            Py_DECREF(g);
        }
        if (result == LEAVE) return x;
        Py_DECREF(x);
        if (result == FAILED) return NULL;
    }
    return PyErr_Occurred() ? NULL : Py_NewRef(Py_None);
}

#define SHIFT 31 /* as in ir.py */

/* When nodes come, by their numbers in a dict. */
typedef struct {
    Stretch tape;
    PyObject *numbers;
    int64_t *turn;
    int64_t size;
} Turns;

/* The number of a node, 0 where it has none; -1 with an error set. */
static int64_t
number_of(Turns *all, PyObject *x)
{
    int64_t known = number_in(&all->tape, x);
    if (known >= 0 && known < all->size) return known;
    PyObject *found = PyDict_GetItemWithError(all->numbers, x);
    int64_t number = found ? whole(found) : 0;
    if (number < 0 || number >= all->size) PyErr_SetString(PyExc_ValueError, "this is no number of a node");
    return PyErr_Occurred() ? -1 : number;
}

/* When a node comes, leaves before all others; look for errors afterwards. */
static int64_t
when(Turns *all, PyObject *x)
{
    if (PyFloat_CheckExact(x)) return 0;
    if (IS_NODE(x)) {
        int64_t number = number_of(all, x);
        return number < 0 ? 0 : NODE(x)->row ? 4 * (all->turn[number] >> SHIFT) : -4 * number;
    }
    PyObject *elements = elements_of(x);
    int64_t last = 0;
    if (elements && !Py_EnterRecursiveCall(" in turns()")) {
        for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(elements); i++) {
            int64_t one = 1 + when(all, PyTuple_GET_ITEM(elements, i));
            if (!i || one > last) last = one;
        }
        Py_LeaveRecursiveCall();
    }
    Py_XDECREF(elements);
    return last;
}

typedef struct {
    int64_t key, place;
} Keyed;

/* Sort by key, those of one key in their order, with room for as many behind; return where they are then. */
static Keyed *
sorted(Keyed *from, int64_t count)
{
    Keyed *to = from + count, *other;
    int64_t low = 0, high = 0;
    for (int64_t i = 0; i < count; i++) {
        low = from[i].key < low ? from[i].key : low;
        high = from[i].key > high ? from[i].key : high;
    }
    uint64_t range = (uint64_t)high - (uint64_t)low;
    for (int shift = 0; shift < 64 && range >> shift; shift += 11, other = from, from = to, to = other) {
        int64_t starts[2049] = {0};
#define DIGIT(x) (((uint64_t)(x).key - (uint64_t)low) >> shift & 2047)
        for (int64_t i = 0; i < count; i++) starts[DIGIT(from[i]) + 1]++;
        for (int i = 0; i < 2048; i++) starts[i + 1] += starts[i];
        for (int64_t i = 0; i < count; i++) to[starts[DIGIT(from[i])]++] = from[i];
    }
    return from;
}

/* Put what one pass has made, `count` nodes from number `low` on, in order; its visits are so many items. */
static int
put_in_order(Turns *all, PyObject **visits, Py_ssize_t items, int64_t low, int64_t count)
{
    Keyed *keyed = PyMem_Malloc((2 * (size_t)count + 1) * sizeof *keyed), *in_order;
    if (!keyed) {
        PyErr_NoMemory();
        return FAILED;
    }
    int64_t done = 0;
    for (Py_ssize_t i = 0; i < items && !PyErr_Occurred(); i += 2) {
        int64_t end = done + whole(visits[i + 2]) - whole(visits[i]), key = 0;
        if (done < end) key = 1 - when(all, visits[i + 1]);
        for (; done < end && done < count; done++) keyed[done] = (Keyed){key, done};
    }
    /* A gradient comes when its node is visited, of several the first. */
    for (int64_t i = 0; i < count; i++) keyed[i].place = ~i;
    PyObject *y, *g;
    Py_ssize_t at = 0;
    while (!PyErr_Occurred() && PyDict_Next(visits[items + 1], &at, &y, &g)) {
        if (!IS_NODE(g)) continue;
        int64_t place = number_of(all, g) - low;
        if (place < 0 || place >= count) continue;
        int64_t key = -when(all, y);
        if (keyed[place].place < 0 || key < keyed[place].key) keyed[place] = (Keyed){key, place};
    }
    for (int64_t i = 0; i < count; i++) keyed[i].place = i;
    in_order = sorted(keyed, count);
    for (int64_t i = 0; i < count; i++)
        all->turn[low + in_order[i].place] = ((2 * (low + i) + 1) << SHIFT) + (1 << 30) + in_order[i].key;
    PyMem_Free(keyed);
    return PyErr_Occurred() ? FAILED : DONE;
}

/* turns(visits, nodes, base, start, numbers, turn, first): set when nodes come that passes back have made, as
   extract.py does under that name, in 64-bit numbers: nodes are numbered from a start, others in a dict, the tape
   from its first. */
PyObject *
graph_turns(PyObject *module, PyObject *args)
{
    if (!value_type) return set_up(0);
    PyObject *visits, *nodes;
    Py_buffer turn;
    Turns all;
    long long start, first;
    unsigned long base;
    if (!PyArg_ParseTuple(args, "O!O!kLO!w*L", &PyList_Type, &visits, &PyList_Type, &nodes, &base, &start,
                          &PyDict_Type, &all.numbers, &turn, &first))
        return NULL;
    all.turn = turn.buf;
    all.size = turn.len / 8;
    int failed = number_again(&all.tape, nodes, start, base) < 0;
    PyObject **at = PySequence_Fast_ITEMS(visits);
    Py_ssize_t from = 0;
    for (Py_ssize_t i = 0; !failed && i + 1 < PyList_GET_SIZE(visits); i += 2) {
        if (!PyDict_Check(at[i + 1])) continue;
        int64_t start = whole(at[from]), count = whole(at[i]) - start;
        if (PyErr_Occurred() || first < 0 || start < 0 || count < 0 || count > all.size || first > all.size
            || start > all.size - count - first) {
            if (!PyErr_Occurred()) PyErr_SetString(PyExc_ValueError, "these are no visits of passes back");
            break;
        }
        if (put_in_order(&all, at + from, i - from, first + start, count) < 0) break;
        from = i + 2;
    }
    PyBuffer_Release(&turn);
    return PyErr_Occurred() ? NULL : Py_NewRef(Py_None);
}

/* products(nodes, first): how many terms the scalar products in a list have together, from a place on. */
PyObject *
graph_products(PyObject *module, PyObject *args)
{
    PyObject *nodes;
    Py_ssize_t i, terms = 0;
    if (!PyArg_ParseTuple(args, "O!n", &PyList_Type, &nodes, &i)) return NULL;
    for (i = i < 0 ? 0 : i; value_type && i < PyList_GET_SIZE(nodes); i++) {
        PyObject *x = PyList_GET_ITEM(nodes, i);
        PyObject *vector = IS_NODE(x) && NODE(x)->kind == DOT ? NODE(x)->a : NULL;
        if (vector && PyTuple_CheckExact(vector)) terms += PyTuple_GET_SIZE(vector);
    }
    return PyLong_FromSsize_t(terms);
}
