/* The rows of the table that C computes: what generate.py writes. */

#ifndef AUTOGRAD_ROWS_H
#define AUTOGRAD_ROWS_H

#define CONSTANTS 3 /* as many as a row has at most that C computes */

typedef struct {
    const char *name;
    /* Of a fixed number of operands, constants included: the value, and unless d is NULL the partials.
       0 where Python has the word. */
    int (*kernel)(const double *x, double *y, double *d);
    /* The same of n operands. */
    int (*many)(const double *x, long n, double *y, double *d);
    /* For each constant from where to where it goes, and whether it is a whole number. */
    struct {
        double low, high;
        int is_whole;
    } whole[CONSTANTS];
} Row;

/* An operation with several results: those, what it keeps of its operands, and for each operand the sum over
   the results of g times the derivative. */
typedef struct {
    const char *name;
    int (*values)(const double *x, long n, double *y);
    int (*kept)(const double *x, long n, double *kept); /* NULL where it keeps the results */
    int (*pull)(const double *kept, const double *g, long n, double *d);
} Several;

extern const Several several_in_c[];

/* The last one has no name. */
extern const Row rows_in_c[];

/* Of what the file was made. */
extern const char *const digest_of_sources;

/* To be called before a kernel. */
void begin_kernel(void);

/* math.hypot, which is Python's own. */
extern double (*length_in_python)(const double *x, long n, int *failed);

#endif
