// The catalogue's norms, as catalogue.h has the others.
#pragma once

// For floats; norms.cpp.
#define BLASGRAD_NORMS(X)                                                                                             \
  X(layerNorm, void,                                                                                                  \
    (Size rows, Size n, double eps, In<T> a, In<T> weight, In<T> bias, Out<T> out, Out<T> mean, Out<T> rstd), "",     \
    "rows:size n:size eps:scalar a:in[rows*n] weight:in[n?] bias:in[n?] out:out[rows*n] mean:out[rows] "              \
    "rstd:out[rows]")                                                                                                 \
  X(layerNormBackward, void, (Size rows, Size n, In<T> g, In<T> a, In<T> weight, In<T> mean, In<T> rstd, Out<T> out), \
    "g", "rows:size n:size g:in[rows*n] a:in[rows*n] weight:in[n?] mean:in[rows] rstd:in[rows] out:out[rows*n]")      \
  X(layerNormWeightBackward, void,                                                                                    \
    (Size rows, Size n, In<T> g, In<T> a, In<T> mean, In<T> rstd, Out<T> out, Range<1> columns), "",                  \
    "rows:size n:size g:in[rows*n] a:in[rows*n] mean:in[rows] rstd:in[rows] out:out[n]")                              \
  X(rmsNorm, void, (Size rows, Size n, double eps, In<T> a, In<T> weight, Out<T> out, Out<T> rstd), "",               \
    "rows:size n:size eps:scalar a:in[rows*n] weight:in[n?] out:out[rows*n] rstd:out[rows]")                          \
  X(rmsNormBackward, void, (Size rows, Size n, In<T> g, In<T> a, In<T> weight, In<T> rstd, Out<T> out), "g",          \
    "rows:size n:size g:in[rows*n] a:in[rows*n] weight:in[n?] rstd:in[rows] out:out[rows*n]")                         \
  X(rmsNormWeightBackward, void, (Size rows, Size n, In<T> g, In<T> a, In<T> rstd, Out<T> out, Range<1> columns), "", \
    "rows:size n:size g:in[rows*n] a:in[rows*n] rstd:in[rows] out:out[n]")
