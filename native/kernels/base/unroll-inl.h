// How far loops are unrolled, for each instruction set.

#if defined(BLASGRAD_UNROLL_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef BLASGRAD_UNROLL_INL_H_
#undef BLASGRAD_UNROLL_INL_H_
#else
#define BLASGRAD_UNROLL_INL_H_
#endif

#include <hwy/highway.h>

// The scalar target need only be right: unrolled it would be twice as large. It is compiled last, so this
// holds to the end of the file.
#if HWY_TARGET == HWY_SCALAR && defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("O2")
#endif
#undef BLASGRAD_UNROLL
#undef BLASGRAD_UNROLL_SOME
#if HWY_TARGET == HWY_SCALAR && defined(__clang__)
#define BLASGRAD_UNROLL _Pragma("clang loop unroll(disable)")
#define BLASGRAD_UNROLL_SOME _Pragma("clang loop unroll(disable)")
#elif HWY_TARGET == HWY_SCALAR && defined(__GNUC__)
#define BLASGRAD_UNROLL _Pragma("GCC unroll 1")
#define BLASGRAD_UNROLL_SOME _Pragma("GCC unroll 1")
#elif defined(__clang__)
#define BLASGRAD_UNROLL _Pragma("clang loop unroll(full)")
#define BLASGRAD_UNROLL_SOME _Pragma("clang loop unroll_count(4)")
#elif defined(__GNUC__)
#define BLASGRAD_UNROLL _Pragma("GCC unroll 16")
#define BLASGRAD_UNROLL_SOME _Pragma("GCC unroll 4")
#else
#define BLASGRAD_UNROLL
#define BLASGRAD_UNROLL_SOME
#endif

#endif
