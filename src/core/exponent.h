/* Powers and logarithms that give the same bits on every machine: the C libraries of the native build and of
 * WebAssembly differ in the last one, and a layout amplifies that. */
#ifndef NTRACE_CORE_EXPONENT_H
#define NTRACE_CORE_EXPONENT_H

/* 2^x within a relative error of 1e-14; 0 below x = -1000. Needs x <= 1000. */
double nt_exp2(double x);

/* Base-2 logarithm of a positive normal number, within 1e-14 of itself or of 1. */
double nt_log2(double x);

#endif
