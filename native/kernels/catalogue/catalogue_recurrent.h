// The catalogue's kernels of recurrent networks, as catalogue.h has the others.
#pragma once

// For floats; recurrent.cpp.
#define BLASGRAD_SEQUENCE_SIZES Size batch, Size steps, Size hidden, bool reverse
#define BLASGRAD_SEQUENCE_TEXT "batch:size steps:size hidden:size reverse:flag "
#define BLASGRAD_RECURRENTS(X)                                                                                       \
  X(lstm, void, (BLASGRAD_SEQUENCE_SIZES, In<T> x, In<T> weight, In<T> h0, In<T> c0, Out<T> out, Out<T> gates), "",  \
    BLASGRAD_SEQUENCE_TEXT                                                                                           \
    "x:in[batch*steps*4*hidden] weight:in[4*hidden*hidden] h0:in[batch*hidden] c0:in[batch*hidden] "                 \
    "out:out[batch*steps*2*hidden] gates:out[batch*steps*4*hidden]")                                                 \
  X(lstmBackward, void,                                                                                              \
    (BLASGRAD_SEQUENCE_SIZES, In<T> g, In<T> weight, In<T> c0, In<T> out, In<T> gates, Out<T> dx, Out<T> dh0,        \
     Out<T> dc0),                                                                                                    \
    "",                                                                                                              \
    BLASGRAD_SEQUENCE_TEXT                                                                                           \
    "g:in[batch*steps*2*hidden] weight:in[4*hidden*hidden] c0:in[batch*hidden] out:in[batch*steps*2*hidden] "        \
    "gates:in[batch*steps*4*hidden] dx:out[batch*steps*4*hidden] dh0:out[batch*hidden] dc0:out[batch*hidden]")       \
  X(gru, void, (BLASGRAD_SEQUENCE_SIZES, In<T> x, In<T> weight, In<T> bias, In<T> h0, Out<T> out, Out<T> gates), "", \
    BLASGRAD_SEQUENCE_TEXT                                                                                           \
    "x:in[batch*steps*3*hidden] weight:in[3*hidden*hidden] bias:in[3*hidden?] h0:in[batch*hidden] "                  \
    "out:out[batch*steps*hidden] gates:out[batch*steps*4*hidden]")                                                   \
  X(gruBackward, void,                                                                                               \
    (BLASGRAD_SEQUENCE_SIZES, In<T> g, In<T> weight, In<T> h0, In<T> out, In<T> gates, Out<T> dx, Out<T> dHidden,    \
     Out<T> dh0),                                                                                                    \
    "",                                                                                                              \
    BLASGRAD_SEQUENCE_TEXT                                                                                           \
    "g:in[batch*steps*hidden] weight:in[3*hidden*hidden] h0:in[batch*hidden] out:in[batch*steps*hidden] "            \
    "gates:in[batch*steps*4*hidden] dx:out[batch*steps*3*hidden] dHidden:out[batch*steps*3*hidden] "                 \
    "dh0:out[batch*hidden]")
