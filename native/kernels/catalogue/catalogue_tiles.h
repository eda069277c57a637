// The catalogue of elementwise kernels, one line each: name, inputs, scalars, output (out, or out<bool>). The signature
// is built from a line as lib/backend/table/elementwise.ts builds it. A list is a family: one .cpp defines its bodies.
#pragma once

// For all element types; arithmetic.cpp.
#define BLASGRAD_NUMBER_TILES(X)          \
  X(copy, "a", "", "out")                 \
  X(neg, "a", "", "out")                  \
  X(abs, "a", "", "out")                  \
  X(sign, "a", "", "out")                 \
  X(relu, "a", "", "out")                 \
  X(clamp, "a", "low high", "out")        \
  X(pow, "a", "exponent", "out")          \
  X(add, "a b", "", "out")                \
  X(sub, "a b", "", "out")                \
  X(mul, "a b", "", "out")                \
  X(maximum, "a b", "", "out")            \
  X(minimum, "a b", "", "out")            \
  X(greater, "a b", "", "out<bool>")      \
  X(greaterEqual, "a b", "", "out<bool>") \
  X(less, "a b", "", "out<bool>")         \
  X(lessEqual, "a b", "", "out<bool>")    \
  X(equal, "a b", "", "out<bool>")        \
  X(notEqual, "a b", "", "out<bool>")     \
  X(where, "mask<bool> a b", "", "out")   \
  X(fmod, "a b", "", "out")               \
  X(remainder, "a b", "", "out")          \
  X(floorDivide, "a b", "", "out")

// For floats, without transcendental functions; float_arithmetic.cpp.
#define BLASGRAD_FLOAT_TILES(X)                 \
  X(sqrt, "a", "", "out")                       \
  X(rsqrt, "a", "", "out")                      \
  X(leakyRelu, "a", "slope", "out")             \
  X(div, "a b", "", "out")                      \
  X(xdivy, "a b", "", "out")                    \
  X(maximumShare, "a b", "", "out")             \
  X(reluBackward, "g y", "", "out")             \
  X(leakyReluBackward, "g a", "slope", "out")   \
  X(clampBackward, "g a", "low high", "out")    \
  X(powBackward, "g a", "exponent", "out")      \
  X(sqrtBackward, "g y", "", "out")             \
  X(rsqrtBackward, "g y", "", "out")            \
  X(tanhBackward, "g y", "", "out")             \
  X(sigmoidBackward, "g y", "", "out")          \
  X(floor, "a", "", "out")                      \
  X(ceil, "a", "", "out")                       \
  X(round, "a", "", "out")                      \
  X(trunc, "a", "", "out")                      \
  X(hypot, "a b", "", "out")                    \
  X(copysign, "a b", "", "out")                 \
  X(hardtanhBackward, "g a", "low high", "out") \
  X(hardswish, "a", "", "out")                  \
  X(hardswishBackward, "g a", "", "out")        \
  X(hardsigmoid, "a", "", "out")

// For floats; transcendental.cpp.
#define BLASGRAD_MATH_TILES(X)                \
  X(exp, "a", "", "out")                      \
  X(log, "a", "", "out")                      \
  X(sin, "a", "", "out")                      \
  X(cos, "a", "", "out")                      \
  X(tanh, "a", "", "out")                     \
  X(sigmoid, "a", "", "out")                  \
  X(gelu, "a", "", "out")                     \
  X(silu, "a", "", "out")                     \
  X(softplus, "a", "", "out")                 \
  X(xlogy, "a b", "", "out")                  \
  X(geluBackward, "g a", "", "out")           \
  X(siluBackward, "g a", "", "out")           \
  X(softplusBackward, "g a", "", "out")       \
  X(expm1, "a", "", "out")                    \
  X(exp2, "a", "", "out")                     \
  X(log1p, "a", "", "out")                    \
  X(log2, "a", "", "out")                     \
  X(log10, "a", "", "out")                    \
  X(erf, "a", "", "out")                      \
  X(erfc, "a", "", "out")                     \
  X(logSigmoid, "a", "", "out")               \
  X(elu, "a", "alpha scale", "out")           \
  X(eluBackward, "g a", "alpha scale", "out") \
  X(mish, "a", "", "out")                     \
  X(mishBackward, "g a", "", "out")

// For floats; trigonometric.cpp.
#define BLASGRAD_TRIGONOMETRIC_TILES(X) \
  X(tan, "a", "", "out")                \
  X(asin, "a", "", "out")               \
  X(acos, "a", "", "out")               \
  X(atan, "a", "", "out")               \
  X(atan2, "a b", "", "out")            \
  X(sinh, "a", "", "out")               \
  X(cosh, "a", "", "out")               \
  X(asinh, "a", "", "out")              \
  X(acosh, "a", "", "out")              \
  X(atanh, "a", "", "out")
