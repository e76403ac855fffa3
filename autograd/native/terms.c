/* The passes over the terms of the compiler's graphs: see compiler/graph/simplify.py, which says what each does
   and why. Here they change columns in place, which are the caller's copies. */

#include "node.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { ONE = 0, CONST = 0, LANE = 3, SOP = 4, FIRST_ROW = 8, ARITY = 3 };
enum { KEPT = 1, STAYS = 2, SCATTERS = 4 }; /* marks: a node keeps its number; it stays; what it does */
enum { LINK = 1, UNIT = 2 };                /* terms that link two nodes; by a coefficient of 1 or -1 */
static const double LARGE = 18446744073709551616.0;

typedef struct {
    Py_ssize_t given, size, count, rows; /* nodes at first, and now; terms; rows, if they have operands */
    int16_t *kind;
    double *value, *coef;
    int64_t *primal, *turn, *number, *args, *node, *a, *b;
    uint8_t *mark, *over;
    /* Room, of nodes: ends of chains, with the products on the way and their bounds, and the next ones. */
    double *factor, *growth, *next_factor, *next_growth;
    int32_t *to, *list, *next, *own, *uses;
    uint8_t *lanes, *next_lanes, *flag;
    /* And of terms. */
    int32_t *table, *leader;
    uint8_t *changed, *gone, *link;
} Graph;

/* Leave out the terms that are gone. */
static void
sift(Graph *g)
{
    Py_ssize_t to = 0;
    while (to < g->count && !g->gone[to]) to++;
    for (Py_ssize_t i = to; i < g->count; i++) { /* without branches: to is behind i */
        g->node[to] = g->node[i];
        g->coef[to] = g->coef[i];
        g->a[to] = g->a[i];
        g->b[to] = g->b[i];
        g->over[to] = g->over[i];
        g->changed[to] = g->changed[i];
        to += !g->gone[i];
    }
    g->count = to;
}

/* Count the terms of each node. */
static void
count_terms(Graph *g)
{
    memset(g->own, 0, (size_t)(g->size + 1) * sizeof *g->own);
    for (Py_ssize_t i = 0; i < g->count; i++) g->own[g->node[i]]++;
}

/* Count how often each node is used; the number 1, not at all. */
static void
count_uses(Graph *g)
{
    memset(g->uses, 0, (size_t)g->size * sizeof *g->uses);
    for (Py_ssize_t i = 0; i < g->count; i++) {
        g->uses[g->a[i]]++;
        g->uses[g->b[i]]++;
    }
    for (Py_ssize_t v = 0; g->rows && v < g->size; v++)
        for (int64_t *x = g->args + v * ARITY, *end = x + ARITY; g->kind[v] >= FIRST_ROW && x < end; x++)
            if (*x >= 0) g->uses[*x]++;
    g->uses[ONE] = 0;
}

static void
canonical(Graph *g, int all)
{
    for (Py_ssize_t i = 0; i < g->count; i++) {
        if (!(all || g->changed[i]) || g->kind[g->node[i]] != SOP) continue;
        int64_t a = g->a[i], b = g->b[i];
        if (a != ONE && g->kind[a] == CONST) g->coef[i] *= g->value[a], a = ONE;
        if (b != ONE && g->kind[b] == CONST) g->coef[i] *= g->value[b], b = ONE;
        int swap = a == ONE || (b != ONE && b < a);
        g->a[i] = swap ? b : a;
        g->b[i] = swap ? a : b;
    }
}

/* Each sum has a hash table of its own, of twice as many places as it has terms, all in one array. */
static void
merge_equal(Graph *g, int all)
{
    Py_ssize_t found = 0, room = 0;
    memset(g->own, 0, (size_t)(g->size + 1) * sizeof *g->own);
    memset(g->flag, all, (size_t)g->size);
    for (Py_ssize_t i = 0; !all && i < g->count; i++)
        if (g->changed[i]) g->flag[g->node[i]] = 1;
    for (Py_ssize_t i = 0; i < g->count; i++)
        if (g->flag[g->node[i]] && g->kind[g->node[i]] == SOP) g->own[g->node[i] + 1] += 2, room += 2;
    if (!room) return;
    for (Py_ssize_t v = 0; v < g->size; v++) g->own[v + 1] += g->own[v];
    memset(g->table, -1, (size_t)room * sizeof *g->table);
    memset(g->gone, 0, (size_t)g->count);
    for (Py_ssize_t i = 0; i < g->count; i++) {
        int64_t v = g->node[i], a = g->a[i], b = g->b[i];
        int32_t start = g->own[v], places = g->own[v + 1] - start, other;
        g->leader[i] = -1;
        if (places <= 2) continue;
        uint64_t hash = ((uint64_t)a * 0x9E3779B97F4A7C15u + (uint64_t)b) * 0xBF58476D1CE4E5B9u;
        int32_t at = (int32_t)((hash >> 32) * (uint64_t)places >> 32);
        while ((other = g->table[start + at]) >= 0
               && (g->a[other] != a || g->b[other] != b || g->over[other] != g->over[i]))
            at = at + 1 < places ? at + 1 : 0;
        if (other < 0) g->table[start + at] = other = (int32_t)i;
        else found = 1, g->leader[i] = other;
        if (g->coef[i] < 0.0) g->gone[other] |= 2;
        else if (g->coef[i] != 0.0 || a != ONE) g->gone[other] |= 4; /* a zero has no sign */
    }
    if (!found) return;
    for (Py_ssize_t i = 0; i < g->count; i++) {
        int32_t other = g->leader[i];
        if (other < 0 || (g->gone[other] & 6) == 6) continue; /* what cancels stays */
        g->coef[other] += g->coef[i];
        g->gone[i] = 1;
    }
    for (Py_ssize_t i = 0; i < g->count; i++) g->gone[i] &= 1;
    sift(g);
}

static void
make_canonical(Graph *g)
{
    canonical(g, 1);
}

static void
merge_all(Graph *g)
{
    merge_equal(g, 1);
}

static void
settle_terms(Graph *g)
{
    canonical(g, 0);
    merge_equal(g, 0);
}

/* Tell whether no contribution reaches an adjoint: nothing flows there, nor further on. */
static int
is_empty(const Graph *g, int64_t v)
{
    return !g->own[v] && g->primal[v] >= 0 && g->kind[v] == SOP && !(g->mark[v] & KEPT);
}

/* Take away the terms with such a factor, and what becomes so; return whether there are any. */
static int
drop_dead(Graph *g)
{
    int found = 0, dead = 0;
    count_terms(g);
    for (Py_ssize_t v = 0; v < g->size; v++) found |= g->flag[v] = (uint8_t)is_empty(g, v);
    if (!found) return 0;
    memset(g->gone, 0, (size_t)g->count);
    for (int back = 0; found; back = !back) { /* there and back, since what reads a node may be on either side */
        found = 0;
        for (Py_ssize_t k = 0; k < g->count; k++) {
            Py_ssize_t i = back ? g->count - 1 - k : k;
            if (g->gone[i] || !(g->flag[g->a[i]] | g->flag[g->b[i]])) continue;
            found = dead = g->gone[i] = 1;
            g->own[g->node[i]]--;
            g->flag[g->node[i]] = (uint8_t)is_empty(g, g->node[i]);
        }
    }
    if (dead) sift(g);
    for (Py_ssize_t v = 0; g->rows && v < g->size; v++) {
        int64_t *x = g->args + v * ARITY;
        if (!(g->mark[v] & SCATTERS && g->flag[*x])) continue;
        g->kind[v] = CONST;
        g->mark[v] &= (uint8_t)~SCATTERS;
        x[0] = x[1] = x[2] = -1;
    }
    return 1;
}

static void
fold(Graph *g)
{
    for (;;) {
        int found = drop_dead(g), constant = 0;
        if (!found) memset(g->flag, 0, (size_t)g->size); /* 1: without contributions, or with others than numbers */
        for (Py_ssize_t i = 0; i < g->count; i++) g->flag[g->node[i]] |= g->a[i] != ONE || g->over[i];
        for (Py_ssize_t v = 0; v < g->size; v++) {
            g->flag[v] = !g->flag[v] && g->kind[v] == SOP && !(g->mark[v] & KEPT);
            constant |= g->flag[v];
        }
        if (!constant) return;
        for (Py_ssize_t i = 0; i < g->count; i++) {
            g->gone[i] = g->flag[g->node[i]];
            g->changed[i] = g->flag[g->a[i]] | g->flag[g->b[i]];
            if (g->gone[i]) g->value[g->node[i]] += g->coef[i];
        }
        for (Py_ssize_t v = 0; v < g->size; v++)
            if (g->flag[v]) g->kind[v] = CONST;
        sift(g);
        settle_terms(g);
    }
}

/* How far a number is from 1, as a factor of at least 1. */
static double
distance(double x)
{
    double size = fabs(x), inverse = size > 0.0 ? 1.0 / size : 1.0;
    return inverse > size ? inverse : size;
}

/* What `_chains` does: pointer doubling, so that products are of the same pairs. */
static void
follow(Graph *g, const int64_t *start, const int64_t *end, int links)
{
    Py_ssize_t left = 0, stay;
    for (Py_ssize_t v = 0; v < g->size; v++) {
        g->to[v] = (int32_t)v;
        g->factor[v] = g->growth[v] = 1.0;
        g->lanes[v] = 0;
    }
    for (Py_ssize_t i = 0; i < g->count; i++) {
        if (!(g->link[i] & links)) continue;
        int64_t v = start[i];
        g->list[left++] = (int32_t)v;
        g->to[v] = (int32_t)end[i];
        g->factor[v] = g->coef[i];
        g->growth[v] = distance(g->coef[i]);
        g->lanes[v] = g->over[i];
    }
    /* Of 1 and -1 products are the same in any order: two steps at a time, there and back. */
    for (int found = links == UNIT, back = 0; found; back = !back) {
        found = 0;
        for (Py_ssize_t k = 0; k < left; k++) {
            int32_t v = g->list[back ? left - 1 - k : k], to = g->to[v], end = g->to[to];
            if (end == to) continue;
            found = 1;
            g->factor[v] *= g->factor[to];
            g->lanes[v] |= g->lanes[to];
            g->to[v] = end;
        }
    }
    for (; links != UNIT && left; left = stay) {
        for (Py_ssize_t k = 0; k < left; k++) {
            int32_t v = g->list[k], to = g->to[v];
            g->next[k] = g->to[to];
            g->next_factor[k] = g->factor[v] * g->factor[to];
            g->next_growth[k] = g->growth[v] * g->growth[to];
            g->next_lanes[k] = g->lanes[v] | g->lanes[to];
        }
        stay = 0;
        for (Py_ssize_t k = 0; k < left; k++) {
            int32_t v = g->list[k];
            if (g->to[v] == g->next[k]) continue;
            g->list[stay++] = v;
            g->to[v] = g->next[k];
            g->factor[v] = g->next_factor[k];
            g->growth[v] = g->next_growth[k];
            g->lanes[v] = g->next_lanes[k];
        }
    }
}

/* What `_kept_in_sight` does: of all terms, by their factors; or of those that are no links, by their nodes. */
static int
in_sight(Graph *g, int by_nodes)
{
    memset(g->own, 0, (size_t)(g->size + 1) * sizeof *g->own);
    for (Py_ssize_t i = 0; i < g->count; i++) g->own[g->node[i]] += !(by_nodes && g->link[i]);
    for (Py_ssize_t i = 0; i < g->count; i++) {
        if ((by_nodes && g->link[i]) || g->a[i] == ONE) continue;
        int64_t x = by_nodes ? g->node[i] : g->a[i], y = by_nodes ? ONE : g->b[i];
        double coef = g->coef[i], growth = g->growth[x] * g->growth[y];
        if (distance(coef) * growth > LARGE) return 0;
        if (g->b[i] == ONE && g->own[g->node[i]] == 1 && fabs(coef * (g->factor[x] * g->factor[y])) == 1.0
            && (fabs(coef) != 1.0 || growth > 1.0))
            return 0;
    }
    return 1;
}

static void
absorb(Graph *g)
{
    Py_ssize_t inner = 0, units = 0;
    int links = LINK;
    count_uses(g);
    for (Py_ssize_t i = 0; i < g->count; i++) {
        int64_t x = g->a[i];
        g->link[i] = g->b[i] == ONE && g->uses[x] == 1 && g->kind[x] == SOP && !(g->mark[x] & KEPT)
                     && g->kind[g->node[i]] == SOP;
        if (!g->link[i]) continue;
        inner++;
        if (fabs(g->coef[i]) == 1.0) g->link[i] |= UNIT, units++;
    }
    if (!inner) return;
    if (units == inner) links = UNIT;
    follow(g, g->a, g->node, links);
    if (units < inner && !in_sight(g, 1)) follow(g, g->a, g->node, links = UNIT);
    for (Py_ssize_t i = 0; i < g->count; i++) {
        int64_t v = g->node[i];
        g->gone[i] = g->link[i] & links;
        g->changed[i] = g->to[v] != v;
        g->coef[i] *= g->factor[v];
        g->over[i] |= g->lanes[v];
        g->node[i] = g->to[v];
    }
    sift(g);
    merge_equal(g, 0);
}

/* Let all read other nodes in place of some; to be settled then. */
static void
redirect(Graph *g)
{
    for (Py_ssize_t i = 0; i < g->count; i++) {
        int64_t a = g->to[g->a[i]], b = g->to[g->b[i]];
        g->changed[i] = a != g->a[i] || b != g->b[i];
        g->a[i] = a;
        g->b[i] = b;
    }
    for (Py_ssize_t k = 0; g->rows && k < g->size * ARITY; k++)
        if (g->args[k] >= 0) g->args[k] = g->to[g->args[k]];
}

static void
alias(Graph *g)
{
    Py_ssize_t single = 0, units = 0;
    int links = LINK, bad = 0;
    count_terms(g);
    count_uses(g);
    memset(g->flag, 0, (size_t)g->size);
    for (Py_ssize_t v = 0; g->rows && v < g->size; v++)
        for (int64_t *x = g->args + v * ARITY, *end = x + ARITY; g->kind[v] >= FIRST_ROW && x < end; x++)
            if (*x >= 0) g->flag[*x] = 1;
    for (Py_ssize_t i = 0; i < g->count; i++)
        if (g->kind[g->node[i]] != SOP) g->flag[g->a[i]] = 1;
    for (Py_ssize_t i = 0; i < g->count; i++) {
        int64_t v = g->node[i];
        double coef = g->coef[i];
        g->link[i] = g->own[v] == 1 && g->b[i] == ONE && g->a[i] != ONE && !g->over[i] && g->kind[v] == SOP
                     && !(g->mark[v] & KEPT)
                     && (coef == 1.0 || ((coef == -1.0 || g->uses[v] == 1) && !g->flag[v]));
        if (!g->link[i]) continue;
        single++;
        if (fabs(coef) == 1.0) g->link[i] |= UNIT, units++;
    }
    if (!single) return;
    if (units == single) links = UNIT;
    follow(g, g->node, g->a, links);
    if (units < single && !in_sight(g, 0)) follow(g, g->node, g->a, links = UNIT);
    for (Py_ssize_t v = 0; v < g->size; v++) {
        if (g->factor[v] == 1.0 && g->growth[v] > 1.0) g->factor[v] = NAN;
        bad |= g->flag[v] && g->to[v] != v && g->factor[v] != 1.0;
    }
    for (Py_ssize_t v = 0; bad && v < g->size; v++) {
        if (g->factor[v] != 1.0) g->to[v] = (int32_t)v;
        g->factor[v] = 1.0;
    }
    for (Py_ssize_t i = 0; i < g->count; i++) {
        int64_t v = g->node[i];
        g->gone[i] = g->link[i] & links && !(bad && (g->coef[i] != 1.0 || g->to[v] == v));
        if (g->kind[v] == SOP) g->coef[i] *= g->factor[g->a[i]] * g->factor[g->b[i]];
    }
    redirect(g);
    sift(g);
    settle_terms(g);
}

/* Take a use of a node away; what is used no more, and does not stay, goes on the list. */
static Py_ssize_t
unused(Graph *g, int64_t v, Py_ssize_t listed)
{
    if (--g->uses[v] || g->mark[v] || (g->kind[v] <= LANE && g->kind[v] != CONST)) return listed;
    g->list[listed] = (int32_t)v;
    return listed + 1;
}

static void
compact(Graph *g)
{
    Py_ssize_t listed = 0, size = 0;
    count_uses(g);
    for (Py_ssize_t v = 0; v < g->size; v++)
        if (!g->uses[v]) g->uses[v] = 1, listed = unused(g, v, listed);
    if (!listed) return;
    count_terms(g); /* and group them by node: those of a node end where those of the next begin */
    for (Py_ssize_t v = 0; v < g->size; v++) g->own[v + 1] += g->own[v];
    for (Py_ssize_t i = 0; i < g->count; i++) g->table[--g->own[g->node[i]]] = (int32_t)i;
    memset(g->flag, 0, (size_t)g->size);
    while (listed) {
        int64_t v = g->list[--listed];
        g->flag[v] = 1;
        for (int32_t k = g->own[v]; k < g->own[v + 1]; k++) {
            listed = unused(g, g->a[g->table[k]], listed);
            listed = unused(g, g->b[g->table[k]], listed);
        }
        for (int64_t *x = g->args + v * ARITY, *end = x + ARITY; g->kind[v] >= FIRST_ROW && x < end; x++)
            if (*x >= 0) listed = unused(g, *x, listed);
    }
    for (Py_ssize_t v = 0; v < g->size; v++) g->to[v] = g->flag[v] ? -1 : (int32_t)size++;
    for (Py_ssize_t v = 0; v < g->size; v++) {
        int32_t to = g->to[v];
        if (to < 0) continue;
        g->kind[to] = g->kind[v];
        g->value[to] = g->value[v];
        g->primal[to] = g->primal[v] >= 0 ? g->to[g->primal[v]] : -1;
        g->turn[to] = g->turn[v];
        g->mark[to] = g->mark[v];
        for (int k = 0; g->rows && k < ARITY; k++) {
            int64_t x = g->args[v * ARITY + k];
            g->args[to * ARITY + k] = x >= 0 ? g->to[x] : -1;
        }
    }
    for (Py_ssize_t i = 0; i < g->count; i++) {
        g->gone[i] = g->flag[g->node[i]];
        g->node[i] = g->to[g->node[i]];
        g->a[i] = g->to[g->a[i]];
        g->b[i] = g->to[g->b[i]];
    }
    sift(g);
    for (Py_ssize_t i = 0; i < g->given; i++)
        if (g->number[i] >= 0) g->number[i] = g->to[g->number[i]];
    g->size = size;
}

static void
fuse_equal(Graph *g)
{
    for (int round = 0; round < 16 && g->rows; round++) {
        int found = 0;
        memset(g->table, -1, (size_t)(2 * g->rows) * sizeof *g->table);
        for (Py_ssize_t v = 0; v < g->size; v++) {
            const int64_t *x = g->args + v * ARITY;
            int32_t other;
            g->to[v] = (int32_t)v;
            if (g->kind[v] < FIRST_ROW || g->mark[v] & SCATTERS) continue;
            uint64_t hash = (uint64_t)g->kind[v];
            for (int k = 0; k < ARITY; k++)
                hash = (hash ^ hash >> 29 ^ (uint64_t)x[k]) * 0x9E3779B97F4A7C15u;
            Py_ssize_t at = (Py_ssize_t)((hash >> 32) * (uint64_t)(2 * g->rows) >> 32);
            while ((other = g->table[at]) >= 0
                   && (g->kind[other] != g->kind[v]
                       || memcmp(g->args + (int64_t)other * ARITY, x, ARITY * sizeof *x)))
                at = at + 1 < 2 * g->rows ? at + 1 : 0;
            if (other < 0) {
                g->table[at] = (int32_t)v;
                continue;
            }
            found = 1;
            if (g->mark[v] & KEPT) continue;
            g->to[v] = other;
            if (g->turn[v] < g->turn[other]) g->turn[other] = g->turn[v];
        }
        if (!found) return;
        redirect(g);
        settle_terms(g);
        compact(g);
    }
}

/* So many bytes of a block, in whole words; `left` is where the next ones begin. */
static void *
part(uintptr_t *left, Py_ssize_t bytes)
{
    uintptr_t own = *left;
    *left += (uintptr_t)(bytes + 7) / 8 * 8;
    return (void *)own;
}

/* Divide a block, and return where it must end. */
static uintptr_t
divide(Graph *g, void *block)
{
    Py_ssize_t n = g->size + 1, m = g->count;
    uintptr_t left = (uintptr_t)block;
    g->factor = part(&left, n * 8);
    g->growth = part(&left, n * 8);
    g->next_factor = part(&left, n * 8);
    g->next_growth = part(&left, n * 8);
    g->to = part(&left, n * 4);
    g->list = part(&left, n * 4);
    g->next = part(&left, n * 4);
    g->own = part(&left, n * 4);
    g->uses = part(&left, n * 4);
    g->table = part(&left, 8 * (m > g->rows ? m : g->rows));
    g->leader = part(&left, m * 4);
    g->lanes = part(&left, n);
    g->next_lanes = part(&left, n);
    g->flag = part(&left, n);
    g->changed = part(&left, m);
    g->gone = part(&left, m);
    g->link = part(&left, m);
    return left;
}

/* Whether so many numbers are nodes, or -1 where that is allowed. */
static int
are_nodes(const int64_t *x, Py_ssize_t count, Py_ssize_t size, int64_t least)
{
    int64_t bad = 0;
    for (Py_ssize_t i = 0; i < count; i++) bad |= x[i] < least || x[i] >= size;
    return !bad;
}

/* simplify(passes, columns): run passes, by their places in PASSES, over the columns of a graph, in place: kind,
   value, primal, turn, marks, number, operands of rows (where there are rows), and of the terms node,
   coefficient, both factors, whether over lanes. Returns how many nodes and terms are left. `number` becomes
   the number that each node has then, or -1. */
PyObject *
terms_simplify(PyObject *module, PyObject *args)
{
    enum { COLUMNS = 12, OPERANDS = 6, TERM = 7, PASSES = 7 };
    static const int width[COLUMNS] = {2, 8, 8, 8, 1, 8, 8 * ARITY, 8, 8, 8, 8, 1};
    static void (*const ways[])(Graph *) = {make_canonical, merge_all, fold, alias, compact, absorb, fuse_equal};
    Py_buffer columns[COLUMNS] = {{0}};
    PyObject *given, *result = NULL;
    const char *passes;
    void *block = NULL;
    Py_ssize_t length;
    if (!PyArg_ParseTuple(args, "y#O!", &passes, &length, &PyTuple_Type, &given)) return NULL;
    Py_ssize_t held = 0, ok = PyTuple_GET_SIZE(given) == COLUMNS;
    for (; ok && held < COLUMNS; held++)
        if (PyObject_GetBuffer(PyTuple_GET_ITEM(given, held), columns + held, PyBUF_WRITABLE) < 0) goto done;
    Graph g = {
        .kind = columns[0].buf, .value = columns[1].buf, .primal = columns[2].buf, .turn = columns[3].buf,
        .mark = columns[4].buf, .number = columns[5].buf, .args = columns[6].buf, .node = columns[7].buf,
        .coef = columns[8].buf, .a = columns[9].buf, .b = columns[10].buf, .over = columns[11].buf,
        .given = columns[4].len, .size = columns[4].len, .count = columns[11].len,
    };
    for (Py_ssize_t i = 0; i < held; i++) {
        Py_ssize_t rows = i < TERM ? g.size : g.count;
        ok = ok && (columns[i].len == rows * width[i] || (i == OPERANDS && !columns[i].len));
    }
    for (Py_ssize_t v = 0; ok && columns[OPERANDS].len && v < g.size; v++) g.rows += g.kind[v] >= FIRST_ROW;
    ok = ok && g.size > 0 && g.size < 1 << 29 && g.count < 1 << 29 && are_nodes(g.primal, g.size, g.size, -1)
         && are_nodes(g.number, g.size, g.size, -1) && are_nodes(g.node, g.count, g.size, 0)
         && are_nodes(g.a, g.count, g.size, 0) && are_nodes(g.b, g.count, g.size, 0)
         && are_nodes(g.args, columns[OPERANDS].len / 8, g.size, -1);
    if (!ok) PyErr_SetString(PyExc_ValueError, "these are no columns of a graph");
    else if (!(block = PyMem_Malloc(divide(&g, NULL)))) PyErr_NoMemory();
    else {
        divide(&g, block);
        for (; length--; passes++) ways[*passes % PASSES](&g);
        result = Py_BuildValue("nn", g.size, g.count);
    }
done:
    while (held--) PyBuffer_Release(columns + held);
    PyMem_Free(block);
    return result;
}

/* reach(producers, consumers, marked): mark all nodes that edges lead to from marked ones. */
PyObject *
terms_reach(PyObject *module, PyObject *args)
{
    Py_buffer from, to, mark;
    if (!PyArg_ParseTuple(args, "y*y*w*", &from, &to, &mark)) return NULL;
    Py_ssize_t edges = from.len / 8, size = mark.len, listed = 0;
    const int64_t *producers = from.buf, *consumers = to.buf;
    uint8_t *marked = mark.buf;
    int64_t *ends = NULL, *below, *list;
    int fits = from.len == to.len && are_nodes(producers, edges, size, 0) && are_nodes(consumers, edges, size, 0);
    if (!fits) PyErr_SetString(PyExc_ValueError, "these are no edges between so many nodes");
    else if (!(ends = PyMem_Calloc((size_t)(2 * size + edges + 1), 8))) PyErr_NoMemory();
    else {
        list = ends + size + 1;
        below = list + size;
        for (Py_ssize_t i = 0; i < edges; i++) ends[producers[i] + 1]++;
        for (Py_ssize_t v = 0; v < size; v++) {
            ends[v + 1] += ends[v];
            if (marked[v]) list[listed++] = v;
        }
        for (Py_ssize_t i = 0; i < edges; i++) below[ends[producers[i]]++] = consumers[i];
        while (listed) {
            int64_t v = list[--listed];
            for (int64_t k = v ? ends[v - 1] : 0; k < ends[v]; k++)
                if (!marked[below[k]]) marked[below[k]] = 1, list[listed++] = below[k];
        }
    }
    fits = ends != NULL;
    PyMem_Free(ends);
    PyBuffer_Release(&from);
    PyBuffer_Release(&to);
    PyBuffer_Release(&mark);
    return fits ? Py_NewRef(Py_None) : NULL;
}

typedef struct {
    uint64_t key;
    int64_t place; /* in the order in which keys are met */
} Class;

static int
in_order(const void *x, const void *y)
{
    uint64_t a = ((const Class *)x)->key, b = ((const Class *)y)->key;
    return a < b ? -1 : a > b;
}

/* numbered(keys): for each 64-bit number its place among the distinct ones, in order and without signs. */
PyObject *
terms_numbered(PyObject *module, PyObject *given)
{
    Py_buffer view;
    if (PyObject_GetBuffer(given, &view, PyBUF_SIMPLE) < 0) return NULL;
    const uint64_t *keys = view.buf;
    Py_ssize_t count = view.len / 8, found = 0, places = 2 * count + 1, at;
    PyObject *result = PyByteArray_FromStringAndSize(NULL, count * 8);
    /* As a rule few numbers are distinct: then little of these two is ever touched. */
    int64_t *table = PyMem_RawCalloc((size_t)places, sizeof *table);
    Class *classes = PyMem_RawMalloc((size_t)places * sizeof *classes);
    if (result && table && classes) {
        int64_t *number = (int64_t *)(void *)PyByteArray_AS_STRING(result);
        for (Py_ssize_t i = 0; i < count; i++) {
            uint64_t hash = keys[i] * 0x9E3779B97F4A7C15u;
            for (at = (Py_ssize_t)((hash >> 32) * (uint64_t)places >> 32);
                 table[at] && classes[table[at] - 1].key != keys[i];)
                at = at + 1 < places ? at + 1 : 0;
            if (!table[at]) {
                classes[found] = (Class){keys[i], found};
                table[at] = ++found;
            }
            number[i] = table[at] - 1;
        }
        qsort(classes, (size_t)found, sizeof *classes, in_order);
        for (Py_ssize_t k = 0; k < found; k++) table[classes[k].place] = k;
        for (Py_ssize_t i = 0; i < count; i++) number[i] = table[number[i]];
    } else {
        PyErr_NoMemory();
        Py_CLEAR(result);
    }
    PyMem_RawFree(table);
    PyMem_RawFree(classes);
    PyBuffer_Release(&view);
    return result;
}
