// The catalogue's kernels of transformers, as catalogue.h has the others.
#pragma once

// For floats; attention.cpp.
#define BLASGRAD_ATTENTION_SIZES \
  Size samples, Size heads, Size n, Size m, Size width, Size maskRows, Size biasRows, bool causal, double scale
#define BLASGRAD_ATTENTION_INPUTS In<T> q, In<T> k, In<T> v, In<T> mask, In<T> bias
#define BLASGRAD_ATTENTION_TEXT                                                                            \
  "samples:size heads:size n:size m:size width:size maskRows:size biasRows:size causal:flag scale:scalar " \
  "q:in[samples*heads*n*width] k:in[samples*heads*m*width] v:in[samples*heads*m*width] "                   \
  "mask:in[samples*maskRows*m?] bias:in[biasRows*m?] "
#define BLASGRAD_PACKED_SIZES \
  Size samples, Size heads, Size n, Size width, Size maskRows, Size biasRows, bool causal, double scale
#define BLASGRAD_PACKED_INPUTS In<T> qkv, In<T> mask, In<T> bias
#define BLASGRAD_PACKED_TEXT                                                                        \
  "samples:size heads:size n:size width:size maskRows:size biasRows:size causal:flag scale:scalar " \
  "qkv:in[samples*n*3*heads*width] mask:in[samples*maskRows*n?] bias:in[biasRows*n?] "
#define BLASGRAD_ATTENTIONS(X)                                                                                 \
  X(attention, void, (BLASGRAD_ATTENTION_SIZES, BLASGRAD_ATTENTION_INPUTS, Out<T> out, Out<T> lse), "",        \
    BLASGRAD_ATTENTION_TEXT "out:out[samples*heads*n*width] lse:out[samples*heads*n]")                         \
  X(attentionBackward, void,                                                                                   \
    (BLASGRAD_ATTENTION_SIZES, BLASGRAD_ATTENTION_INPUTS, In<T> g, In<T> out, In<T> lse, Out<T> dq, Out<T> dk, \
     Out<T> dv),                                                                                               \
    "",                                                                                                        \
    BLASGRAD_ATTENTION_TEXT                                                                                    \
    "g:in[samples*heads*n*width] out:in[samples*heads*n*width] lse:in[samples*heads*n] "                       \
    "dq:out[samples*heads*n*width] dk:out[samples*heads*m*width] dv:out[samples*heads*m*width]")               \
  X(packedAttention, void, (BLASGRAD_PACKED_SIZES, BLASGRAD_PACKED_INPUTS, Out<T> out, Out<T> lse), "",        \
    BLASGRAD_PACKED_TEXT "out:out[samples*n*heads*width] lse:out[samples*heads*n]")                            \
  X(packedAttentionBackward, void,                                                                             \
    (BLASGRAD_PACKED_SIZES, BLASGRAD_PACKED_INPUTS, In<T> g, In<T> out, In<T> lse, Out<T> dqkv), "",           \
    BLASGRAD_PACKED_TEXT                                                                                       \
    "g:in[samples*n*heads*width] out:in[samples*n*heads*width] lse:in[samples*heads*n] "                       \
    "dqkv:out[samples*n*3*heads*width]")
