// Kernels that need whole slices along the reduction axis, written once for both layouts. A kernel runs steps over the
// vectors of slices; a step updates one state and reads another. RowSlices are contiguous rows: a state has a vector
// for each, whose lanes are reduced in the end. ColumnPanel is a panel of strided columns: a state has a lane for each
// column.

#if defined(BLASGRAD_SLICES_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef BLASGRAD_SLICES_INL_H_
#undef BLASGRAD_SLICES_INL_H_
#else
#define BLASGRAD_SLICES_INL_H_
#endif

#include "kernels/base/transpose-inl.h"
#include "rows-inl.h"

HWY_BEFORE_NAMESPACE();
namespace blasgrad {
namespace HWY_NAMESPACE {

// A long float32 sum would lose digits: sums are made over so many vectors or rows, and then of these.
constexpr Size kRun = 64;

template <class T>
struct RowSlice {
  using D = hn::ScalableTag<T>;
  using State = hn::Vec<D>;
  Size n;

  HWY_INLINE State Start(T value) const { return hn::Set(D(), value); }

  // Runs f(part, offset) over parts of the row.
  template <class F>
  HWY_INLINE void EachRun(const F& f) const {
    const Size run = kRun * LanesOf(D());
    for (Size i = 0; i < n; i += run) f(RowSlice{HWY_MIN(run, n - i)}, i);
  }

  // Runs out = step(tag, state, other, a, b) over the row; `out` may be null. Lanes beyond the tail load as `rest`.
  template <class Step>
  HWY_INLINE void Each(Step step, State& state, const State& other, const T* a, const T* b, T rest, T* out) const {
    EachVector<T>(n, [&](const auto& vector) BLASGRAD_INLINE_LAMBDA {
      const auto y = step(D(), state, other, vector.Load(a, rest), vector.Load(b, rest));
      if (out != nullptr) vector.Store(y, out);
    });
  }

  // state = map(tag, state, other).
  template <class Map>
  HWY_INLINE void Update(Map map, State& state, const State& other) const {
    state = map(D(), state, other);
  }

  // Whether test(tag, state) holds in any lane.
  template <class Test>
  HWY_INLINE bool Any(Test test, const State& state) const {
    return !hn::AllFalse(D(), test(D(), state));
  }

  HWY_INLINE void SumLanes(State& state) const { state = hn::SumOfLanes(D(), state); }
  HWY_INLINE void MaxLanes(State& state) const { state = hn::MaxOfLanes(D(), state); }
  HWY_INLINE void StoreResult(const State& state, T* p) const { *p = hn::GetLane(state); }
};

// The most columns of a panel.
constexpr Size kMostColumns = 4096;
// A panel's elements that the second-level cache keeps from one pass to the next.
constexpr Size kNearBytes = 512 << 10;
constexpr Size kLeastColumns = 64;
// The hardware prefetcher does not see where the next row of a panel begins: its vectors are prefetched.
constexpr Size kPrefetchRows = 2;

template <class T>
struct ColumnPanel {
  using D = hn::ScalableTag<T>;
  struct State {
    HWY_ALIGN T lanes[kMostColumns];
  };
  Size n;
  Size stride;
  Size width;

  HWY_INLINE State Start(T value) const {
    State state;
    for (Size i = 0; i < width; i += LanesOf(D())) hn::Store(hn::Set(D(), value), D(), state.lanes + i);
    return state;
  }

  template <class F>
  HWY_INLINE void EachRun(const F& f) const {
    for (Size i = 0; i < n; i += kRun) f(ColumnPanel{HWY_MIN(kRun, n - i), stride, width}, i * stride);
  }

  template <class Step>
  HWY_INLINE void Each(Step step, State& state, const State& other, const T* a, const T* b, T, T* out) const {
    const D d;
    const Size ahead = width < stride ? kPrefetchRows * stride : 0;
    for (Size j = 0; j < n; j++) {
      const Size row = j * stride;
      EachVector<T>(width, [&](const auto& vector) BLASGRAD_INLINE_LAMBDA {
        if (ahead > 0) {
          BLASGRAD_PREFETCH(a + row + ahead + vector.at);
          if (a != b) BLASGRAD_PREFETCH(b + row + ahead + vector.at);
        }
        auto lanes = hn::Load(d, state.lanes + vector.at);
        const auto y = step(d, lanes, hn::Load(d, other.lanes + vector.at), vector.Load(a + row), vector.Load(b + row));
        hn::Store(lanes, d, state.lanes + vector.at);
        if (out != nullptr) vector.Store(y, out + row);
      });
    }
  }

  template <class Map>
  HWY_INLINE void Update(Map map, State& state, const State& other) const {
    const D d;
    for (Size i = 0; i < width; i += LanesOf(d)) {
      hn::Store(map(d, hn::Load(d, state.lanes + i), hn::Load(d, other.lanes + i)), d, state.lanes + i);
    }
  }

  template <class Test>
  HWY_INLINE bool Any(Test test, const State& state) const {
    const D d;
    for (Size i = 0; i < width; i += LanesOf(d)) {
      if (!hn::AllFalse(d, test(d, hn::Load(d, state.lanes + i)))) return true;
    }
    return false;
  }

  HWY_INLINE void SumLanes(State&) const {}
  HWY_INLINE void MaxLanes(State&) const {}
  HWY_INLINE void StoreResult(const State& state, T* p) const {
    std::memcpy(p, state.lanes, static_cast<std::size_t>(width) * sizeof(T));
  }
};

// Runs `Kernel` over `width` columns of n elements, `stride` apart. For one input give it twice.
template <class Kernel, class T>
void EachPanel(Size n, Size stride, Size width, const T* a, const T* b, T* out) {
  const Size lanes = LanesOf(hn::ScalableTag<T>());
  const Size near = kNearBytes / HWY_MAX(Size(1), n * static_cast<Size>(sizeof(T)));
  const Size most = near < kLeastColumns ? kMostColumns : HWY_MIN(near, kMostColumns);
  // Panels of about the same width.
  const Size panels = (width + most - 1) / most;
  const Size each = ((width + panels - 1) / panels + lanes - 1) / lanes * lanes;
  for (Size i = 0; i < width; i += each) {
    Kernel::Run(ColumnPanel<T>{n, stride, HWY_MIN(each, width - i)}, a + i, b + i, out + i);
  }
}

// Rows of at most so many elements are transposed, so many rows at a time.
constexpr Size kNarrow = 32;
constexpr Size kNarrowRows = 64;

// Runs `Kernel` over all slices of [outer, n, inner] along the middle axis; the output has the input's shape, or is
// [outer, inner] where Kernel::kReduces. Where inner > 1, over the slices of a range of columns.
template <class Kernel, class T>
void EachSlice(Size outer, Size n, Size inner, const T* a, const T* b, T* out, Range<2> columns) {
  const Size size = n * inner;
  const Size outSize = Kernel::kReduces ? inner : size;
  if (inner == 0 || (n == 0 && !Kernel::kReduces)) return;
  if (inner > 1) {
    for (Size o = 0; o < outer; o++) {
      const Size at = o * size + columns.from;
      EachPanel<Kernel>(n, inner, columns.to - columns.from, a + at, b + at, out + o * outSize + columns.from);
    }
  } else if (n > kNarrow) {
    // One at a time: several rows in flight took 1.8 times as long from the third-level cache.
    for (Size o = 0; o < outer; o++) Kernel::Run(RowSlice<T>{n}, a + o * size, b + o * size, out + o * outSize);
  } else {
    T blockA[kNarrow * kNarrowRows];
    T blockB[kNarrow * kNarrowRows];
    for (Size o = 0; o < outer; o += kNarrowRows) {
      const Size rows = HWY_MIN(kNarrowRows, outer - o);
      TransposeBlock(rows, n, a + o * size, n, blockA, kNarrowRows);
      if (a != b) TransposeBlock(rows, n, b + o * size, n, blockB, kNarrowRows);
      const T* second = a == b ? blockA : blockB;
      EachPanel<Kernel>(n, kNarrowRows, rows, blockA, second, Kernel::kReduces ? out + o : blockA);
      if (!Kernel::kReduces) TransposeBlock(n, rows, blockA, kNarrowRows, out + o * size, n);
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace blasgrad
HWY_AFTER_NAMESPACE();

#endif
