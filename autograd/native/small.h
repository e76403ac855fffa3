/* Included first, by what runs while a program is compiled: machine code that is small, by 8 kB in all. */

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("Os")
#endif
