/* The passes over the terms of the compiler's graphs: see compiler/graph/simplify.py, which says what each does
   and why. Here they change a copy of the graph, in numbers of 32 bits. */

#include "node.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { ONE = 0, CONST = 0, LANE = 3, SOP = 4, FIRST_ROW = 8, ARITY = 3 };
/* Of a node: whether it keeps its number, stays, scatters; what it is; and whether it is dropped. */
enum { KEPT = 1, STAYS = 2, SCATTERS = 4, SUM = 8, NUMBER = 16, ROW = 32, ADJOINT = 64, DROPPED = 128 };
enum { NUMBERS = 1, OTHERS = 2 };            /* terms that a node has */
enum { EMPTY = 1, CONSTANT = 2 };            /* flags of sums: see `fold` */
enum { LINK = 1, UNIT = 2 };                 /* terms that link two nodes; by a coefficient of 1 or -1 */
enum { LANES = 1, PENDING = 2, FACTOR = 4 }; /* on a way: sums over lanes; its end is not known; factors but 1, -1 */
static const double LARGE = 18446744073709551616.0;

typedef struct {
    double coef;
    int32_t node, a, b;
    uint8_t over, link, gone;
} Term;

typedef struct {
    int32_t node, x[ARITY];
} Call;

typedef struct {
    Py_ssize_t size, count, rows, kinds, links; /* nodes, terms, rows now and as given, linking terms */
    int counted, edited, extrema; /* whether own, uses, has are right; whether anything has changed */
    const int16_t *kind;
    const int64_t *primal;
    double *value;
    int64_t *turn;
    Term *term;
    Call *row;
    uint8_t *is, *flag, *touched, *has, *way;
    int32_t *own, *uses, *to, *linked; /* its terms, and how often it is used; the number 1, not at all */
    double *factor, *growth;                    /* of ways, as are `to` and `way` */
    uintptr_t scratch;
} Graph;

/* So many bytes of a block, in whole words; `left` is where the next ones begin. */
static void *
part(uintptr_t *left, Py_ssize_t bytes)
{
    uintptr_t own = *left;
    *left += (uintptr_t)(bytes + 7) / 8 * 8;
    return (void *)own;
}

/* Leave out the terms that are gone. */
static void
sift(Graph *g)
{
    Term *to = g->term, *end = to + g->count;
    for (; to < end && !to->gone;) to++;
    for (Term *t = to; t < end; t++) /* without branches: `to` is behind t */
        *to = *t, to += !t->gone;
    g->count = to - g->term;
    g->edited = 1;
}

/* Begin to count: own, uses and has, of terms as they are noted. */
static void
begin(Graph *g)
{
    g->counted = 0;
    memset(g->own, 0, (size_t)g->size * sizeof *g->own);
    memset(g->uses, 0, (size_t)g->size * sizeof *g->uses);
    memset(g->has, 0, (size_t)g->size);
}

static inline void
note(const Graph *g, const Term *t)
{
    g->own[t->node]++;
    g->uses[t->a]++;
    if (t->b != ONE) g->uses[t->b]++;
    g->has[t->node] |= t->a != ONE || t->over ? OTHERS : NUMBERS;
}

static void
end(Graph *g)
{
    for (const Call *r = g->row, *last = r + g->rows; r < last; r++)
        for (int k = 0; k < ARITY; k++)
            if (r->x[k] >= 0) g->uses[r->x[k]]++;
    g->uses[ONE] = 0;
    g->counted = 1;
}

static void
count(Graph *g)
{
    if (g->counted) return;
    const Graph h = *g; /* of which loops know that nothing changes */
    begin(g);
    for (const Term *t = h.term, *last = t + h.count; t < last; t++) note(&h, t);
    end(g);
}

/* Bring a term of a sum into canonical form; return whether it was in another. */
static inline int
straighten(const Graph *g, Term *t)
{
    int32_t a = t->a, b = t->b;
    if (!(g->is[t->node] & SUM)) return 0;
    if (g->is[a] & NUMBER) t->coef *= g->value[a], a = ONE;
    if (g->is[b] & NUMBER) t->coef *= g->value[b], b = ONE;
    int swap = a == ONE || (b != ONE && b < a);
    int32_t first = swap ? b : a, second = swap ? a : b;
    if (first == t->a && second == t->b) return 0;
    t->a = first;
    t->b = second;
    return 1;
}

static void
canonical(Graph *g)
{
    const Graph h = *g;
    int found = 0;
    begin(g);
    for (Term *t = h.term, *last = t + h.count; t < last; t++) {
        found |= straighten(&h, t);
        note(&h, t);
    }
    end(g);
    g->edited |= found;
}

/* Each sum has a hash table of its own, of twice as many places as it has terms, all in one array. */
static void
merge_touched(Graph *g)
{
    uintptr_t left = g->scratch;
    int32_t *start = part(&left, (g->size + 1) * 4), *table = part(&left, g->count * 8);
    int32_t *pair = part(&left, g->count * 8), *last = pair, room = 0;
    count(g);
    const Graph h = *g;
    for (Py_ssize_t v = 0; v < h.size; v++) {
        start[v] = room;
        if (h.touched[v] && h.own[v] > 1 && h.is[v] & SUM) room += 2 * h.own[v];
    }
    start[h.size] = room;
    if (!room) return;
    memset(table, -1, (size_t)room * sizeof *table);
    for (int32_t i = 0; i < h.count; i++) {
        Term *t = h.term + i;
        int32_t *own = table + start[t->node], places = start[t->node + 1] - start[t->node], other;
        if (!places) continue;
        uint64_t hash = ((uint64_t)t->a * 0x9E3779B97F4A7C15u + (uint64_t)t->b) * 0xBF58476D1CE4E5B9u;
        int32_t at = (int32_t)((hash >> 32) * (uint64_t)places >> 32);
        Term *u = NULL;
        while ((other = own[at]) >= 0
               && (u = h.term + other, u->a != t->a || u->b != t->b || u->over != t->over))
            at = at + 1 < places ? at + 1 : 0;
        if (other < 0) {
            own[at] = i;
            u = t;
            u->link = 0;
        } else *last++ = i, *last++ = other;
        u->link |= t->coef < 0.0 ? 1 : t->coef == 0.0 && t->a == ONE ? 0 : 2; /* a zero has no sign */
    }
    for (Py_ssize_t found = last - pair; found > 0; found -= 2, pair += 2) {
        Term *t = g->term + pair[0], *u = g->term + pair[1];
        if (u->link == 3) continue; /* what cancels stays */
        u->coef += t->coef;
        t->gone = 1;
        g->own[t->node]--;
        g->uses[t->a] -= t->a != ONE;
        g->uses[t->b] -= t->b != ONE;
        g->edited = 2;
    }
    if (g->edited == 2) sift(g);
}

static void
merge_equal(Graph *g)
{
    memset(g->touched, 1, (size_t)g->size);
    merge_touched(g);
}

/* Tell whether no contribution reaches an adjoint: nothing flows there, nor further on. */
static inline int
is_empty(const Graph *g, int64_t v)
{
    return !g->has[v] && (g->is[v] & (ADJOINT | SUM | KEPT)) == (ADJOINT | SUM);
}

/* Take away the terms with such a factor, which flags tell, and what becomes so; return whether there are any. */
static int
drop_dead(Graph *g)
{
    const Graph h = *g;
    int dead = 0;
    for (int back = 0, found = 1; found; back = !back) { /* there and back, as readers may be on either side */
        found = 0;
        for (Py_ssize_t k = 0; k < h.count; k++) {
            Term *t = h.term + (back ? h.count - 1 - k : k);
            if (!((h.flag[t->a] | h.flag[t->b]) & EMPTY) || t->gone) continue;
            found = dead = t->gone = 1;
            if (--h.own[t->node]) continue;
            h.has[t->node] = 0;
            h.flag[t->node] = is_empty(&h, t->node) ? EMPTY : 0;
        }
    }
    if (dead) sift(g);
    Call *to = h.row;
    for (const Call *r = to, *last = r + h.rows; r < last; r++)
        if (h.is[r->node] & SCATTERS && h.flag[r->x[0]] & EMPTY) {
            h.is[r->node] = (uint8_t)((h.is[r->node] & ~(ROW | SCATTERS)) | NUMBER);
            dead = 1;
        } else *to++ = *r;
    g->rows = to - g->row;
    g->edited |= dead;
    g->counted &= !dead;
    return dead;
}

static void
fold(Graph *g)
{
    const Graph h = *g;
    for (;;) {
        int all = 0;
        count(g);
        for (Py_ssize_t v = 0; v < h.size; v++) {
            int found = (h.is[v] & (SUM | KEPT)) != SUM || h.has[v] & OTHERS ? 0
                        : !h.has[v] && h.is[v] & ADJOINT                     ? EMPTY
                                                                             : CONSTANT;
            h.flag[v] = (uint8_t)found;
            if (found && (found == CONSTANT || h.uses[v])) all |= found;
        }
        if (all & EMPTY && drop_dead(g)) continue;
        if (!(all & CONSTANT)) return;
        Term *to = h.term, *last = to + g->count;
        for (Term *t = to; t < last; t++)
            if (h.flag[t->node] & CONSTANT) h.value[t->node] += t->coef;
        for (Py_ssize_t v = 0; v < h.size; v++)
            if (h.flag[v] & CONSTANT) h.is[v] = (uint8_t)((h.is[v] & ~SUM) | NUMBER);
        memset(h.touched, 0, (size_t)h.size);
        begin(g);
        for (Term *t = to; t < last; t++) {
            if (h.flag[t->node] & CONSTANT) continue;
            if ((h.flag[t->a] | h.flag[t->b]) & CONSTANT) h.touched[t->node] = 1, straighten(&h, t);
            note(&h, t);
            *to++ = *t;
        }
        end(g);
        g->count = to - h.term;
        g->edited = 1;
        merge_touched(g);
    }
}

/* How far a number is from 1, as a factor of at least 1. */
static double
distance(double x)
{
    double size = fabs(x), inverse = size > 0.0 ? 1.0 / size : 1.0;
    return inverse > size ? inverse : size;
}

/* Lay out the listed terms that are such links, from factors to their sums, or back; list where they start. */
static Py_ssize_t
lay(const Graph *g, int up, int links, int32_t *list)
{
    Py_ssize_t found = 0;
    memset(g->way, 0, (size_t)g->size);
    for (Py_ssize_t v = 0; v < g->size; v++) g->to[v] = (int32_t)v;
    for (Py_ssize_t k = 0; k < g->links; k++) {
        const Term *t = g->term + g->linked[k];
        if (!(t->link & links)) continue;
        int32_t v = up ? t->a : t->node;
        list[found++] = v;
        g->to[v] = up ? t->node : t->a;
        g->factor[v] = t->coef;
        g->growth[v] = t->link & UNIT ? 1.0 : distance(t->coef);
        g->way[v] = (uint8_t)(PENDING | t->over | (t->link & UNIT ? 0 : FACTOR));
    }
    return found;
}

/* What there is on the way from a node: where it does not go on, nothing was set. */
static inline double
along(const Graph *g, const double *column, int32_t v)
{
    return g->to[v] == v ? 1.0 : column[v];
}

/* What `_chains` does. */
static void
follow(const Graph *all, int up, int links)
{
    const Graph h = *all, *g = &h;
    uintptr_t left = g->scratch;
    Py_ssize_t n = g->size, stay, deep = 0;
    int32_t *list = part(&left, n * 4), *next = part(&left, n * 4);
    double *factor = part(&left, n * 8), *growth = part(&left, n * 8);
    uint8_t *way = part(&left, n);
    Py_ssize_t found = lay(g, up, links, list);
    for (int32_t v = 0; v < n; v++) {
        Py_ssize_t high = 0;
        for (int32_t u = v; g->way[u] & PENDING; u = g->to[u]) {
            next[high++] = u;
            g->way[u] &= ~PENDING;
        }
        while (high--) {
            int32_t u = next[high], to = g->to[u];
            if (g->to[to] == to) continue;
            g->to[u] = g->to[to];
            g->factor[u] *= g->factor[to];
            g->growth[u] *= g->growth[to];
            int many = g->way[u] / FACTOR + g->way[to] / FACTOR;
            if (many > 2) many = 3, deep = 1;
            g->way[u] = (uint8_t)(many * FACTOR | ((g->way[u] | g->way[to]) & LANES));
        }
    }
    /* Of two factors products are the same in any order; of more, in that of pointer doubling. */
    for (found = deep ? lay(g, up, links, list) : 0; found; found = stay) {
        for (Py_ssize_t k = 0; k < found; k++) {
            int32_t v = list[k], to = g->to[v];
            next[k] = g->to[to];
            factor[k] = g->factor[v] * along(g, g->factor, to);
            growth[k] = g->growth[v] * along(g, g->growth, to);
            way[k] = g->way[v] | g->way[to];
        }
        stay = 0;
        for (Py_ssize_t k = 0; k < found; k++) {
            int32_t v = list[k];
            if (g->to[v] == next[k]) continue;
            list[stay++] = v;
            g->to[v] = next[k];
            g->factor[v] = factor[k];
            g->growth[v] = growth[k];
            g->way[v] = way[k];
        }
    }
}

/* What `_kept_in_sight` does: of all terms, by their factors; or of those that are no links, by their nodes. */
static int
in_sight(const Graph *g, int by_nodes)
{
    for (Py_ssize_t k = 0; by_nodes && k < g->links; k++) g->own[g->term[g->linked[k]].node]--;
    for (const Term *t = g->term, *end = t + g->count; t < end; t++) {
        if ((by_nodes && t->link) || t->a == ONE) continue;
        int32_t x = by_nodes ? t->node : t->a, y = by_nodes ? ONE : t->b;
        double coef = t->coef, growth = along(g, g->growth, x) * along(g, g->growth, y);
        if (fabs(coef) == 1.0 && growth == 1.0) continue;
        if (distance(coef) * growth > LARGE) return 0;
        if (t->b == ONE && g->own[t->node] == 1 && fabs(coef * (along(g, g->factor, x) * along(g, g->factor, y))) == 1.0
            && (fabs(coef) != 1.0 || growth > 1.0))
            return 0;
    }
    return 1;
}

/* Follow the links that have been listed, or those by 1 and -1 alone; return which. */
static int
followed(Graph *g, int up, Py_ssize_t units)
{
    int links = units == g->links ? UNIT : LINK;
    follow(g, up, links);
    if (links != UNIT && !in_sight(g, up)) follow(g, up, links = UNIT);
    g->edited = 1;
    begin(g);
    memset(g->touched, 0, (size_t)g->size);
    return links;
}

static void
absorb(Graph *g)
{
    Py_ssize_t units = 0;
    g->links = 0;
    count(g);
    const Graph h = *g;
    Term *to = h.term, *last = to + h.count;
    for (Term *t = to; t < last; t++) {
        t->link = t->b == ONE && h.uses[t->a] == 1 && (h.is[t->a] & (SUM | KEPT)) == SUM && h.is[t->node] & SUM;
        if (!t->link) continue;
        h.linked[g->links++] = (int32_t)(t - h.term);
        if (fabs(t->coef) == 1.0) t->link |= UNIT, units++;
    }
    if (!g->links) return;
    int links = followed(g, 1, units);
    for (const Term *t = to; t < last; t++) {
        int32_t v = t->node, top = h.to[v];
        if (t->link & links) continue;
        *to = *t;
        if (top != v) {
            to->coef *= h.factor[v];
            to->over |= h.way[v] & LANES;
            to->node = top;
            h.touched[top] = 1;
        }
        note(&h, to++);
    }
    end(g);
    g->count = to - h.term;
    merge_touched(g);
}

/* Let all read other nodes in place of some, and leave out what is gone. */
static void
redirect(Graph *g)
{
    const Graph h = *g;
    Term *to = h.term;
    for (Term *t = to, *last = t + h.count; t < last; t++) {
        int32_t a = h.to[t->a], b = h.to[t->b];
        if (t->gone) continue;
        if (a != t->a || b != t->b) {
            t->a = a;
            t->b = b;
            h.touched[t->node] = 1;
            straighten(&h, t);
        }
        note(&h, t);
        *to++ = *t;
    }
    for (Call *r = h.row, *last = r + h.rows; r < last; r++)
        for (int k = 0; k < ARITY; k++)
            if (r->x[k] >= 0) r->x[k] = h.to[r->x[k]];
    end(g);
    g->count = to - h.term;
    g->edited = 1;
    merge_touched(g);
}

static void
alias(Graph *g)
{
    Py_ssize_t units = 0;
    int bad = 0;
    g->links = 0;
    count(g);
    const Graph h = *g;
    Term *stop = h.term + h.count;
    memset(h.flag, 0, (size_t)h.size);
    for (const Call *r = h.row, *last = r + h.rows; r < last; r++)
        for (int k = 0; k < ARITY; k++)
            if (r->x[k] >= 0) h.flag[r->x[k]] = 1;
    for (const Term *t = h.term; h.extrema && t < stop; t++)
        if (!(h.is[t->node] & SUM)) h.flag[t->a] = 1;
    for (Term *t = h.term; t < stop; t++) {
        int32_t v = t->node;
        t->link = h.own[v] == 1 && t->b == ONE && t->a != ONE && !t->over && (h.is[v] & (SUM | KEPT)) == SUM
                  && (t->coef == 1.0 || ((t->coef == -1.0 || h.uses[v] == 1) && !h.flag[v]));
        if (!t->link) continue;
        h.linked[g->links++] = (int32_t)(t - h.term);
        if (fabs(t->coef) == 1.0) t->link |= UNIT, units++;
    }
    if (!g->links) return;
    int links = followed(g, 0, units);
    for (Py_ssize_t v = 0; v < h.size; v++) {
        if (h.to[v] == v) continue;
        if (h.factor[v] == 1.0 && h.growth[v] > 1.0) h.factor[v] = NAN;
        bad |= h.flag[v] && h.factor[v] != 1.0;
    }
    for (Py_ssize_t v = 0; bad && v < h.size; v++)
        if (h.to[v] != v && h.factor[v] != 1.0) h.to[v] = (int32_t)v;
    for (Term *t = h.term; t < stop; t++) {
        t->gone = t->link & links && !(bad && (t->coef != 1.0 || h.to[t->node] == t->node));
        if (h.is[t->node] & SUM) t->coef *= along(&h, h.factor, t->a) * along(&h, h.factor, t->b);
    }
    redirect(g);
}

/* Take a use of a node away; what is used no more, and does not stay, goes on the list. */
static int32_t *
unused(Graph *g, int32_t v, int32_t *list)
{
    if (v < 0 || --g->uses[v] || g->is[v] & (KEPT | STAYS | SCATTERS | DROPPED)) return list;
    *list = v;
    return list + 1;
}

static void
compact(Graph *g)
{
    uintptr_t left = g->scratch;
    int32_t *list = part(&left, g->size * 4), *start = part(&left, (g->size + 1) * 4);
    int32_t *table = part(&left, g->count * 4), *last = list, sum = 0;
    int grouped = 0, row = 0;
    count(g);
    for (int32_t v = 0; v < g->size; v++)
        if (!g->uses[v]) g->uses[v] = 1, last = unused(g, v, last);
    if (last == list) return;
    for (int32_t k = 0; k < g->rows; k++) g->to[g->row[k].node] = k;
    while (last > list) {
        int32_t v = *--last;
        if (g->own[v] && !grouped) { /* terms by node: those of a node end where those of the next begin */
            for (Py_ssize_t u = 0; u < g->size; u++) start[u] = sum += g->own[u];
            start[g->size] = sum;
            for (int32_t i = 0; i < g->count; i++) table[--start[g->term[i].node]] = i;
            grouped = 1;
        }
        for (int32_t k = g->own[v] ? start[v] : 0, end = g->own[v] ? start[v + 1] : 0; k < end; k++) {
            Term *t = g->term + table[k];
            t->gone = 1;
            last = unused(g, t->a, last);
            last = unused(g, t->b, last);
        }
        for (int k = 0; g->is[v] & ROW && k < ARITY; k++) last = unused(g, g->row[g->to[v]].x[k], last);
        row |= g->is[v] & ROW;
        g->own[v] = 0;
        g->is[v] = DROPPED;
    }
    if (grouped) sift(g);
    Call *to = g->row;
    for (const Call *r = to, *end = r + (row ? g->rows : 0); r < end; r++)
        if (!(g->is[r->node] & DROPPED)) *to++ = *r;
    if (row) g->rows = to - g->row;
    for (Py_ssize_t v = 0; v < g->size; v++)
        if (g->is[v] & ADJOINT && g->is[g->primal[v]] & DROPPED) g->is[v] &= (uint8_t)~ADJOINT;
    g->edited = 1;
}

static void
fuse_equal(Graph *g)
{
    for (int round = 0; round < 16; round++) {
        uintptr_t left = g->scratch;
        int32_t *table = part(&left, g->rows * 8), places = (int32_t)(2 * g->rows), found = 0;
        memset(table, -1, (size_t)places * sizeof *table);
        for (int32_t i = 0; i < g->rows; i++) {
            const Call *r = g->row + i, *s = NULL;
            int32_t v = r->node, other;
            if (g->is[v] & SCATTERS) continue;
            uint64_t hash = (uint64_t)g->kind[v];
            for (int k = 0; k < ARITY; k++)
                hash = (hash ^ hash >> 29 ^ (uint64_t)r->x[k]) * 0x9E3779B97F4A7C15u;
            int32_t at = (int32_t)((hash >> 32) * (uint64_t)places >> 32);
            while ((other = table[at]) >= 0
                   && (s = g->row + other, g->kind[s->node] != g->kind[v] || memcmp(s->x, r->x, sizeof r->x)))
                at = at + 1 < places ? at + 1 : 0;
            if (other < 0) {
                table[at] = i;
                continue;
            }
            for (int32_t u = 0; !found && u < g->size; u++) g->to[u] = u;
            found = 1;
            if (g->is[v] & KEPT) continue;
            g->to[v] = s->node;
            if (g->turn[v] < g->turn[s->node]) g->turn[s->node] = g->turn[v];
        }
        if (!found) return;
        memset(g->touched, 0, (size_t)g->size);
        begin(g);
        redirect(g);
        compact(g);
    }
}

/* Divide a block, and return where it must end. */
static uintptr_t
divide(Graph *g, void *block)
{
    Py_ssize_t n = g->size, m = g->count, most = 20 * m + 4 * n, way = 25 * n;
    uintptr_t left = (uintptr_t)block;
    g->term = part(&left, m * (Py_ssize_t)sizeof *g->term);
    g->row = part(&left, g->rows * (Py_ssize_t)sizeof *g->row);
    g->value = part(&left, n * 8);
    g->turn = part(&left, n * 8);
    g->factor = part(&left, n * 8);
    g->growth = part(&left, n * 8);
    g->own = part(&left, n * 4);
    g->uses = part(&left, n * 4);
    g->to = part(&left, n * 4);
    g->linked = part(&left, m * 4);
    g->is = part(&left, n);
    g->flag = part(&left, n);
    g->touched = part(&left, n);
    g->has = part(&left, n);
    g->way = part(&left, n);
    g->scratch = left;
    return left + (uintptr_t)(most > way ? most : way) + 64;
}

enum { KIND, VALUE, PRIMAL, TURN, MARK, OPERANDS, TERM, COLUMNS = TERM + 5 };
static const int WIDTH[COLUMNS] = {2, 8, 8, 8, 1, 8 * ARITY, 8, 8, 8, 8, 1};

/* Read columns into a graph; return whether they are those of one. */
static int
load(Graph *g, const Py_buffer *columns)
{
    const uint64_t *primal = columns[PRIMAL].buf, *args = columns[OPERANDS].buf, *node = columns[TERM].buf,
                   *a = columns[TERM + 2].buf, *b = columns[TERM + 3].buf;
    uint64_t n = (uint64_t)g->size, bad = 0; /* negative where a number, or what it lacks to the greatest, is */
    const double *coef = columns[TERM + 1].buf;
    const uint8_t *mark = columns[MARK].buf, *over = columns[TERM + 4].buf;
    Call *row = g->row;
    memcpy(g->value, columns[VALUE].buf, n * 8);
    memcpy(g->turn, columns[TURN].buf, n * 8);
    for (int32_t v = 0; v < g->size; v++) {
        int kind = g->kind[v], leaf = v == ONE || (kind > CONST && kind <= LANE);
        bad |= (primal[v] + 1) | (n - 1 - primal[v]);
        g->is[v] = (uint8_t)((mark[v] & (KEPT | STAYS | SCATTERS)) | (leaf ? STAYS : kind == CONST ? NUMBER : 0)
                             | (kind == SOP ? SUM : 0) | (g->primal[v] >= 0 ? ADJOINT : 0));
        g->extrema |= kind > SOP && kind < FIRST_ROW;
        if (kind < FIRST_ROW || !g->rows) continue;
        g->is[v] |= ROW;
        row->node = v;
        for (int k = 0; k < ARITY; k++) {
            uint64_t x = args[ARITY * (int64_t)v + k];
            bad |= (x + 1) | (n - 1 - x);
            row->x[k] = (int32_t)x;
        }
        row++;
    }
    for (Py_ssize_t i = 0; i < g->count; i++) {
        bad |= node[i] | (n - 1 - node[i]) | a[i] | (n - 1 - a[i]) | b[i] | (n - 1 - b[i]);
        g->term[i] = (Term){coef[i], (int32_t)node[i], (int32_t)a[i], (int32_t)b[i], over[i], 0, 0};
    }
    return !(bad >> 63);
}

/* Return columns of what is left, with the number that each node has then, or -1, and -1, for a mark. */
static PyObject *
stored(Graph *g)
{
    PyObject *found = PyTuple_New(COLUMNS);
    void *to[COLUMNS];
    int32_t size = 0;
    for (Py_ssize_t v = 0; v < g->size; v++) g->to[v] = g->is[v] & DROPPED ? -1 : size++;
    for (int i = 0; found && i < COLUMNS; i++) {
        Py_ssize_t rows = i == MARK ? g->size + 1 : i == OPERANDS && !g->kinds ? 0 : i < TERM ? size : g->count;
        PyObject *column = PyByteArray_FromStringAndSize(NULL, rows * (i == MARK ? 8 : WIDTH[i]));
        if (!column) Py_CLEAR(found);
        else to[i] = PyByteArray_AS_STRING(column), PyTuple_SET_ITEM(found, i, column);
    }
    if (!found) return NULL;
    int16_t *kind = to[KIND];
    int64_t *primal = to[PRIMAL], *turn = to[TURN], *number = to[MARK], *args = to[OPERANDS], *node = to[TERM],
            *a = to[TERM + 2], *b = to[TERM + 3];
    double *value = to[VALUE], *coef = to[TERM + 1];
    uint8_t *over = to[TERM + 4];
    for (Py_ssize_t v = 0; v < g->size; v++) {
        int64_t at = number[v] = g->to[v];
        if (at < 0) continue;
        kind[at] = g->is[v] & NUMBER ? CONST : g->kind[v];
        value[at] = g->value[v];
        primal[at] = g->is[v] & ADJOINT ? g->to[g->primal[v]] : -1;
        turn[at] = g->turn[v];
    }
    number[g->size] = -1;
    if (g->kinds) memset(args, -1, (size_t)size * ARITY * sizeof *args);
    for (const Call *r = g->row, *end = r + g->rows; r < end; r++)
        for (int k = 0; k < ARITY; k++)
            if (r->x[k] >= 0) args[ARITY * (int64_t)g->to[r->node] + k] = g->to[r->x[k]];
    for (Py_ssize_t i = 0; i < g->count; i++) {
        const Term *t = g->term + i;
        node[i] = g->to[t->node];
        coef[i] = t->coef;
        a[i] = g->to[t->a];
        b[i] = g->to[t->b];
        over[i] = t->over;
    }
    return found;
}

/* simplify(passes, columns): run passes, by their places in PASSES, over the columns of a graph: kind, value,
   primal, turn, marks, operands of rows (where there are rows), and of the terms node, coefficient, both factors,
   whether over lanes. Returns the columns of what they leave, and in place of the marks the number that each node
   has then, or -1, with -1 behind; None where nothing has changed. */
PyObject *
terms_simplify(PyObject *module, PyObject *args)
{
    static void (*const ways[])(Graph *) = {canonical, merge_equal, fold, alias, compact, absorb, fuse_equal};
    enum { PASSES = sizeof ways / sizeof *ways };
    Py_buffer columns[COLUMNS] = {{0}};
    PyObject *given, *result = NULL;
    const char *passes;
    void *block = NULL;
    Py_ssize_t length;
    if (!PyArg_ParseTuple(args, "y#O!", &passes, &length, &PyTuple_Type, &given)) return NULL;
    Py_ssize_t held = 0, ok = PyTuple_GET_SIZE(given) == COLUMNS;
    for (; ok && held < COLUMNS; held++)
        if (PyObject_GetBuffer(PyTuple_GET_ITEM(given, held), columns + held, PyBUF_SIMPLE) < 0) goto done;
    Graph g = {
        .kind = columns[KIND].buf, .primal = columns[PRIMAL].buf,
        .size = columns[MARK].len, .count = columns[COLUMNS - 1].len,
    };
    for (Py_ssize_t i = 0; i < held; i++) {
        Py_ssize_t rows = i < TERM ? g.size : g.count;
        ok = ok && (columns[i].len == rows * WIDTH[i] || (i == OPERANDS && !columns[i].len));
    }
    ok = ok && g.size > 0 && g.size < 1 << 29 && g.count < 1 << 29;
    for (Py_ssize_t v = 0; ok && columns[OPERANDS].len && v < g.size; v++) g.rows += g.kind[v] >= FIRST_ROW;
    g.kinds = g.rows;
    if (ok && !(block = PyMem_RawMalloc(divide(&g, NULL)))) {
        PyErr_NoMemory();
        goto done;
    }
    if (ok) divide(&g, block), ok = load(&g, columns);
    if (!ok) {
        PyErr_SetString(PyExc_ValueError, "these are no columns of a graph");
        goto done;
    }
    while (length--) ways[(uint8_t)*passes++ % PASSES](&g);
    result = g.edited ? stored(&g) : Py_NewRef(Py_None);
done:
    while (held--) PyBuffer_Release(columns + held);
    PyMem_RawFree(block);
    return result;
}

/* Whether so many numbers are nodes. */
static int
are_nodes(const int64_t *x, Py_ssize_t count, Py_ssize_t size)
{
    int64_t bad = 0;
    for (Py_ssize_t i = 0; i < count; i++) bad |= x[i] < 0 || x[i] >= size;
    return !bad;
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
    int fits = from.len == to.len && are_nodes(producers, edges, size) && are_nodes(consumers, edges, size);
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
