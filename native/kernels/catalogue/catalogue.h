// The catalogue of kernels that are not elementwise: name, what is returned (a Size is the position of a bad id or -1),
// parameters, the inputs an output may be, and the signature: the very text of the table in lib/backend/table/. A list
// is a family: one .cpp defines its bodies. What a kernel computes is said in the table.
#pragma once

// For all element types; reductions.cpp.
#define BLASGRAD_REDUCE (Size outer, Size n, Size inner, In<T> a, Out<T> out, Range<2> columns)
#define BLASGRAD_REDUCE_TEXT "outer:size n:size inner:size a:in[outer*n*inner] out:out[outer*inner]"
#define BLASGRAD_REDUCTIONS(X)                             \
  X(sum, void, BLASGRAD_REDUCE, "", BLASGRAD_REDUCE_TEXT)  \
  X(prod, void, BLASGRAD_REDUCE, "", BLASGRAD_REDUCE_TEXT) \
  X(max, void, BLASGRAD_REDUCE, "", BLASGRAD_REDUCE_TEXT)  \
  X(min, void, BLASGRAD_REDUCE, "", BLASGRAD_REDUCE_TEXT)

// For all element types; index_reductions.cpp.
#define BLASGRAD_REDUCE_INDEX (Size outer, Size n, Size inner, In<T> a, Out<std::int32_t> out, Range<2> columns)
#define BLASGRAD_REDUCE_INDEX_TEXT "outer:size n:size inner:size a:in[outer*n*inner] out:out<int32>[outer*inner]"
#define BLASGRAD_INDEX_REDUCTIONS(X)                                     \
  X(argmax, void, BLASGRAD_REDUCE_INDEX, "", BLASGRAD_REDUCE_INDEX_TEXT) \
  X(argmin, void, BLASGRAD_REDUCE_INDEX, "", BLASGRAD_REDUCE_INDEX_TEXT)

// For floats; softmax.cpp.
#define BLASGRAD_SLICE (Size outer, Size n, Size inner, In<T> a, Out<T> out, Range<2> columns)
#define BLASGRAD_SLICE_TEXT "outer:size n:size inner:size a:in[outer*n*inner] out:out[outer*n*inner]"
#define BLASGRAD_SLICE_BACKWARD (Size outer, Size n, Size inner, In<T> g, In<T> y, Out<T> out, Range<2> columns)
#define BLASGRAD_SLICE_BACKWARD_TEXT \
  "outer:size n:size inner:size g:in[outer*n*inner] y:in[outer*n*inner] out:out[outer*n*inner]"
#define BLASGRAD_SLICES(X)                                                                       \
  X(logsumexp, void, BLASGRAD_REDUCE, "", BLASGRAD_REDUCE_TEXT)                                  \
  X(prodBackward, void, BLASGRAD_SLICE_BACKWARD, "",                                             \
    "outer:size n:size inner:size g:in[outer*inner] a:in[outer*n*inner] out:out[outer*n*inner]") \
  X(softmax, void, BLASGRAD_SLICE, "a", BLASGRAD_SLICE_TEXT)                                     \
  X(softmaxBackward, void, BLASGRAD_SLICE_BACKWARD, "g y", BLASGRAD_SLICE_BACKWARD_TEXT)         \
  X(logSoftmax, void, BLASGRAD_SLICE, "a", BLASGRAD_SLICE_TEXT)                                  \
  X(logSoftmaxBackward, void, BLASGRAD_SLICE_BACKWARD, "g y", BLASGRAD_SLICE_BACKWARD_TEXT)

// For floats; losses.cpp.
#define BLASGRAD_LOSSES(X)                                                                                            \
  X(crossEntropy, Size,                                                                                               \
    (Size rows, Size n, double ignoreIndex, double smoothing, In<T> a, In<std::int32_t> ids, In<T> weight,            \
     Out<T> losses, Out<T> weights, Out<T> logSum, Pass pass),                                                        \
    "",                                                                                                               \
    "rows:size n:size ignoreIndex:scalar smoothing:scalar a:in[rows*n] ids:in<int32>[rows] weight:in[n?] "            \
    "losses:out[rows] weights:out[rows] logSum:out[rows] -> index")                                                   \
  X(crossEntropyBackward, void,                                                                                       \
    (Size rows, Size n, double ignoreIndex, double smoothing, In<T> g, In<T> a, In<std::int32_t> ids, In<T> weight,   \
     In<T> logSum, Out<T> out),                                                                                       \
    "a",                                                                                                              \
    "rows:size n:size ignoreIndex:scalar smoothing:scalar g:in[rows] a:in[rows*n] ids:in<int32>[rows] weight:in[n?] " \
    "logSum:in[rows] out:out[rows*n]")

// For floats; matmul.cpp.
#define BLASGRAD_PRODUCTS(X)                                                                                         \
  X(matmul, void,                                                                                                    \
    (bool transposeA, bool transposeB, Size m, Size n, Size k, Size rows, Size cols, Layout aLayout, Layout bLayout, \
     Layout outLayout, In<T> a, In<T> b, Out<T> out),                                                                \
    "",                                                                                                              \
    "transposeA:flag transposeB:flag m:size n:size k:size rows:size cols:size aLayout:layout bLayout:layout "        \
    "outLayout:layout a:in[grid(aLayout)*m*k] b:in[grid(bLayout)*k*n] out:out[grid(outLayout)*m*n]")                 \
  X(matmulEpilogue, void,                                                                                            \
    (bool transposeA, bool transposeB, Size m, Size n, Size k, bool relu, In<T> a, In<T> b, In<T> bias,              \
     In<T> reluMask, Out<T> out),                                                                                    \
    "",                                                                                                              \
    "transposeA:flag transposeB:flag m:size n:size k:size relu:flag a:in[m*k] b:in[k*n] bias:in[n?] "                \
    "reluMask:in[m*n?] out:out[m*n]")

// For floats; convolution.cpp.
#define BLASGRAD_CONV_SIZES                                                                                  \
  Size groups, Size c, Size o, Size height, Size width, Size kernelHeight, Size kernelWidth, Size outHeight, \
      Size outWidth
#define BLASGRAD_CONV_SIZES_TEXT \
  "groups:size c:size o:size height:size width:size kernelHeight:size kernelWidth:size outHeight:size outWidth:size "
#define BLASGRAD_CONVOLUTIONS(X)                                                                                       \
  X(conv2d, void, (Size n, BLASGRAD_CONV_SIZES, const Axes& window, In<T> x, In<T> weight, In<T> bias, Out<T> out),    \
    "",                                                                                                                \
    "n:size " BLASGRAD_CONV_SIZES_TEXT                                                                                 \
    "window:sizes x:in[n*groups*c*height*width] weight:in[groups*o*c*kernelHeight*kernelWidth] bias:in[groups*o?] "    \
    "out:out[n*groups*o*outHeight*outWidth]")                                                                          \
  X(conv2dInput, void, (Size n, BLASGRAD_CONV_SIZES, const Axes& window, In<T> g, In<T> weight, Out<T> out), "",       \
    "n:size " BLASGRAD_CONV_SIZES_TEXT                                                                                 \
    "window:sizes g:in[n*groups*o*outHeight*outWidth] weight:in[groups*o*c*kernelHeight*kernelWidth] "                 \
    "out:out[n*groups*c*height*width]")                                                                                \
  X(conv2dWeight, void,                                                                                                \
    (Size chunks, Size each, BLASGRAD_CONV_SIZES, Size columns, const Axes& window, In<T> g, In<T> x, Out<T> out), "", \
    "chunks:size each:size " BLASGRAD_CONV_SIZES_TEXT                                                                  \
    "columns:size window:sizes g:in[chunks*each*groups*o*outHeight*outWidth] x:in[chunks*each*groups*c*height*width] " \
    "out:out[chunks*groups*o*columns]")

// For floats; pooling.cpp.
#define BLASGRAD_POOL_SIZES Size planes, Size height, Size width, Size outHeight, Size outWidth
#define BLASGRAD_POOL_SIZES_TEXT "planes:size height:size width:size outHeight:size outWidth:size "
#define BLASGRAD_POOLINGS(X)                                                                                           \
  X(maxPool2d, void, (BLASGRAD_POOL_SIZES, const Axes& window, In<T> x, Out<T> out, Out<std::int32_t> at), "",         \
    BLASGRAD_POOL_SIZES_TEXT                                                                                           \
    "window:sizes x:in[planes*height*width] out:out[planes*outHeight*outWidth] "                                       \
    "at:out<int32>[planes*outHeight*outWidth]")                                                                        \
  X(maxPool2dBackward, void, (BLASGRAD_POOL_SIZES, const Axes& window, In<T> g, In<std::int32_t> at, Out<T> out), "",  \
    BLASGRAD_POOL_SIZES_TEXT                                                                                           \
    "window:sizes g:in[planes*outHeight*outWidth] at:in<int32>[planes*outHeight*outWidth] "                            \
    "out:out[planes*height*width]")                                                                                    \
  X(avgPool2d, void, (BLASGRAD_POOL_SIZES, bool countIncludePad, const Axes& window, In<T> x, Out<T> out), "",         \
    BLASGRAD_POOL_SIZES_TEXT                                                                                           \
    "countIncludePad:flag window:sizes x:in[planes*height*width] out:out[planes*outHeight*outWidth]")                  \
  X(avgPool2dBackward, void, (BLASGRAD_POOL_SIZES, bool countIncludePad, const Axes& window, In<T> g, Out<T> out), "", \
    BLASGRAD_POOL_SIZES_TEXT                                                                                           \
    "countIncludePad:flag window:sizes g:in[planes*outHeight*outWidth] out:out[planes*height*width]")

// For all element types; movement.cpp.
#define BLASGRAD_MOVEMENTS(X)                                                                                        \
  X(fill, void, (Size n, double value, Out<T> out), "", "n:size value:scalar out:out[n]")                            \
  X(arange, void, (Size n, double start, double step, Out<T> out), "", "n:size start:scalar step:scalar out:out[n]") \
  X(linspace, void, (Size n, double start, double end, Out<T> out), "", "n:size start:scalar end:scalar out:out[n]") \
  X(cast, void, (Size n, bool toBool, Any a, Out<T> out), "", "n:size toBool:flag a:in<any>[n] out:out[n]")          \
  X(stridedRead, void, (Size at, const Axes& dims, In<T> a, Out<T> out), "",                                         \
    "at:size dims:sizes a:in[reach(at,dims)] out:out[count(dims)]")                                                  \
  X(stridedWrite, void, (Size at, const Axes& dims, In<T> a, Out<T> out), "",                                        \
    "at:size dims:sizes a:in[count(dims)] out:inout[reach(at,dims)]")

// For all element types; lookup.cpp.
#define BLASGRAD_LOOKUP(slot) \
  (Size outer, Size n, Size inner, Size count, In<T> a, In<std::int32_t> ids, Out<T> out, Range<slot> range, Pass pass)
#define BLASGRAD_LOOKUPS(X)                                                                                        \
  X(take, Size, BLASGRAD_LOOKUP(3), "",                                                                            \
    "outer:size n:size inner:size count:size a:in[outer*n*inner] ids:in<int32>[count] out:out[outer*count*inner] " \
    "-> index")                                                                                                    \
  X(takeBackward, Size, BLASGRAD_LOOKUP(1), "",                                                                    \
    "outer:size n:size inner:size count:size g:in[outer*count*inner] ids:in<int32>[count] out:out[outer*n*inner] " \
    "-> index")                                                                                                    \
  X(gather, Size, BLASGRAD_LOOKUP(2), "",                                                                          \
    "outer:size n:size inner:size count:size a:in[outer*n*inner] ids:in<int32>[outer*count*inner] "                \
    "out:out[outer*count*inner] -> index")                                                                         \
  X(gatherBackward, Size, BLASGRAD_LOOKUP(2), "",                                                                  \
    "outer:size n:size inner:size count:size g:in[outer*count*inner] ids:in<int32>[outer*count*inner] "            \
    "out:out[outer*n*inner] -> index")                                                                             \
  X(rowLists, Size,                                                                                                \
    (Size n, Size count, In<std::int32_t> ids, Out<std::int32_t> first, Out<std::int32_t> next, Range<0> range,    \
     Pass pass),                                                                                                   \
    "", "n:size count:size ids:in<int32>[count] first:out<int32>[n] next:out<int32>[count] -> index")

// For floats; random.cpp.
#define BLASGRAD_RANDOMS(X)                                                                            \
  X(uniform, void, (Size n, double low, double high, Size at, In<std::int32_t> state, Out<T> out), "", \
    "n:size low:scalar high:scalar at:size state:in<int32>[4] out:out[n]")                             \
  X(normal, void, (Size n, double mean, double std, Size at, In<std::int32_t> state, Out<T> out), "",  \
    "n:size mean:scalar std:scalar at:size state:in<int32>[4] out:out[n]")                             \
  X(dropoutMask, void, (Size n, double p, Size at, In<std::int32_t> state, Out<T> out), "",            \
    "n:size p:scalar at:size state:in<int32>[4] out:out[n]")

// For floats; optimizers.cpp.
#define BLASGRAD_OPTIMIZERS(X)                                                                                      \
  X(sgd, void, (Size n, In<double> hyper, In<T> g, Out<T> param, Out<T> velocity), "",                              \
    "n:size hyper:in<float64>[4] g:in[n] param:inout[n] velocity:inout[n?]")                                        \
  X(adam, void, (Size n, In<double> hyper, In<double> step, In<T> g, Out<T> param, Out<T> m, Out<T> v), "",         \
    "n:size hyper:in<float64>[6] step:in<float64>[1] g:in[n] param:inout[n] m:inout[n] v:inout[n]")                 \
  X(sgdRows, void,                                                                                                  \
    (Size n, Size inner, Size count, In<double> hyper, In<T> g, In<std::int32_t> first, In<std::int32_t> next,      \
     Out<T> param, Out<T> velocity),                                                                                \
    "",                                                                                                             \
    "n:size inner:size count:size hyper:in<float64>[4] g:in[count*inner] first:in<int32>[n] next:in<int32>[count] " \
    "param:inout[n*inner] velocity:inout[n*inner?]")                                                                \
  X(adamRows, void,                                                                                                 \
    (Size n, Size inner, Size count, In<double> hyper, In<double> step, In<T> g, In<std::int32_t> first,            \
     In<std::int32_t> next, Out<T> param, Out<T> m, Out<T> v),                                                      \
    "",                                                                                                             \
    "n:size inner:size count:size hyper:in<float64>[6] step:in<float64>[1] g:in[count*inner] first:in<int32>[n] "   \
    "next:in<int32>[count] param:inout[n*inner] m:inout[n*inner] v:inout[n*inner]")
