// Convolution as an implicit GEMM over im2col patches: forward, and backward data for each residue of the stride.

#if defined(BLASGRAD_IMPLICIT_GEMM_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef BLASGRAD_IMPLICIT_GEMM_INL_H_
#undef BLASGRAD_IMPLICIT_GEMM_INL_H_
#else
#define BLASGRAD_IMPLICIT_GEMM_INL_H_
#endif

#include "patch-inl.h"
#include "pixel_product-inl.h"

HWY_BEFORE_NAMESPACE();
namespace blasgrad {
namespace HWY_NAMESPACE {

// A panel of packed weights is read for each tile of pixels: it must stay in L1.
constexpr Size kPanelTaps = 512;
constexpr int kMaxPanels = 64;

// A strided grid of pixels of a plane: `rows` × `cols` of them, every rowStep-th row from fromRow on, columns likewise.
struct Pixels {
  Size rows, cols;
  Size plane, width;
  Size fromRow, rowStep, fromCol, colStep;

  bool areAll() const { return rowStep == 1 && colStep == 1 && cols == width; }
  Size at(Size row, Size col) const { return (fromRow + row * rowStep) * width + fromCol + col * colStep; }
};

// out[o, pixel] = bias[o] + Σ over channels c and taps (i, j) of weight·source: the weight of (o, c, tap t) is at
// weight[o·outStep + c·channelStep + t], t = row·kernelWidth + column of the tap.
template <class T>
struct Correlation {
  AxisTaps v, h;
  Size channels, outs;
  const T* weight;
  Size outStep, channelStep, kernelWidth;
  const T* bias;
  Pixels pixels;
};

// The packed weights of some outputs. Vectors lie along outputs, or, where `vectors` is 0, along pixels.
template <class T>
struct Panel {
  int vectors;
  Size from, columns;
  const T* init;
  const T* weights;
};

// to[channels, taps, width] = the weights of channels c …, taps `tap` … and outputs `out` …, padded with zeros behind
// the last output.
template <class T>
void PackWeights(const Correlation<T>& k, Size c, Size channels, Size tap, Size taps, Size out, Size outs, Size width,
                 T* to) {
  if (outs < width) std::memset(to, 0, sizeof(T) * static_cast<std::size_t>(channels * taps * width));
  const bool inOrder = k.v.step == 1 && k.h.step == 1 && k.h.count == k.kernelWidth;
  for (Size end = c + channels; c < end; c++, to += taps * width) {
    const T* const from = k.weight + out * k.outStep + c * k.channelStep;
    if (inOrder) {
      TransposeBlock(outs, taps, from + k.v.first * k.kernelWidth + tap, k.outStep, to, width);
      continue;
    }
    for (Size t = 0; t < taps; t++) {
      const Size row = k.v.first + (tap + t) / k.h.count * k.v.step;
      const Size col = k.h.first + (tap + t) % k.h.count * k.h.step;
      for (Size o = 0; o < outs; o++) to[t * width + o] = from[o * k.outStep + row * k.kernelWidth + col];
    }
  }
}

// Stores lines of pixels into their target, a line a column. A line has `rows` rows of `cols` pixels, `lineWidth`
// apart.
template <class T>
HWY_INLINE void StoreLines(const T* lines, Size line, Size lineWidth, Size rows, Size cols, const Target<T>& target) {
  for (Size c = 0; c < target.columns; c++, lines += line) {
    T* const out = target.out + c * target.column;
    if (target.at == nullptr && !target.add) {
      CopyRows(PatchTag<T>(), rows, cols, lines, lineWidth, out, cols);
      continue;
    }
    for (Size r = 0; r < rows; r++) {
      const T* const sums = lines + r * lineWidth;
      const At* const at = target.at == nullptr ? nullptr : target.at + r * cols;
      for (Size q = 0; q < cols; q++) {
        T& to = out[at == nullptr ? r * cols + q : at[q]];
        to = target.add ? to + sums[q] : sums[q];
      }
    }
  }
}

template <class T>
class Correlator {
 public:
  // `imageWidth`: the columns of an input image.
  Correlator(const Correlation<T>& correlation, Size imageWidth, T* scratch)
      : k_(correlation),
        blocking_(BlockImage(k_.v, k_.h, k_.channels, k_.pixels.rows, k_.pixels.cols, kPanelTaps)),
        packed_(scratch),
        lines_(scratch + 2 * kScratchElements),
        patch_(k_.v, k_.h, blocking_, k_.pixels.cols, imageWidth, scratch + kScratchElements),
        alongOuts_(k_.outs) {
    if (patch_.isDense()) {
      alongOuts_ = OutsAlongVectors<T>(k_.outs, blocking_.rows * blocking_.cols,
                                       patch_.lineVectors(blocking_.rows, blocking_.cols), 100);
    }
  }

  // A sample's input and output are `inStep` and `outStep` elements after those of the sample before.
  void run(Size samples, Planes<T> in, Size inStep, T* out, Size outStep) {
    const Size taps = k_.channels == 0 ? 0 : k_.v.count * k_.h.count;
    bool add = false;
    EachStretch(taps == 0 ? 0 : k_.channels, HWY_MAX(blocking_.channels, Size(1)), [&](Size c, Size channels) {
      EachStretch(taps, HWY_MAX(blocking_.taps, Size(1)), [&](Size tap, Size count) {
        patch_.setTaps(channels, tap, count);
        for (Size o = 0; o < k_.outs;) {
          o = pack(c, channels, tap, count, o, add);
          for (Size sample = 0; sample < samples; sample++) {
            const T* const from = in.data + sample * inStep + c * in.height * in.width;
            runPanels({from, in.height, in.width}, out + sample * outStep, add);
          }
        }
        add = true;
      });
    });
  }

 private:
  // Packs panels for outputs `out` …, as many as fit. Returns the first output that is left.
  Size pack(Size c, Size channels, Size tap, Size taps, Size out, bool add) {
    const Size lanes = LanesOf(PatchTag<T>());
    T* to = packed_;
    panelCount_ = 0;
    while (out < k_.outs && panelCount_ < kMaxPanels) {
      const Size left = alongOuts_ - out;
      const int vectors = left > 0 ? PanelVectors<T>(left) : 0;
      const Size columns = left > 0 ? HWY_MIN(vectors * lanes, left) : PixelOuts(k_.outs - out);
      const Size width = left > 0 ? vectors * lanes : columns;
      if (to + (channels * taps + 1) * width > packed_ + kScratchElements) break;
      for (Size j = 0; j < width; j++) to[j] = !add && k_.bias != nullptr && j < columns ? k_.bias[out + j] : T(0);
      T* const weights = to + width;
      PackWeights(k_, c, channels, tap, taps, out, columns, width, weights);
      panels_[panelCount_++] = {vectors, out, columns, to, weights};
      to = weights + channels * taps * width;
      out += columns;
    }
    return out;
  }

  void runPanels(const Planes<T>& in, T* out, bool add) {
    const Pixels& pixels = k_.pixels;
    const bool whole = pixels.areAll() && blocking_.cols == pixels.cols;
    At at[kMaxPixels];
    for (Size y = 0; y < pixels.rows; y += blocking_.rows) {
      const Size rows = HWY_MIN(blocking_.rows, pixels.rows - y);
      for (Size x = 0; x < pixels.cols; x += blocking_.cols) {
        const Size cols = HWY_MIN(blocking_.cols, pixels.cols - x);
        patch_.fill(in, y, x, rows, cols);
        const Size begin = pixels.at(y, x);
        for (Size p = 0; !whole && p < rows * cols; p++) {
          at[p] = static_cast<At>(pixels.at(y + p / cols, x + p % cols) - begin);
        }
        for (int i = 0; i < panelCount_; i++) {
          const Panel<T>& panel = panels_[i];
          const Target<T> target{out + panel.from * pixels.plane + begin, pixels.plane, panel.columns,
                                 whole ? nullptr : at, add};
          if (panel.vectors == 0) {
            const Size vectors = patch_.lineVectors(rows, cols);
            PixelProduct<T>(panel.columns, patch_.memory(), vectors, patch_.depth(), patch_.tapAt, panel.weights,
                            panel.init, lines_);
            StoreLines(lines_, vectors * LanesOf(PatchTag<T>()), patch_.lineWidth(), rows, cols, target);
          } else {
            PatchProduct<T>(panel.vectors, patch_.memory(), rows * cols, patch_.pixelAt, patch_.depth(), patch_.tapAt,
                            panel.weights, panel.init, target);
          }
        }
      }
    }
  }

  const Correlation<T>& k_;
  Blocking blocking_;
  T* packed_;
  T* lines_;
  Patch<T> patch_;
  // The number of outputs that have vectors along outputs; the others have them along pixels.
  Size alongOuts_;
  Panel<T> panels_[kMaxPanels];
  int panelCount_ = 0;
};

}  // namespace HWY_NAMESPACE
}  // namespace blasgrad
HWY_AFTER_NAMESPACE();

#endif
