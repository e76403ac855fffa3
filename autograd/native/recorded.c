/* A backward pass whose derivatives are nodes: sort, and the rules of nodes of operands in a row or a tuple,
   each as Python has written it down once. See backward.py, which this stands in for to the last node, and
   which has the word about all else. */

#include "node.h"
#include <stdlib.h>

enum { FAILED = -1, LEAVE = 0, DONE = 1 };

/* The operands that stand in a node itself or in one tuple; -1 where it has others. */
static Py_ssize_t
operands_at(PyObject *x, PyObject ***at)
{
    Node *node = NODE(x);
    if (!IS_NODE(x) || node->kind == RESULT || node->kind == DOT) return -1;
    if (node->kind == MANY) {
        *at = &PyTuple_GET_ITEM(node->a, 0);
        return PyTuple_GET_SIZE(node->a);
    }
    *at = &node->a;
    return node->kind == LEAF ? 0 : 1 + (node->b != NULL);
}

/* What waits for its turn, owned; at an odd address, what waits for nothing else any more. */
typedef struct {
    uintptr_t *at;
    size_t count, room;
} Stack;

static int
push(Stack *stack, PyObject *x, int is_last)
{
    if (stack->count == stack->room) {
        size_t room = stack->room ? 2 * stack->room : 64;
        uintptr_t *more = PyMem_Realloc(stack->at, room * sizeof *more);
        if (!more) {
            PyErr_NoMemory();
            return FAILED;
        }
        stack->at = more;
        stack->room = room;
    }
    stack->at[stack->count++] = (uintptr_t)Py_NewRef(x) | (is_last != 0);
    return DONE;
}

static int
push_below(Stack *stack, PyObject *x, PyObject *placed)
{
    if (!x || PyFloat_CheckExact(x) || PyDict_GetItemWithError(placed, x) == Py_True) return DONE;
    return PyErr_Occurred() ? FAILED : push(stack, x, 0);
}

/* Let one wait for what lies below it; LEAVE where it lies below itself. */
static int
descend(Stack *stack, PyObject *x, PyObject *placed, PyObject *below)
{
    PyObject *found = PyDict_GetItemWithError(placed, x), **at, *others = NULL;
    if (found || PyErr_Occurred()) return found == Py_True ? DONE : found ? LEAVE : FAILED;
    if (PyDict_SetItem(placed, x, Py_False) < 0 || push(stack, x, 1) < 0) return FAILED;
    Py_ssize_t count = operands_at(x, &at);
    if (count < 0) {
        PyObject *made = PyObject_CallOneArg(below, x);
        others = made ? PySequence_Tuple(made) : NULL;
        Py_XDECREF(made);
        if (!others) return FAILED;
        at = &PyTuple_GET_ITEM(others, 0);
        count = PyTuple_GET_SIZE(others);
    }
    int result = DONE;
    for (Py_ssize_t i = 0; i < count && result == DONE; i++) result = push_below(stack, at[i], placed);
    Py_XDECREF(others);
    return result;
}

/* sort(root, order, placed, below): append what lies below the root to a list, as backward.py does under that
   name; `below` tells what lies below anything but nodes with plain operands. Return a node that rests on
   itself, or None. */
PyObject *
graph_sort(PyObject *module, PyObject *args)
{
    if (!value_type) return set_up(0);
    PyObject *root, *order, *placed, *below, *cycle = NULL;
    if (!PyArg_ParseTuple(args, "OO!O!O", &root, &PyList_Type, &order, &PyDict_Type, &placed, &below))
        return NULL;
    Stack stack = {0};
    int result = push(&stack, root, 0);
    while (stack.count) {
        uintptr_t top = stack.at[--stack.count];
        PyObject *x = (PyObject *)(top & ~(uintptr_t)1);
        if (result == DONE && top & 1)
            result = PyList_Append(order, x) < 0 || PyDict_SetItem(placed, x, Py_True) < 0 ? FAILED : DONE;
        else if (result == DONE) {
            result = descend(&stack, x, placed, below);
            if (result == LEAVE) cycle = Py_NewRef(x);
        }
        Py_DECREF(x);
    }
    PyMem_Free(stack.at);
    return result == FAILED ? NULL : cycle ? cycle : Py_NewRef(Py_None);
}

/* reach(order, reached): add to a set, of nodes each after its operands, those that depend on what it holds. */
PyObject *
graph_reach(PyObject *module, PyObject *args)
{
    if (!value_type) return set_up(0);
    PyObject *order, *reached, **at;
    if (!PyArg_ParseTuple(args, "O!O!", &PyList_Type, &order, &PySet_Type, &reached)) return NULL;
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(order); i++) {
        PyObject *x = Py_NewRef(PyList_GET_ITEM(order, i)), *others = NULL;
        Py_ssize_t count = operands_at(x, &at);
        if (count < 0) {
            PyObject *made = PyObject_CallMethod(x, "_predecessors", NULL);
            others = made ? PySequence_Tuple(made) : NULL;
            Py_XDECREF(made);
            if (others) at = &PyTuple_GET_ITEM(others, 0), count = PyTuple_GET_SIZE(others);
        }
        int found = 0;
        for (Py_ssize_t k = 0; k < count && !found; k++) found = at[k] ? PySet_Contains(reached, at[k]) : 0;
        if (found > 0) found = PySet_Add(reached, x);
        Py_XDECREF(others);
        Py_DECREF(x);
        if (found < 0 || PyErr_Occurred()) return NULL;
    }
    Py_RETURN_NONE;
}

/* What a rule is kept by: its row, the number of operands where that may vary, and its constants. NULL
   without an error set where Python has the word. */
static PyObject *
key_of(Known *row, PyObject **at, Py_ssize_t count)
{
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
        PyObject *x = all[1 + i], *term = all[computed + i];
        if (!term) continue;
        PyObject *old = PyDict_GetItemWithError(grads, x), *sum = NULL;
        if (!old || old == Py_None) sum = PyErr_Occurred() ? NULL : Py_NewRef(term);
        else sum = PyNumber_Add(old, term);
        if (!sum || PyDict_SetItem(grads, x, sum) < 0) result = FAILED;
        Py_XDECREF(sum);
    }
    while (made > first) Py_XDECREF(all[--made]);
    return result;
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
pull_one(PyObject *x, PyObject *g, PyObject *grads, PyObject *rules, PyObject *visits, PyObject *tape)
{
    PyObject **at;
    Py_ssize_t count = operands_at(x, &at);
    if (count < 0) return LEAVE;
    if (count == 0) return visit(x, visits, tape);
    PyObject *key = key_of(&ROW(NODE(x)->row), at, count);
    PyObject *rule = key ? PyDict_GetItemWithError(rules, key) : NULL, *steps, *partials;
    Py_XDECREF(key);
    if (PyErr_Occurred()) return FAILED;
    if (!rule || rule == Py_None) return LEAVE;
    if (!PyArg_ParseTuple(rule, "O!O!", &PyTuple_Type, &steps, &PyTuple_Type, &partials)) return FAILED;
    if (visit(x, visits, tape) == FAILED) return FAILED;
    Py_ssize_t most = 1 + count + PyTuple_GET_SIZE(steps) + PyTuple_GET_SIZE(partials);
    PyObject *few[32], **all = most <= 32 ? few : PyMem_Malloc((size_t)most * sizeof *all);
    if (!all) {
        PyErr_NoMemory();
        return FAILED;
    }
    all[0] = x;
    for (Py_ssize_t i = 0; i < count; i++) all[1 + i] = at[i];
    int result = follow(steps, partials, g, grads, all, count);
    if (all != few) PyMem_Free(all);
    return result;
}

/* pull(rest, grads, rules, visits, tape): apply the chain rule at nodes of an iterator by rules that are
   written down, as backward.py has it in `_chain_rule_recorded`. Return the first at which Python has the
   word, or None at the end. */
PyObject *
graph_pull(PyObject *module, PyObject *args)
{
    if (!value_type) return set_up(0);
    PyObject *rest, *grads, *rules, *visits, *tape, *x;
    if (!PyArg_ParseTuple(args, "OO!O!O!O!", &rest, &PyDict_Type, &grads, &PyDict_Type, &rules, &PyList_Type,
                          &visits, &PyList_Type, &tape))
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
            result = pull_one(x, g, grads, rules, visits, tape);
            Py_DECREF(g);
        }
        if (result == LEAVE) return x;
        Py_DECREF(x);
        if (result == FAILED) return NULL;
    }
    return PyErr_Occurred() ? NULL : Py_NewRef(Py_None);
}

/* When nodes come, by their numbers in a dict. */
typedef struct {
    PyObject *numbers;
    int64_t *turn;
    int64_t size;
} Turns;

/* The number of a node, 0 where it has none; -1 with an error set. */
static int64_t
number_in(Turns *all, PyObject *x)
{
    PyObject *found = PyDict_GetItemWithError(all->numbers, x);
    int64_t number = found ? PyLong_AsLongLong(found) : 0;
    if (number < 0 || number >= all->size) PyErr_SetString(PyExc_ValueError, "this is no number of a node");
    return PyErr_Occurred() ? -1 : number;
}

/* When a node comes, leaves before all others; look for errors afterwards. */
static int64_t
when(Turns *all, PyObject *x)
{
    if (PyFloat_CheckExact(x)) return 0;
    if (IS_NODE(x)) {
        int64_t number = number_in(all, x);
        return number < 0 ? 0 : NODE(x)->row ? 4 * all->turn[number] : -4 * number;
    }
    PyObject *elements = PyObject_GetAttrString(x, "elements"), *tuple = NULL;
    if (elements) tuple = PySequence_Tuple(elements);
    Py_XDECREF(elements);
    int64_t last = 0;
    for (Py_ssize_t i = 0; tuple && i < PyTuple_GET_SIZE(tuple); i++) {
        int64_t one = 1 + when(all, PyTuple_GET_ITEM(tuple, i));
        if (!i || one > last) last = one;
    }
    Py_XDECREF(tuple);
    return last;
}

typedef struct {
    int64_t key, place;
} Keyed;

static int
compare(const void *x, const void *y)
{
    const Keyed *a = x, *b = y;
    return a->key != b->key ? (a->key > b->key) - (a->key < b->key) : (a->place > b->place) - (a->place < b->place);
}

/* Put what one pass has made, `count` nodes from number `low` on, in order; its visits are so many items. */
static int
put_in_order(Turns *all, PyObject **visits, Py_ssize_t items, int64_t low, int64_t count)
{
    Keyed *keyed = PyMem_Malloc(((size_t)count + 1) * sizeof *keyed);
    if (!keyed) {
        PyErr_NoMemory();
        return FAILED;
    }
    int64_t done = 0;
    for (Py_ssize_t i = 0; i < items; i += 2) {
        int64_t end = done + PyLong_AsLongLong(visits[i + 2]) - PyLong_AsLongLong(visits[i]), key = 0;
        if (done < end) key = 1 - when(all, visits[i + 1]);
        for (; done < end && done < count; done++) keyed[done] = (Keyed){key, done};
    }
    /* A gradient comes when its node is visited, of several the first. */
    for (int64_t i = 0; i < count; i++) keyed[i].place = ~i;
    PyObject *y, *g;
    Py_ssize_t at = 0;
    while (!PyErr_Occurred() && PyDict_Next(visits[items + 1], &at, &y, &g)) {
        if (!IS_NODE(g)) continue;
        int64_t place = number_in(all, g) - low;
        if (place < 0 || place >= count) continue;
        int64_t key = -when(all, y);
        if (keyed[place].place < 0 || key < keyed[place].key) keyed[place] = (Keyed){key, place};
    }
    for (int64_t i = 0; i < count; i++) keyed[i].place = i;
    qsort(keyed, (size_t)count, sizeof *keyed, compare);
    for (int64_t i = 0; i < count; i++) all->turn[low + keyed[i].place] = low + i;
    PyMem_Free(keyed);
    return PyErr_Occurred() ? FAILED : DONE;
}

/* turns(visits, numbers, turn, first): set when nodes come that passes back have made, as extract.py does under
   that name, in 64-bit numbers; the tape begins with node number `first`. */
PyObject *
graph_turns(PyObject *module, PyObject *args)
{
    if (!value_type) return set_up(0);
    PyObject *visits;
    Py_buffer turn;
    Py_ssize_t first;
    Turns all;
    if (!PyArg_ParseTuple(args, "O!O!w*n", &PyList_Type, &visits, &PyDict_Type, &all.numbers, &turn, &first))
        return NULL;
    all.turn = turn.buf;
    all.size = turn.len / 8;
    PyObject **at = PySequence_Fast_ITEMS(visits);
    Py_ssize_t from = 0;
    for (Py_ssize_t i = 0; i + 1 < PyList_GET_SIZE(visits); i += 2) {
        if (!PyDict_Check(at[i + 1])) continue;
        int64_t start = PyLong_AsLongLong(at[from]), count = PyLong_AsLongLong(at[i]) - start;
        if (PyErr_Occurred() || start < 0 || count < 0 || first + start + count > all.size) {
            if (!PyErr_Occurred()) PyErr_SetString(PyExc_ValueError, "these are no visits of passes back");
            break;
        }
        if (put_in_order(&all, at + from, i - from, first + start, count) < 0) break;
        from = i + 2;
    }
    PyBuffer_Release(&turn);
    return PyErr_Occurred() ? NULL : Py_NewRef(Py_None);
}
