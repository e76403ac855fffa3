/* What the generated functions compute with beside C's own arithmetic: lists of doubles, and the arithmetic
   of Python's floats and `math` that C's library lacks. Nothing here knows an operation of the table.

   The engine includes it once; a compiled program, which several threads may run, defines OF_A_THREAD as what
   gives each thread a variable of its own. */

#ifndef AUTOGRAD_ARITHMETIC_H
#define AUTOGRAD_ARITHMETIC_H

#include <float.h>
#include <limits.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#if FLT_EVAL_METHOD != 0 || defined(__FAST_MATH__)
#error "doubles must be computed as doubles, by IEEE's rules"
#endif
#ifdef _MSC_VER
#pragma fp_contract(off) /* a product and a sum round twice, as in Python */
#endif

#ifndef OF_A_THREAD
#define OF_A_THREAD
#endif

/* A loop over a few numbers is written out, so that one around it may become vector instructions. */
#if defined(__clang__)
#define UNROLL _Pragma("clang loop unroll(full)")
#elif defined(__GNUC__)
#define UNROLL _Pragma("GCC unroll 32")
#else
#define UNROLL
#endif

/* Set where only Python knows. */
static OF_A_THREAD int unknown;
#define UNKNOWN \
    do { \
        unknown = 1; \
        return nothing; \
    } while (0)

/* Lists. Their memory is one piece that grows, and is used again by the next kernel. */

typedef struct {
    double *at;
    long n, room;
} List;

typedef struct {
    long start, step, count;
} Range;

#define NONE LONG_MIN
#define PIECE 4096
static OF_A_THREAD double first_piece[PIECE], *piece;
static OF_A_THREAD long piece_room, piece_used;
static OF_A_THREAD struct Old {
    struct Old *next;
} *old_pieces; /* full ones, in use until all lists are given up */

static inline void
give_up_lists(void)
{
    if (!piece) {
        piece = first_piece; /* which is no constant where each thread has one */
        piece_room = PIECE;
    }
    piece_used = 0;
    while (old_pieces) {
        struct Old *next = old_pieces->next;
        free(old_pieces);
        old_pieces = next;
    }
}

/* How much of the memory is in use, to go back to. */
typedef struct {
    const double *piece;
    long used;
} Mark;

static inline Mark
lists_so_far(void)
{
    return (Mark){piece, piece_used};
}

static inline void
give_back_lists(Mark mark)
{
    if (mark.piece == piece) piece_used = mark.used;
}

/* Room for n doubles; NULL with `unknown` set where there is no memory. */
static inline double *
room_for(long n)
{
    if (piece_room - piece_used < n) {
        long larger = 2 * (piece_room > n ? piece_room : n);
        /* The head of a piece links it to the others. */
        double *made = (double *)malloc(sizeof(struct Old) + (size_t)larger * sizeof(double));
        if (!made) {
            unknown = 1;
            return NULL;
        }
        if (piece && piece != first_piece) {
            struct Old *old = (struct Old *)(void *)((char *)piece - sizeof(struct Old));
            old->next = old_pieces;
            old_pieces = old;
        }
        piece = (double *)(void *)((char *)made + sizeof(struct Old));
        piece_room = larger;
        piece_used = 0;
    }
    piece_used += n;
    return piece + piece_used - n;
}

static inline List
empty(void)
{
    return (List){0};
}

static inline List
with_room(long n)
{
    double *at = room_for(n);
    return at ? (List){at, 0, n} : empty();
}

static inline List
list_of(long n, const double *x)
{
    List made = with_room(n);
    if (made.room) memcpy(made.at, x, (size_t)n * sizeof(double));
    made.n = made.room;
    return made;
}

static inline List
copied(List x)
{
    return list_of(x.n, x.at);
}

static inline List
joined(List a, List b)
{
    List made = with_room(a.n + b.n);
    if (!made.room) return made;
    if (a.n) memcpy(made.at, a.at, (size_t)a.n * sizeof(double));
    if (b.n) memcpy(made.at + a.n, b.at, (size_t)b.n * sizeof(double));
    made.n = made.room;
    return made;
}

static inline List
repeated(List x, long times)
{
    List made = with_room(times > 0 ? x.n * times : 0);
    for (; made.n < made.room; made.n++) made.at[made.n] = x.at[made.n % x.n];
    return made;
}

static inline void
append(List *x, double number)
{
    if (x->n == x->room) {
        List larger = with_room(2 * x->room + 16);
        if (!larger.room) return;
        if (x->n) memcpy(larger.at, x->at, (size_t)x->n * sizeof(double));
        larger.n = x->n;
        *x = larger;
    }
    x->at[x->n++] = number;
}

/* What a slice of a sequence of n elements counts through, as PySlice_AdjustIndices has it. */
static inline Range
range_of(long n, long start, long stop, long step)
{
    long low = step < 0 ? -1 : 0, high = step < 0 ? n - 1 : n;
    long from = start == NONE ? (step < 0 ? high : low) : start < 0 ? start + n : start;
    long to = stop == NONE ? (step < 0 ? low : high) : stop < 0 ? stop + n : stop;
    from = from < low ? low : from > high ? high : from;
    to = to < low ? low : to > high ? high : to;
    long count = step < 0 ? (from - to - step - 1) / -step : (to - from + step - 1) / step;
    return (Range){from, step, count > 0 ? count : 0};
}

static inline List
sliced(List x, Range r)
{
    List made = with_room(r.count);
    for (; made.n < made.room; made.n++) made.at[made.n] = x.at[r.start + made.n * r.step];
    return made;
}

static inline List
part(List x, long from, long to)
{
    return (List){x.at + from, to - from, to - from};
}

static inline int
contains(List x, double number)
{
    for (long i = 0; i < x.n; i++)
        if (x.at[i] == number) return 1;
    return 0;
}

static inline long
index_of(List x, double number)
{
    for (long i = 0; i < x.n; i++)
        if (x.at[i] == number) return i;
    return -1;
}

static inline long
count_of(List x, double number)
{
    long count = 0;
    for (long i = 0; i < x.n; i++) count += x.at[i] == number;
    return count;
}

/* Python's arithmetic. */

static inline double
float_mod(double a, double b)
{
    double mod = fmod(a, b);
    if (mod != 0.0) return (b < 0.0) != (mod < 0.0) ? mod + b : mod;
    return copysign(0.0, b);
}

static inline double
float_floordiv(double a, double b)
{
    double mod = fmod(a, b), div = (a - mod) / b;
    if (mod != 0.0 && (b < 0.0) != (mod < 0.0)) div -= 1.0;
    if (div == 0.0) return copysign(0.0, a / b);
    double whole = floor(div);
    return div - whole > 0.5 ? whole + 1.0 : whole;
}

static inline double
scaled(double x, long exponent)
{
    if (x == 0.0 || !isfinite(x)) return x;
    return ldexp(x, (int)(exponent > 100000 ? 100000 : exponent < -100000 ? -100000 : exponent));
}

/* The sum of numbers of ordinary size, with the rounding errors of the additions (Knuth, TAOCP 4.2.2, theorem
   B); 0 where that leaves open to which double it rounds. */
static inline int
sum_of_ordinary(List x, double *y)
{
    double high = 0.0, low = 0.0, size = 0.0;
    int is_large = 0;
    for (long i = 0; i < x.n; i++) {
        double s = high + x.at[i], t = s - high, lost = (high - (s - t)) + (x.at[i] - t);
        is_large |= !(fabs(s) < 1e300);
        high = s;
        low += lost;
        size += fabs(lost);
    }
    double unsure = size * 0x1p-52 * (double)x.n, least = high + (low - unsure), most = high + (low + unsure);
    *y = most;
    return least == most && !is_large;
}

/* math.fsum, by Shewchuk's partial sums; status is 1 or 2 where Python raises OverflowError or ValueError. */
static inline double
sum_exactly(List x, int *status)
{
    double own[32], *partial = own, special = 0.0, infinite = 0.0, ordinary;
    long count = 0, room = 32;
    if (sum_of_ordinary(x, &ordinary)) return ordinary;
    for (long k = 0; k < x.n; k++) {
        double v = x.at[k], start = v;
        long kept = 0;
        for (long j = 0; j < count; j++) {
            double u = partial[j];
            if (fabs(v) < fabs(u)) {
                double t = v;
                v = u;
                u = t;
            }
            double high = v + u, low = u - (high - v);
            if (low != 0.0) partial[kept++] = low;
            v = high;
        }
        count = kept;
        if (v == 0.0) continue;
        if (!isfinite(v)) {
            if (isfinite(start)) {
                *status = 1;
                return 0.0;
            }
            if (isinf(start)) infinite += start;
            special += start;
            count = 0;
            continue;
        }
        if (count == room) {
            double *more = room_for(2 * room);
            if (!more) {
                *status = 3;
                return 0.0;
            }
            memcpy(more, partial, (size_t)room * sizeof(double));
            partial = more;
            room *= 2;
        }
        partial[count++] = v;
    }
    if (special != 0.0) {
        if (isnan(infinite)) *status = 2;
        return special;
    }
    double high = 0.0, low = 0.0;
    if (count) {
        high = partial[--count];
        while (count) {
            double v = high, u = partial[--count];
            high = v + u;
            low = u - (high - v);
            if (low != 0.0) break;
        }
        /* Round half to even across the parts that are left. */
        if (count && ((low < 0.0 && partial[count - 1] < 0.0) || (low > 0.0 && partial[count - 1] > 0.0))) {
            double u = low * 2.0, v = high + u;
            if (u == v - high) high = v;
        }
    }
    return high;
}

/* A product of any length: two doubles, some 100 bits, times a power of two. */
typedef struct {
    double high, low;
    long exponent;
} Product;

/* The same with a first double that further products leave in the range. */
static inline Product
in_range(Product a)
{
    if (fabs(a.high) > 1e-100 && fabs(a.high) < 1e100) return a;
    int exponent = 0;
    double high = frexp(a.high, &exponent);
    return (Product){high, ldexp(a.low, -exponent), a.exponent + exponent};
}

/* A product and its rounding error (Dekker 1971). */
static inline Product
two_doubles(double a, double b)
{
    double p = a * b, c = 134217729.0 * a, d = 134217729.0 * b;
    double a1 = c - (c - a), b1 = d - (d - b), a2 = a - a1, b2 = b - b1;
    return (Product){p, a2 * b2 - (((p - a1 * b1) - a2 * b1) - a1 * b2), 0};
}

static inline Product
times(Product a, Product b)
{
    Product p = two_doubles(a.high, b.high);
    double lost = p.low + (a.high * b.low + a.low * b.high), high = p.high + lost;
    return in_range((Product){high, lost - (high - p.high), a.exponent + b.exponent});
}

/* The double next to it, where the rounding errors of so many steps leave no choice; else Python knows. */
static inline double
rounded(Product a, long steps)
{
    double unsure = fabs(a.high) * 0x1p-100 * (double)(steps + 1);
    double least = a.high + (a.low - unsure), most = a.high + (a.low + unsure);
    if (least != most) unknown = 1;
    return scaled(most, a.exponent);
}

/* elementary.prod: the product, rounded once. */
static inline double
product(List x)
{
    Product y = {1.0, 0.0, 0};
    int decided = 0;
    for (long i = 0; i < x.n; i++) decided |= x.at[i] == 0.0 || !isfinite(x.at[i]);
    if (decided) { /* a zero, an infinity or NaN decides, and the signs */
        for (long i = 0; i < x.n; i++)
            y.high *= x.at[i] != 0.0 && isfinite(x.at[i]) ? copysign(1.0, x.at[i]) : x.at[i];
        return y.high;
    }
    for (long i = 0; i < x.n; i++) y = times(y, in_range((Product){x.at[i], 0.0, 0}));
    return rounded(y, x.n);
}

/* elementary.products_of_others: what stands before each factor times what stands behind it, rounded once. */
static inline List
products_of_others(List x)
{
    List made = with_room(x.n), highs = with_room(x.n), lows = with_room(x.n), exponents = with_room(x.n);
    if (unknown) return empty();
    Product before = {1.0, 0.0, 0}, behind = before;
    for (long i = x.n - 1; i >= 0; i--) {
        highs.at[i] = behind.high, lows.at[i] = behind.low, exponents.at[i] = (double)behind.exponent;
        behind = times(behind, in_range((Product){x.at[i], 0.0, 0}));
    }
    for (; made.n < x.n; made.n++) {
        Product others = {highs.at[made.n], lows.at[made.n], (long)exponents.at[made.n]};
        made.at[made.n] = rounded(times(before, others), x.n);
        before = times(before, in_range((Product){x.at[made.n], 0.0, 0}));
    }
    return made;
}

/* The root of the sum of squares of ordinary size, rounded once; 0 where that leaves open to which double it
   rounds. */
static inline int
length_of_ordinary(List x, double *y)
{
    double high = 0.0, low = 0.0, steps = (double)x.n + 1.0;
    for (long i = 0; i < x.n; i++) {
        Product p = two_doubles(x.at[i], x.at[i]);
        double s = high + p.high, t = s - high;
        low += ((high - (s - t)) + (p.high - t)) + p.low;
        high = s;
    }
    if (!(high > 1e-200 && high < 1e200)) return 0;
    Product square = two_doubles(sqrt(high), sqrt(high));
    double root = sqrt(high), rest = ((high - square.high) - square.low + low) / (2.0 * root);
    double unsure = root * 0x1p-100 * steps * steps;
    double least = root + (rest - unsure), most = root + (rest + unsure);
    *y = most;
    return least == most;
}

#endif
