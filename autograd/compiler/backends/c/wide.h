/* Numbers with 192 bits and exponents that do not end, for functions whose doubles would lose all their
   digits next to a zero or a pole. Slower than doubles by a factor of a hundred or so. Included by special.h.
 */
#ifndef CHAINRULE_C_WIDE_H
#define CHAINRULE_C_WIDE_H

#define CR_LIMBS 6

/* sign * 0.limb[0] limb[1] ... * 2^exponent, the first bit being 1; sign is 0 for zero. */
typedef struct {
    int sign;
    int64_t exponent;
    uint32_t limb[CR_LIMBS];
} cr_wide;

static const cr_wide cr_pi = {1, 2, {0xc90fdaa2, 0x2168c234, 0xc4c6628b, 0x80dc1cd1, 0x29024e08, 0x8a67cc74}};
static const cr_wide cr_ln2 = {
    1, 0, {0xb17217f7, 0xd1cf79ab, 0xc9e3b398, 0x03f2f6af, 0x40f34326, 0x7298b62e}};
static const cr_wide cr_half_log_2pi = {
    1, 0, {0xeb3f8e43, 0x25f5a534, 0x94bc9001, 0x44192023, 0xcfb08f8d, 0x13458b4e}};

/* A finite double, exactly. */
CR_RARE cr_wide cr_wide_from(double x) {
    cr_wide w = {(x > 0.0) - (x < 0.0), 0, {0}};
    int e;
    uint64_t bits = (uint64_t)ldexp(frexp(fabs(x), &e), 53) << 11;
    w.exponent = e;
    w.limb[0] = (uint32_t)(bits >> 32);
    w.limb[1] = (uint32_t)bits;
    return w;
}

/* A small number that the formulas name. */
CR_RARE cr_wide cr_whole(double x) { return cr_wide_from(x); }

/* The nearest double, ties to even, subnormal ones included. */
CR_RARE double cr_double(cr_wide w) {
    if (w.sign == 0) return 0.0;
    if (w.exponent > 1024) return w.sign * (double)INFINITY;
    if (w.exponent < -1075) return w.sign * 0.0;
    int keep =
        w.exponent < -1021 ? (int)(w.exponent + 1074) : 53; /* 53 bits, or what is left above 2^-1074 */
    uint64_t bits = ((uint64_t)w.limb[0] << 32) | w.limb[1];
    uint64_t rest = w.limb[2] | w.limb[3] | w.limb[4] | w.limb[5];
    uint64_t whole = keep > 0 ? bits >> (64 - keep) : 0, below = keep > 0 ? bits << keep : bits;
    if (keep < 0) below = bits >> 1, rest |= bits & 1;
    uint64_t half = (uint64_t)1 << 63;
    if (below > half || (below == half && (rest || (whole & 1)))) whole++;
    return w.sign * ldexp((double)whole, (int)(w.exponent - keep));
}

CR_RARE cr_wide cr_negative(cr_wide w) {
    w.sign = -w.sign;
    return w;
}

/* Move the first bit to the top; `extra` follows the last limb. */
CR_RARE cr_wide cr_normal(cr_wide w, uint32_t extra) {
    int first = 0;
    while (first < CR_LIMBS && w.limb[first] == 0) first++;
    if (first == CR_LIMBS) return (cr_wide){0, 0, {0}};
    for (int i = 0; i < CR_LIMBS && first > 0; i++) {
        w.limb[i] = i + first < CR_LIMBS ? w.limb[i + first] : i + first == CR_LIMBS ? extra : 0;
    }
    if (first > 0) extra = 0;
    w.exponent -= 32 * first;
    int shift = 0;
    while (!((w.limb[0] << shift) & 0x80000000u)) shift++;
    if (shift > 0) {
        for (int i = 0; i < CR_LIMBS; i++) {
            w.limb[i] = (w.limb[i] << shift) | ((i + 1 < CR_LIMBS ? w.limb[i + 1] : extra) >> (32 - shift));
        }
        w.exponent -= shift;
    }
    return w;
}

CR_RARE int cr_below(const cr_wide *a, const cr_wide *b) {
    if (a->exponent != b->exponent) return a->exponent < b->exponent;
    for (int i = 0; i < CR_LIMBS; i++) {
        if (a->limb[i] != b->limb[i]) return a->limb[i] < b->limb[i];
    }
    return 0;
}

CR_RARE cr_wide cr_add(cr_wide a, cr_wide b) {
    if (a.sign == 0) return b;
    if (b.sign == 0) return a;
    if (cr_below(&a, &b)) {
        cr_wide swapped = a;
        a = b, b = swapped;
    }
    int64_t distance = a.exponent - b.exponent;
    if (distance >= 32 * (CR_LIMBS + 1)) return a;
    /* b at a's exponent, with one limb more. */
    uint32_t moved[CR_LIMBS + 1] = {0}, extra = 0;
    int limbs = (int)(distance / 32), bits = (int)(distance % 32);
    for (int i = 0; i < CR_LIMBS; i++) {
        uint64_t two = ((uint64_t)b.limb[i] << 32) >> bits;
        moved[i + limbs] |= (uint32_t)(two >> 32);
        if (i + limbs + 1 <= CR_LIMBS) moved[i + limbs + 1] |= (uint32_t)two;
        if (i + limbs >= CR_LIMBS) break;
    }
    if (a.sign == b.sign) {
        uint64_t carry = 0;
        extra = moved[CR_LIMBS];
        for (int i = CR_LIMBS - 1; i >= 0; i--) {
            carry += (uint64_t)a.limb[i] + moved[i];
            a.limb[i] = (uint32_t)carry;
            carry >>= 32;
        }
        if (carry) {
            for (int i = CR_LIMBS - 1; i >= 0; i--)
                a.limb[i] = (a.limb[i] >> 1) | ((i > 0 ? a.limb[i - 1] : 1u) << 31);
            a.exponent++;
        }
        return a;
    }
    int64_t borrow = -(int64_t)moved[CR_LIMBS];
    extra = (uint32_t)borrow;
    borrow = borrow < 0 ? -1 : 0;
    for (int i = CR_LIMBS - 1; i >= 0; i--) {
        borrow += (int64_t)a.limb[i] - moved[i];
        a.limb[i] = (uint32_t)borrow;
        borrow = borrow < 0 ? -1 : 0;
    }
    return cr_normal(a, extra);
}

CR_RARE cr_wide cr_sub(cr_wide a, cr_wide b) { return cr_add(a, cr_negative(b)); }

CR_RARE cr_wide cr_mul(cr_wide a, cr_wide b) {
    uint32_t product[2 * CR_LIMBS] = {0};
    cr_wide w = {a.sign * b.sign, a.exponent + b.exponent, {0}};
    if (w.sign == 0) return (cr_wide){0, 0, {0}};
    for (int i = CR_LIMBS - 1; i >= 0; i--) {
        uint64_t carry = 0;
        for (int j = CR_LIMBS - 1; j >= 0; j--) {
            carry += (uint64_t)a.limb[i] * b.limb[j] + product[i + j + 1];
            product[i + j + 1] = (uint32_t)carry;
            carry >>= 32;
        }
        product[i] = (uint32_t)carry;
    }
    memcpy(w.limb, product, sizeof w.limb);
    return cr_normal(w, product[CR_LIMBS]);
}

/* The reciprocal by Newton's method from a double's 53 bits, then one product. */
CR_RARE cr_wide cr_div(cr_wide a, cr_wide b) {
    cr_wide one = cr_wide_from(1.0), m = b;
    m.exponent = 0;
    cr_wide r = cr_wide_from(1.0 / cr_double(m));
    for (int i = 0; i < 2; i++) r = cr_add(r, cr_mul(r, cr_sub(one, cr_mul(m, r))));
    r.exponent -= b.exponent;
    return cr_mul(a, r);
}

/* Quotient by a small whole number. */
CR_RARE cr_wide cr_over(cr_wide a, uint32_t d) {
    uint64_t rest = 0;
    for (int i = 0; i < CR_LIMBS; i++) {
        rest = (rest << 32) | a.limb[i];
        a.limb[i] = (uint32_t)(rest / d);
        rest %= d;
    }
    return a.sign == 0 ? a : cr_normal(a, (uint32_t)((rest << 32) / d));
}

CR_RARE cr_wide cr_power_of(cr_wide x, int n) {
    cr_wide power = cr_wide_from(1.0);
    for (; n > 0; n /= 2, x = cr_mul(x, x)) {
        if (n % 2) power = cr_mul(power, x);
    }
    return power;
}

/* Logarithm of x > 0: the exponent, and 2 artanh((m - 1) / (m + 1)) for a mantissa from 0.7 to 1.4. */
CR_RARE cr_wide cr_log(cr_wide x) {
    int64_t e = x.exponent;
    x.exponent = 0;
    if (x.limb[0] < 0xb504f333u) x.exponent = 1, e--;
    cr_wide one = cr_wide_from(1.0), s = cr_div(cr_sub(x, one), cr_add(x, one)), squared = cr_mul(s, s),
            total = {0, 0, {0}};
    for (int k = 75; k > 0; k -= 2) total = cr_add(cr_mul(total, squared), cr_over(one, (uint32_t)k));
    total = cr_mul(cr_mul(total, s), cr_wide_from(2.0));
    return cr_add(total, cr_mul(cr_ln2, cr_wide_from((double)e)));
}

#endif
