// One body for a kernel that needs a whole line at once, whichever way lines lie. A walk runs a step over the vectors
// of a line, with a state that the step updates and another that it only reads. RowWalk takes the lanes from one row,
// keeps states in registers and joins their lanes where the line is reduced; ColumnWalk takes many lines side by side,
// each lane from another line, so that memory is read in order and nothing is joined.

#if defined(BLASGRAD_WALK_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef BLASGRAD_WALK_INL_H_
#undef BLASGRAD_WALK_INL_H_
#else
#define BLASGRAD_WALK_INL_H_
#endif

#include "batch-inl.h"

HWY_BEFORE_NAMESPACE();
namespace blasgrad {
namespace HWY_NAMESPACE {

// A step is called with (tag, state, other state, a, b) and returns what is stored where an output is given.
template <class T>
struct RowWalk {
  using D = hn::ScalableTag<T>;
  using State = hn::Vec<D>;
  Size n;
  Size step = LanesOf(D());
  // Those of the last vector, where it is a part.
  hn::Mask<D> last = hn::FirstN(D(), static_cast<std::size_t>(n % LanesOf(D())));

  // A vector of the row, whole or what is left at its end, for which `rest` stands in beyond.
  struct Whole {
    Size at;
    HWY_INLINE State Load(const T* p, T = T(0)) const { return hn::LoadU(D(), p + at); }
    HWY_INLINE void Store(State v, T* p) const { hn::StoreU(v, D(), p + at); }
  };
  struct Part {
    Size at;
    Size count;
    hn::Mask<D> first;
    HWY_INLINE State Load(const T* p) const {
      if constexpr (kMasked<T>) {
        return hn::MaskedLoad(first, D(), p + at);
      } else {
        return LoadPart(D(), p + at, count);
      }
    }
    HWY_INLINE State Load(const T* p, T rest) const {
      if constexpr (kMasked<T>) {
        return hn::IfThenElse(first, Load(p), hn::Set(D(), rest));
      } else {
        return LoadPart(D(), p + at, count, rest);
      }
    }
    HWY_INLINE void Store(State v, T* p) const {
      if constexpr (kMasked<T>) {
        hn::BlendedStore(v, first, D(), p + at);
      } else {
        StorePart(v, D(), p + at, count);
      }
    }
  };

  // Runs f(vector) over the row's vectors.
  template <class F>
  HWY_INLINE void Over(const F& f) const {
    Size i = 0;
    for (; i + step <= n; i += step) f(Whole{i});
    if (i < n) f(Part{i, n - i, last});
  }
  HWY_INLINE State Sum(State v) const { return hn::SumOfLanes(D(), v); }

  HWY_INLINE State Start(T value) const { return hn::Set(D(), value); }

  HWY_INLINE bool IsFar() const { return false; }
  template <class F>
  HWY_INLINE void EachRun(const F& f) const {
    f(*this, 0);
  }

  template <class F>
  HWY_INLINE void Each(F f, State& state, const State& other, const T* a, const T* b, T rest, T* out) const {
    Over([&](const auto& vector) BLASGRAD_INLINE_LAMBDA {
      const auto y = f(D(), state, other, vector.Load(a, rest), vector.Load(b, rest));
      if (out != nullptr) vector.Store(y, out);
    });
  }

  // state = f(tag, state, other).
  template <class F>
  HWY_INLINE void Map(F f, State& state, const State& other) const {
    state = f(D(), state, other);
  }

  // Whether f(tag, state) holds anywhere.
  template <class F>
  HWY_INLINE bool Any(F f, const State& state) const {
    return !hn::AllFalse(D(), f(D(), state));
  }

  HWY_INLINE void JoinBySum(State& state) const { state = hn::SumOfLanes(D(), state); }
  HWY_INLINE void JoinByMax(State& state) const { state = hn::MaxOfLanes(D(), state); }
  HWY_INLINE void StoreLine(const State& state, T* p) const { *p = hn::GetLane(state); }
};

template <class T>
struct ColumnWalk {
  using D = hn::ScalableTag<T>;
  using State = hn::Vec<D>;
  Size n;
  Size stride;
  Size width;

  HWY_INLINE State Start(T value) const { return hn::Set(D(), value); }

  HWY_INLINE bool IsFar() const { return false; }
  template <class F>
  HWY_INLINE void EachRun(const F& f) const {
    f(*this, 0);
  }

  template <class F>
  HWY_INLINE void Each(F f, State& state, const State& other, const T* a, const T* b, T, T* out) const {
    const D d;
    for (Size at = 0; at < n * stride; at += stride) {
      const auto y = f(d, state, other, LoadUpTo(d, a + at, width), LoadUpTo(d, b + at, width));
      if (out != nullptr) StoreUpTo(y, d, out + at, width);
    }
  }

  template <class F>
  HWY_INLINE void Map(F f, State& state, const State& other) const {
    state = f(D(), state, other);
  }

  template <class F>
  HWY_INLINE bool Any(F f, const State& state) const {
    return !hn::AllFalse(D(), f(D(), state));
  }

  HWY_INLINE void JoinBySum(State&) const {}
  HWY_INLINE void JoinByMax(State&) const {}
  HWY_INLINE void StoreLine(const State& state, T* p) const { StoreUpTo(state, D(), p, width); }
};

// The most lines side by side. Whole rows are read in order; of wider ones, parts that are as long as memory likes
// them.
constexpr Size kPanel = 4096;
// Up to here the vectors of a column stay in the nearest cache from one pass to the next.
constexpr Size kNearBytes = 16384;
// Lines that together have more are in no cache from one pass to the next; so much of them is, of rows that are gone
// through twice at once.
constexpr Size kFarBytes = 32 << 20;
constexpr Size kRunBytes = 256 << 10;
constexpr Size kLeastRun = 16;
// Parts of rows are asked for so many rows ahead: the processor does not see by itself where the next part begins.
constexpr Size kRowsAhead = 2;

template <class T>
struct PanelWalk {
  using D = hn::ScalableTag<T>;
  struct State {
    HWY_ALIGN T lanes[kPanel];
  };
  Size n;
  Size stride;
  Size width;

  HWY_INLINE State Start(T value) const {
    const D d;
    State state;
    for (Size i = 0; i < width; i += LanesOf(d)) hn::Store(hn::Set(d, value), d, state.lanes + i);
    return state;
  }

  template <class F>
  HWY_INLINE void Each(F f, State& state, const State& other, const T* a, const T* b, T, T* out) const {
    const D d;
    const Size ahead = width < stride ? kRowsAhead * stride : 0;
    for (Size j = 0; j < n; j++) {
      for (Size i = 0; i < width; i += LanesOf(d)) {
        const Size at = j * stride + i;
        if (ahead > 0) {
          BLASGRAD_PREFETCH(a + at + ahead);
          if (a != b) BLASGRAD_PREFETCH(b + at + ahead);
        }
        auto lanes = hn::Load(d, state.lanes + i);
        const auto y =
            f(d, lanes, hn::Load(d, other.lanes + i), LoadUpTo(d, a + at, width - i), LoadUpTo(d, b + at, width - i));
        hn::Store(lanes, d, state.lanes + i);
        if (out != nullptr) StoreUpTo(y, d, out + at, width - i);
      }
    }
  }

  HWY_INLINE bool IsFar() const { return n * stride * static_cast<Size>(sizeof(T)) > kFarBytes; }
  // Runs f(walk, where it begins) over runs of rows, the same for all columns of the array.
  template <class F>
  HWY_INLINE void EachRun(const F& f) const {
    const Size rows = HWY_MAX(kLeastRun, kRunBytes / (stride * static_cast<Size>(sizeof(T))));
    for (Size at = 0; at < n; at += rows) f(PanelWalk{HWY_MIN(rows, n - at), stride, width}, at * stride);
  }

  template <class F>
  HWY_INLINE void Map(F f, State& state, const State& other) const {
    const D d;
    for (Size i = 0; i < width; i += LanesOf(d)) {
      hn::Store(f(d, hn::Load(d, state.lanes + i), hn::Load(d, other.lanes + i)), d, state.lanes + i);
    }
  }

  template <class F>
  HWY_INLINE bool Any(F f, const State& state) const {
    const D d;
    for (Size i = 0; i < width; i += LanesOf(d)) {
      if (!hn::AllFalse(d, f(d, hn::Load(d, state.lanes + i)))) return true;
    }
    return false;
  }

  HWY_INLINE void JoinBySum(State&) const {}
  HWY_INLINE void JoinByMax(State&) const {}
  HWY_INLINE void StoreLine(const State& state, T* p) const {
    std::memcpy(p, state.lanes, static_cast<std::size_t>(width) * sizeof(T));
  }
};

constexpr Size kNarrow = 32;
constexpr Size kNarrowRows = 64;

// block [n, kNarrowRows] = rows [count, n], transposed.
template <class T>
HWY_INLINE void ToColumns(const T* rows, Size count, Size n, T* block) {
  TransposeBlock(count, n, rows, n, block, kNarrowRows);
}

template <class T>
HWY_INLINE void FromColumns(const T* block, Size count, Size n, T* rows) {
  TransposeBlock(n, count, block, kNarrowRows, rows, n);
}

// Runs `Line` over `width` columns of n elements, `stride` apart. For one input give it twice.
template <class Line, class T>
void EachColumn(Size n, Size stride, Size width, const T* a, const T* b, T* out) {
  const Size lanes = LanesOf(hn::ScalableTag<T>());
  if (n * lanes * static_cast<Size>(sizeof(T)) <= kNearBytes) {
    for (Size i = 0; i < width; i += lanes) {
      Line::Run(ColumnWalk<T>{n, stride, HWY_MIN(lanes, width - i)}, a + i, b + i, out + i);
    }
    return;
  }
  const Size panels = (width + kPanel - 1) / kPanel;
  const Size each = ((width + panels - 1) / panels + lanes - 1) / lanes * lanes;
  for (Size i = 0; i < width; i += each) {
    Line::Run(PanelWalk<T>{n, stride, HWY_MIN(each, width - i)}, a + i, b + i, out + i);
  }
}

// Runs `Line` over all lines of [outer, n, inner] along the middle axis; the output has the input's shape, or is
// [outer, inner] where Line::kReduces; of several columns those of the range. Narrow rows are turned into columns
// first.
template <class Line, class T>
void EachLine(Size outer, Size n, Size inner, const T* a, const T* b, T* out, Range<2> columns) {
  const Size size = n * inner;
  const Size outSize = Line::kReduces ? inner : size;
  if (inner == 0 || (n == 0 && !Line::kReduces)) return;
  if (inner > 1) {
    for (Size o = 0; o < outer; o++) {
      const Size at = o * size + columns.from;
      EachColumn<Line>(n, inner, columns.to - columns.from, a + at, b + at, out + o * outSize + columns.from);
    }
  } else if (n > kNarrow) {
    for (Size o = 0; o < outer; o++) Line::Run(RowWalk<T>{n}, a + o * size, b + o * size, out + o * outSize);
  } else {
    T blockA[kNarrow * kNarrowRows];
    T blockB[kNarrow * kNarrowRows];
    for (Size o = 0; o < outer; o += kNarrowRows) {
      const Size rows = HWY_MIN(kNarrowRows, outer - o);
      ToColumns(a + o * size, rows, n, blockA);
      if (a != b) ToColumns(b + o * size, rows, n, blockB);
      const T* second = a == b ? blockA : blockB;
      if constexpr (Line::kReduces) {
        EachColumn<Line>(n, kNarrowRows, rows, blockA, second, out + o);
      } else {
        EachColumn<Line>(n, kNarrowRows, rows, blockA, second, blockA);
        FromColumns(blockA, rows, n, out + o * size);
      }
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace blasgrad
HWY_AFTER_NAMESPACE();

#endif
