/* Included first, by what runs while a program is compiled: machine code that is small, 8 kB in all, and 1 % slower. */

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("Os")
#endif
