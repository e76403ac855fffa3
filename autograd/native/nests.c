/* Calls of NumPy on short arrays, one after the other, where calling takes longer than what is done: see
   compiler/backends/numpy/contract.py. Each is a nest of loops over what stands at some steps from another. */

#include "node.h"
#include <math.h>
#include <stddef.h>
#include <string.h>

/* As contract.py numbers them. */
enum { MULTIPLY, ADD, SUBTRACT, DIVIDE, COPY, TAKE, NEGATE, ROOT, LARGER, SMALLER, RESTRICT, SELECT, POSITIVE,
       LESS, LESS_EQUAL, MORE, MORE_EQUAL, WIDEN, EXP, LOG, LOG1P, TANH, SIN, COS,
       PRODUCTS, SUM, LARGEST, LEAST };
enum { GIVEN = 4, AXES = 4, MOST = 16, SHORT = 512, SHORT_SUM = 64, FEW = 96 };

typedef struct {
    int kind, axes;
    Py_ssize_t count[AXES], step[GIVEN][AXES];
    char *at[GIVEN]; /* the result, and operands */
} Nest;

static const char NAME[] = "chainrule.short";

static void
let_go(PyObject *calls)
{
    Py_XDECREF(PyCapsule_GetContext(calls));
    PyMem_Free(PyCapsule_GetPointer(calls, NAME));
}

/* Return calls that nobody else can make, with one of no axes behind them; they keep what their arrays are in,
   which is given away. */
static PyObject *
sealed(const Nest *nests, Py_ssize_t count, PyObject *kept)
{
    Nest *own = kept ? PyMem_Calloc((size_t)count + 1, sizeof *own) : NULL;
    PyObject *found = own ? PyCapsule_New(memcpy(own, nests, (size_t)count * sizeof *own), NAME, let_go) : NULL;
    if (found && !PyCapsule_SetContext(found, kept)) return found;
    if (!found) PyMem_Free(own);
    Py_XDECREF(found);
    Py_XDECREF(kept);
    return PyErr_Occurred() ? NULL : PyErr_NoMemory();
}

/* How far apart entries of an operand stand along an axis of all; -1 where it has others. */
static Py_ssize_t
step_along(const Py_buffer *x, int axis, int axes, Py_ssize_t count)
{
    int own = axis - axes + x->ndim;
    if (own < 0 || x->shape[own] == 1) return 0;
    return x->shape[own] == count ? x->strides[own] : -1;
}

/* Find the loops, those that are one as one. Whether there are few, and short ones. */
static int
find_loops(Nest *nest, const Py_buffer *views)
{
    int sums = nest->kind >= PRODUCTS, axes = views[0].ndim + sums, k = 0;
    Py_ssize_t total = 1;
    if (sums && !views[1].ndim) return 0;
    for (int x = 1; x < GIVEN; x++)
        if (views[x].ndim > axes) return 0;
    nest->axes = 0;
    for (int i = 0; i < axes; i++) {
        int is_sum = sums && i == axes - 1;
        Py_ssize_t step[GIVEN], joins = k > 0;
        Py_ssize_t count = is_sum ? views[1].shape[views[1].ndim - 1] : views[0].shape[i];
        total *= count;
        for (int x = 0; x < GIVEN; x++) {
            step[x] = x          ? step_along(&views[x], i, axes, count)
                      : is_sum   ? 0
                      : count > 1 ? views[0].strides[i]
                                  : 0;
            if (nest->kind == TAKE && x == 1) step[x] = 0;
            if (step[x] == -1) return 0;
            if (joins) joins = nest->step[x][k - 1] == step[x] * count;
        }
        if (count == 1 && !is_sum) continue;
        if (joins && !is_sum) {
            nest->count[k - 1] *= count;
        } else {
            if (k == AXES) return 0;
            nest->count[k++] = count;
        }
        for (int x = 0; x < GIVEN; x++) nest->step[x][k - 1] = step[x];
    }
    if (!k) {
        nest->count[k++] = 1;
        for (int x = 0; x < GIVEN; x++) nest->step[x][0] = 0;
    }
    nest->axes = k;
    if (nest->kind >= EXP && !sums && total > FEW) return 0; /* where NumPy has vector code */
    return total > 0 && total <= SHORT && (!sums || nest->count[k - 1] <= SHORT_SUM);
}

/* What numbers an operand has to have. */
static char
format_of(const Nest *nest, int which)
{
    if (nest->kind >= LESS && nest->kind <= MORE_EQUAL && !which) return '?';
    return nest->kind == TAKE && which > 1 ? 'l' : nest->kind == WIDEN && which ? 'b' : 'd';
}

/* short_call(kind, result, a, b, c): return a call for `short_rounds`; None where it is for NumPy. */
PyObject *
nests_make(PyObject *module, PyObject *args)
{
    Nest nest = {0};
    PyObject *given[GIVEN];
    Py_buffer views[GIVEN];
    int taken = 0, fits = 1;
    if (!PyArg_ParseTuple(args, "iOOOO", &nest.kind, &given[0], &given[1], &given[2], &given[3])) return NULL;
    if (nest.kind < 0 || nest.kind > LEAST) return PyErr_SetString(PyExc_ValueError, "no such kind"), NULL;
    while (fits && taken < GIVEN) {
        int flags = PyBUF_STRIDES | PyBUF_FORMAT | (taken ? 0 : PyBUF_WRITABLE);
        if (PyObject_GetBuffer(given[taken], &views[taken], flags)) break;
        Py_buffer *view = &views[taken];
        char format = view->format && strlen(view->format) == 1 ? *view->format : 0;
        if (taken == 1 && nest.kind == COPY && format == 'b') nest.kind = WIDEN;
        fits = view->ndim < MOST && format == format_of(&nest, taken);
        nest.at[taken++] = view->buf;
    }
    fits = fits && taken == GIVEN && find_loops(&nest, views);
    while (taken) PyBuffer_Release(&views[--taken]);
    PyErr_Clear();
    return fits ? sealed(&nest, 1, PyTuple_Pack(GIVEN, given[0], given[1], given[2], given[3])) : Py_NewRef(Py_None);
}

#define EACH_OF(type, result) \
    for (Py_ssize_t i = 0; i < count; i++) *(type *)(o + i * to) = (result); \
    break
#define EACH(result) EACH_OF(double, result)
#define X (*(const double *)(a + i * first))
#define Y (*(const double *)(b + i * second))
#define Z (*(const double *)(c + i * third))
#define SUM_OF(start, next) \
    sum = start; \
    for (Py_ssize_t i = 0; i < count; i++) sum = (next); \
    *(double *)o = sum; \
    break

static void
run(const Nest *nest)
{
    int last = nest->axes - 1, axis;
    Py_ssize_t turn[AXES] = {0}, count = nest->count[last];
    Py_ssize_t to = nest->step[0][last], first = nest->step[1][last], second = nest->step[2][last];
    Py_ssize_t third = nest->step[3][last];
    char *o = nest->at[0], *a = nest->at[1], *b = nest->at[2], *c = nest->at[3];
    double sum;
    do {
        switch (nest->kind) {
        case MULTIPLY: EACH(X * Y);
        case ADD: EACH(X + Y);
        case SUBTRACT: EACH(X - Y);
        case DIVIDE: EACH(X / Y);
        case COPY: EACH(X);
        case TAKE: EACH(((const double *)a)[*(const int64_t *)(b + i * second)]);
        case NEGATE: EACH(-X);
        case ROOT: EACH(sqrt(X));
        case LARGER: EACH(X >= Y || X != X ? X : Y);
        case SMALLER: EACH(X <= Y || X != X ? X : Y);
        case RESTRICT: EACH(X < 0.0 ? NAN : fabs(X));
        case SELECT: EACH(X != 0.0 ? Y : Z);
        case POSITIVE: EACH(X != X ? X : X > 0.0 ? 1.0 : 0.0);
        case LESS: EACH_OF(char, X < Y);
        case LESS_EQUAL: EACH_OF(char, X <= Y);
        case MORE: EACH_OF(char, X > Y);
        case MORE_EQUAL: EACH_OF(char, X >= Y);
        case WIDEN: EACH(*(a + i * first));
        case EXP: EACH(exp(X));
        case LOG: EACH(log(X));
        case LOG1P: EACH(log1p(X));
        case TANH: EACH(tanh(X));
        case SIN: EACH(sin(X));
        case COS: EACH(cos(X));
        case PRODUCTS: SUM_OF(0.0, sum + X * Y);
        case SUM: SUM_OF(0.0, sum + X);
        case LARGEST: SUM_OF(*(const double *)a, X > sum || X != X ? X : sum);
        case LEAST: SUM_OF(*(const double *)a, X < sum || X != X ? X : sum);
        }
        for (axis = last - 1; axis >= 0; axis--) {
            Py_ssize_t times = ++turn[axis] < nest->count[axis] ? 1 : 1 - nest->count[axis];
            o += times * nest->step[0][axis];
            a += times * nest->step[1][axis];
            b += times * nest->step[2][axis];
            c += times * nest->step[3][axis];
            if (times == 1) break;
            turn[axis] = 0;
        }
    } while (axis >= 0);
}

/* short_round(calls): make those of a round. */
PyObject *
nests_run(PyObject *module, PyObject *round)
{
    const Nest *all = PyCapsule_GetPointer(round, NAME);
    if (!all) return NULL;
    for (const Nest *nest = all; nest->axes; nest++) run(nest);
    Py_RETURN_NONE;
}

/* short_rounds(first, last, times, whole): return calls in a row for each of some rounds, from what `short_call`
   returned for the first and for the last, between which addresses move evenly; as one if `whole`. */
PyObject *
nests_join(PyObject *module, PyObject *args)
{
    PyObject *given[2], *found = NULL;
    Py_ssize_t times;
    int whole;
    if (!PyArg_ParseTuple(args, "O!O!np", &PyTuple_Type, &given[0], &PyTuple_Type, &given[1], &times, &whole))
        return NULL;
    Py_ssize_t size = PyTuple_GET_SIZE(given[0]), most = PY_SSIZE_T_MAX / (Py_ssize_t)sizeof(Nest) / 4;
    if (PyTuple_GET_SIZE(given[1]) != size || times < 1 || size < 1 || times > most / size)
        return PyErr_SetString(PyExc_ValueError, "as many calls, and a round at least, are needed"), NULL;
    Nest *made = PyMem_Calloc((size_t)(times * size + 1), sizeof *made);
    if (!made) return PyErr_NoMemory();
    for (Py_ssize_t i = 0; i < size; i++) {
        const Nest *first = PyCapsule_GetPointer(PyTuple_GET_ITEM(given[0], i), NAME), *last = NULL;
        if (first) last = PyCapsule_GetPointer(PyTuple_GET_ITEM(given[1], i), NAME);
        if (!last) goto done;
        int fits = !memcmp(first, last, offsetof(Nest, at));
        for (int x = 0; x < GIVEN; x++) {
            Py_ssize_t way = last->at[x] - first->at[x];
            fits = fits && (times > 1 ? way % (times - 1) == 0 : way == 0);
            for (Py_ssize_t k = 0; fits && k < times; k++) {
                Nest *nest = &made[k * size + i];
                if (!x) *nest = *first;
                nest->at[x] = first->at[x] + (times > 1 ? way / (times - 1) * k : 0);
            }
        }
        if (!fits) {
            PyErr_SetString(PyExc_ValueError, "calls of all rounds must be alike");
            goto done;
        }
    }
    found = whole ? sealed(made, times * size, PyTuple_Pack(2, given[0], given[1])) : PyList_New(times);
    for (Py_ssize_t k = 0; found && !whole && k < times; k++) {
        PyObject *round = sealed(&made[k * size], size, PyTuple_Pack(2, given[0], given[1]));
        if (round) PyList_SET_ITEM(found, k, round);
        else Py_CLEAR(found);
    }
done:
    PyMem_Free(made);
    return found;
}
