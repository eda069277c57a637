// The gradient of a convolution's weights and bias: for each tap, input times the output's gradient, summed over
// pixels. The output's gradient is transposed once for all taps, so that vectors lie along output channels. The last
// few output channels have vectors along pixels where that is cheaper.

#if defined(BLASGRAD_BACKWARD_WEIGHTS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef BLASGRAD_BACKWARD_WEIGHTS_INL_H_
#undef BLASGRAD_BACKWARD_WEIGHTS_INL_H_
#else
#define BLASGRAD_BACKWARD_WEIGHTS_INL_H_
#endif

#include "patch-inl.h"
#include "pixel_product-inl.h"

HWY_BEFORE_NAMESPACE();
namespace blasgrad {
namespace HWY_NAMESPACE {

// to[width] += the rows of block[rows, width], width = kVectors vectors.
template <class T, int kVectors>
void AddRows(const T* block, Size rows, T* to) {
  const PatchTag<T> d;
  using V = hn::Vec<decltype(d)>;
  const Size lanes = LanesOf(d);
  V even[kVectors], odd[kVectors];
  BLASGRAD_UNROLL
  for (int v = 0; v < kVectors; v++) {
    even[v] = hn::Zero(d);
    odd[v] = rows % 2 == 0 ? hn::Zero(d) : hn::Load(d, block + v * lanes);
  }
  for (block += rows % 2 * kVectors * lanes; rows >= 2; rows -= 2, block += 2 * kVectors * lanes) {
    BLASGRAD_UNROLL
    for (int v = 0; v < kVectors; v++) {
      even[v] = hn::Add(even[v], hn::Load(d, block + v * lanes));
      odd[v] = hn::Add(odd[v], hn::Load(d, block + (kVectors + v) * lanes));
    }
  }
  BLASGRAD_UNROLL
  for (int v = 0; v < kVectors; v++) {
    hn::Store(hn::Add(hn::Load(d, to + v * lanes), hn::Add(even[v], odd[v])), d, to + v * lanes);
  }
}

// One group of a convolution: out[o, column] += the gradient. A column is a pair of channel and tap; the column after
// the last pair is the bias.
template <class T>
class BackwardWeights {
 public:
  // `imageWidth`: the columns of an input image.
  BackwardWeights(const AxisTaps& v, const AxisTaps& h, Size channels, Size outs, Size rows, Size cols, Size columns,
                  Size imageWidth, T* scratch)
      : depth_(channels * v.count * h.count),
        channels_(depth_ == 0 ? 0 : channels),
        taps_(v.count * h.count),
        outs_(outs),
        rows_(rows),
        cols_(cols),
        columns_(columns),
        blocking_(BlockImage(v, h, channels, rows, cols, kMaxTaps)),
        transposed_(scratch),
        patch_(v, h, blocking_, cols, imageWidth, scratch + kScratchElements),
        lines_(scratch + 2 * kScratchElements),
        mask_(lines_ + kLineElements),
        sums_(scratch + 3 * kScratchElements),
        alongOuts_(outs) {
    const Size lanes = LanesOf(PatchTag<T>());
    gathers_ = (outs + lanes - 1) / lanes * lanes * (depth_ + 1) <= (kScratchParts - 3) * kScratchElements;
    if (gathers_ && patch_.isDense()) {
      // Lines are short, so that the fixed cost of a tile counts: 20% more for vectors along pixels.
      alongOuts_ = OutsAlongVectors<T>(outs, blocking_.rows * blocking_.cols,
                                       patch_.lineVectors(blocking_.rows, blocking_.cols), 120);
    }
    along_ = (alongOuts_ + lanes - 1) / lanes * lanes;
  }

  // out [outs, columns] = the gradient over `samples` samples; a sample's input and g [outs, rows, cols] are `inStep`
  // and `gStep` elements after those of the sample before.
  void sum(Size samples, Planes<T> in, Size inStep, const T* g, Size gStep, T* out) {
    const Size lanes = LanesOf(PatchTag<T>());
    const Size sums = (along_ + (outs_ - alongOuts_) * lanes) * (depth_ + 1);
    const auto clear = [](T* at, Size count) { std::memset(at, 0, sizeof(T) * static_cast<std::size_t>(count)); };
    if (gathers_) clear(sums_, sums);
    if (!gathers_ || columns_ > depth_ + 1) clear(out, outs_ * columns_);
    for (Size sample = 0; sample < samples; sample++, in.data += inStep, g += gStep) {
      for (Size y = 0; y < rows_; y += blocking_.rows) {
        for (Size x = 0; x < cols_; x += blocking_.cols) {
          addBlock(in, g, y, x, HWY_MIN(blocking_.rows, rows_ - y), HWY_MIN(blocking_.cols, cols_ - x), out);
        }
      }
    }
    if (gathers_) storeSums(out);
  }

 private:
  // Calls f(first, outputs, vectors, sums) for each panel: first those with vectors along outputs, whose sums are
  // [depth + 1, width], then those along pixels, with vectors = 0 and sums [depth + 1, outputs, lanes]. The last row of
  // the sums is the bias's.
  template <class F>
  HWY_INLINE void eachPanel(F f) {
    const Size lanes = LanesOf(PatchTag<T>());
    T* sums = sums_;
    for (Size o = 0; o < alongOuts_;) {
      const int vectors = PanelVectors<T>(alongOuts_ - o);
      const Size outs = HWY_MIN(vectors * lanes, alongOuts_ - o);
      f(o, outs, vectors, sums);
      o += outs;
      sums += (depth_ + 1) * vectors * lanes;
    }
    for (Size o = alongOuts_; o < outs_;) {
      const Size outs = PixelOuts(outs_ - o);
      f(o, outs, 0, sums);
      o += outs;
      sums += (depth_ + 1) * outs * lanes;
    }
  }

  void addBlock(const Planes<T>& in, const T* g, Size y, Size x, Size rows, Size cols, T* out) {
    EachStretch(channels_, HWY_MAX(blocking_.channels, Size(1)), [&](Size c, Size channels) {
      EachStretch(channels_ == 0 ? 0 : taps_, HWY_MAX(blocking_.taps, Size(1)), [&](Size tap, Size count) {
        const Size column = c * taps_ + tap;
        if (column != column_ || patch_.depth() != channels * count) patch_.setTaps(channels, tap, count);
        column_ = column;
        patch_.fill({in.data + c * in.height * in.width, in.height, in.width}, y, x, rows, cols);
        eachPanel([&](Size o, Size outs, int vectors, T* sums) {
          if (vectors == 0) return addLines(g + o * rows_ * cols_, y, x, rows, cols, outs, column, sums);
          addPanel(g + o * rows_ * cols_, y, x, rows, cols, outs, vectors, column, sums, out + o * columns_);
        });
      });
    });
  }

  void addPanel(const T* g, Size y, Size x, Size rows, Size cols, Size outs, int vectors, Size column, T* sums,
                T* out) {
    const PatchTag<T> d;
    HWY_ALIGN static constexpr T kZeros[kMaxVectors * hn::MaxLanes(d)] = {};
    const Size width = vectors * LanesOf(d);
    const Size pixels = rows * cols;
    transpose(g, y, x, rows, cols, outs, width);
    if (column == 0 && columns_ > depth_) addBias(pixels, outs, vectors, sums + depth_ * width, out + depth_);
    if (patch_.depth() == 0) return;
    if (gathers_) {
      return AddPatchProduct<T>(vectors, patch_.memory(), patch_.depth(), patch_.tapAt, pixels, patch_.pixelAt,
                                transposed_, sums + column * width);
    }
    const Size count = HWY_MIN(patch_.depth(), columns_ - column);
    if (count <= 0) return;
    PatchProduct<T>(vectors, patch_.memory(), count, patch_.tapAt, pixels, patch_.pixelAt, transposed_, kZeros,
                    {out + column, columns_, outs, nullptr, true});
  }

  // transposed_[pixel, width] = g transposed, padded with zeros behind the last output.
  void transpose(const T* g, Size y, Size x, Size rows, Size cols, Size outs, Size width) {
    const Size plane = rows_ * cols_;
    if (outs < width) std::memset(transposed_, 0, sizeof(T) * static_cast<std::size_t>(rows * cols * width));
    if (cols == cols_) return TransposeBlock(outs, rows * cols, g + y * cols_, plane, transposed_, width);
    for (Size r = 0; r < rows; r++) {
      TransposeBlock(outs, cols, g + (y + r) * cols_ + x, plane, transposed_ + r * cols * width, width);
    }
  }

  // Adds the sum of transposed_ [pixels, width] over pixels to sums [width], or to a column of out.
  void addBias(Size pixels, Size outs, int vectors, T* sums, T* out) {
    const PatchTag<T> d;
    HWY_ALIGN T all[kMaxVectors * hn::MaxLanes(d)];
    T* const to = gathers_ ? sums : all;
    if (!gathers_) std::memset(all, 0, sizeof(all));
    const auto run = vectors == 1 ? &AddRows<T, 1> : vectors == 2 ? &AddRows<T, 2> : &AddRows<T, 3>;
    run(transposed_, pixels, to);
    for (Size j = 0; !gathers_ && j < outs; j++) out[j * columns_] += all[j];
  }

  void addLines(const T* g, Size y, Size x, Size rows, Size cols, Size outs, Size column, T* sums) {
    const PatchTag<T> d;
    const Size lanes = LanesOf(d);
    const Size vectors = patch_.lineVectors(rows, cols), line = vectors * lanes;
    if (rows != lineRows_ || cols != lineCols_) markLines(rows, cols, line);
    for (Size j = 0; j < outs; j++) {
      CopyRows(d, rows, cols, g + (j * rows_ + y) * cols_ + x, cols_, lines_ + j * line, patch_.lineWidth());
    }
    if (patch_.depth() > 0) {
      AddPixelDots<T>(outs, patch_.memory(), patch_.depth(), patch_.tapAt, vectors, mask_, lines_, line,
                      sums + column * outs * lanes);
    }
    if (column > 0 || columns_ <= depth_) return;
    for (Size j = 0; j < outs; j++) {
      T* const to = sums + (depth_ * outs + j) * lanes;
      auto sum = hn::LoadU(d, to);
      for (Size i = 0; i < line; i += lanes) sum = hn::Add(sum, hn::LoadU(d, lines_ + j * line + i));
      hn::StoreU(sum, d, to);
    }
  }

  // Marks which elements of a line are pixels, and clears the others in all lines.
  void markLines(Size rows, Size cols, Size line) {
    lineRows_ = rows;
    lineCols_ = cols;
    std::memset(lines_, 0, sizeof(T) * static_cast<std::size_t>((outs_ - alongOuts_) * line));
    std::memset(mask_, 0, sizeof(T) * static_cast<std::size_t>(line));
    for (Size r = 0; r < rows; r++) {
      std::memset(mask_ + r * patch_.lineWidth(), 0xFF, sizeof(T) * static_cast<std::size_t>(cols));
    }
  }

  void storeSums(T* out) {
    const PatchTag<T> d;
    const Size lanes = LanesOf(d);
    const Size count = HWY_MIN(depth_ + 1, columns_);
    eachPanel([&](Size o, Size outs, int vectors, const T* sums) HWY_ATTR {
      T* const to = out + o * columns_;
      if (vectors > 0) return TransposeBlock(count, outs, sums, vectors * lanes, to, columns_);
      for (Size t = 0; t < count; t++) {
        for (Size j = 0; j < outs; j++, sums += lanes) {
          to[j * columns_ + t] = hn::GetLane(hn::SumOfLanes(d, hn::LoadU(d, sums)));
        }
      }
    });
  }

  Size depth_, channels_, taps_, outs_, rows_, cols_, columns_;
  Blocking blocking_;
  T* transposed_;
  Patch<T> patch_;
  T* lines_;
  T* mask_;
  T* sums_;
  // Whether sums stay in `sums_`, not transposed, until all samples are added.
  bool gathers_;
  // The number of outputs that have vectors along outputs, and that number rounded up to whole vectors.
  Size alongOuts_, along_;
  Size column_ = -1;
  Size lineRows_ = -1, lineCols_ = -1;
};

}  // namespace HWY_NAMESPACE
}  // namespace blasgrad
HWY_AFTER_NAMESPACE();

#endif
