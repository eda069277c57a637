// Matrix products over a batch grid: the loop over the grid, folding of a batch that equals one larger product, and the
// epilogue. Each product is a runGemm.
#include "batched_gemm.h"

#include <climits>
#include <cstring>

#include "epilogue.h"
#include "gemm.h"
#include "kernels/catalogue/families.h"
#include "kernels/catalogue/rules.h"

namespace blasgrad {
namespace {

const Epilogues<float>& epiloguesOf(float) { return epilogues().float32; }
const Epilogues<double>& epiloguesOf(double) { return epilogues().float64; }

// The index of an operand's matrix at point (r, c) of the grid.
Size matrixAt(Layout layout, Size cols, Size r, Size c) {
  switch (layout) {
    case Layout::full:
      return r * cols + c;
    case Layout::row:
      return c;
    case Layout::column:
      return r;
    default:
      return 0;
  }
}

Size matricesIn(Layout layout, Size rows, Size cols) {
  return rows == 0 || cols == 0 ? (layout == Layout::full     ? 0
                                   : layout == Layout::row    ? cols
                                   : layout == Layout::column ? rows
                                                              : 1)
                                : matrixAt(layout, cols, rows - 1, cols - 1) + 1;
}

// Only products without a batch have an epilogue.
template <class T>
void runEpilogue(const BatchedGemm& p, const GemmPart& part) {
  const T* const bias = static_cast<const T*>(p.bias);
  const T* const reluMask = static_cast<const T*>(p.reluMask);
  const Size at = part.fromM * p.n + part.fromN;
  const Epilogue<T> epilogue{bias == nullptr ? nullptr : bias + part.fromN, p.relu,
                             reluMask == nullptr ? nullptr : reluMask + at};
  if (epilogue.isNone()) return;
  epiloguesOf(T()).run(epilogue, part.toM - part.fromM, part.toN - part.fromN, static_cast<T*>(p.out) + at, p.n);
}

template <class T>
void runPart(const BatchedGemm& p, const GemmPart& part) {
  const T* const a = static_cast<const T*>(p.a);
  const T* const b = static_cast<const T*>(p.b);
  T* const out = static_cast<T*>(p.out);
  const Size m = part.toM - part.fromM, n = part.toN - part.fromN;
  if (m <= 0 || n <= 0) return;
  if (p.k == 0 || p.rows == 0 || p.cols == 0) {
    for (Size matrix = 0; matrix < matricesIn(p.outLayout, p.rows, p.cols); matrix++) {
      for (Size i = part.fromM; i < part.toM; i++) {
        std::memset(out + (matrix * p.m + i) * p.n + part.fromN, 0, sizeof(T) * static_cast<std::size_t>(n));
      }
    }
    return runEpilogue<T>(p, part);
  }
  const int k = static_cast<int>(p.k);
  const int lda = p.transposeA ? static_cast<int>(p.m) : k;
  const int ldb = p.transposeB ? k : static_cast<int>(p.n);
  const Size startA = part.fromM * (p.transposeA ? 1 : lda);
  const Size startB = part.fromN * (p.transposeB ? ldb : 1);
  for (Size r = part.fromRow; r < part.toRow; r++) {
    for (Size c = part.fromCol; c < part.toCol; c++) {
      const bool add = (p.outLayout == Layout::scalar && r + c > 0) || (p.outLayout == Layout::row && r > 0) ||
                       (p.outLayout == Layout::column && c > 0);
      runGemm<T>(
          {p.transposeA, p.transposeB, static_cast<int>(m), static_cast<int>(n), k,
           a + matrixAt(p.aLayout, p.cols, r, c) * p.m * p.k + startA, lda,
           b + matrixAt(p.bLayout, p.cols, r, c) * p.k * p.n + startB, ldb,
           out + (matrixAt(p.outLayout, p.cols, r, c) * p.m + part.fromM) * p.n + part.fromN, static_cast<int>(p.n)},
          add);
    }
  }
  runEpilogue<T>(p, part);
}

// Folds the batch into m, or into k where the output is summed over it: one large GEMM packs its operands once.
void foldBatch(BatchedGemm& p) {
  const Size batch = p.rows * p.cols;
  if (p.aLayout != Layout::full || batch <= 1 || p.m == 0 || p.k == 0) return;
  if (!p.transposeA && p.bLayout == Layout::scalar && p.outLayout == Layout::full && batch <= INT_MAX / p.m) {
    p.m *= batch;
  } else if (p.transposeA && !p.transposeB && p.bLayout == Layout::full && p.outLayout == Layout::scalar &&
             batch <= INT_MAX / p.k) {
    p.k *= batch;
  } else {
    return;
  }
  p.rows = p.cols = 1;
}

template <class T>
void matmul(bool transposeA, bool transposeB, Size m, Size n, Size k, Size rows, Size cols, Layout aLayout,
            Layout bLayout, Layout outLayout, const T* a, const T* b, T* out) {
  BatchedGemm product{sizeof(T) == 4 ? Element::float32 : Element::float64,
                      transposeA,
                      transposeB,
                      m,
                      n,
                      k,
                      rows,
                      cols,
                      aLayout,
                      bLayout,
                      outLayout,
                      a,
                      b,
                      out};
  foldBatch(product);
  runPart<T>(product, whole(product));
}

// What a call of matmulEpilogue asks for, with its arguments in order.
BatchedGemm oneBlock(Element element, bool transposeA, bool transposeB, Size m, Size n, Size k, bool relu,
                     const void* a, const void* b, const void* bias, const void* reluMask, void* out) {
  constexpr Layout full = Layout::full;
  return {element, transposeA, transposeB, m, n, k, 1, 1, full, full, full, a, b, out, bias, relu, reluMask};
}

template <class T>
void matmulEpilogue(bool transposeA, bool transposeB, Size m, Size n, Size k, bool relu, const T* a, const T* b,
                    const T* bias, const T* reluMask, T* out) {
  constexpr Element element = sizeof(T) == 4 ? Element::float32 : Element::float64;
  const BatchedGemm product = oneBlock(element, transposeA, transposeB, m, n, k, relu, a, b, bias, reluMask, out);
  runPart<T>(product, whole(product));
}

BLASGRAD_MAKE_TABLE(Products, BLASGRAD_PRODUCTS)

}  // namespace

bool isBatchedGemm(const Kernel& kernel) { return kernel.family == Kernel::FamilyName::Products; }

BatchedGemm readBatchedGemm(const Kernel& kernel, Element element, const Call& call) {
  const ProductSlots& at = rulesOf(kernel).product;
  const auto size = [&](int slot, Size none) { return slot == kNoSlot ? none : call.slots[slot].size; };
  const auto layout = [&](int slot) { return static_cast<Layout>(size(slot, static_cast<Size>(Layout::full))); };
  const auto array = [&](int slot) { return slot == kNoSlot ? nullptr : call.slots[slot].pointer; };
  BatchedGemm product{element,
                      size(at.transposeA, 0) != 0,
                      size(at.transposeB, 0) != 0,
                      size(at.m, 0),
                      size(at.n, 0),
                      size(at.k, 0),
                      size(at.batchRows, 1),
                      size(at.batchCols, 1),
                      layout(at.aLayout),
                      layout(at.bLayout),
                      layout(at.outLayout),
                      array(at.a),
                      array(at.b),
                      const_cast<void*>(array(at.out)),
                      array(at.bias),
                      size(at.relu, 0) != 0,
                      array(at.reluMask)};
  foldBatch(product);
  return product;
}

void runBatchedGemm(const BatchedGemm& product, const GemmPart& part) {
  if (product.element == Element::float32) {
    runPart<float>(product, part);
  } else {
    runPart<double>(product, part);
  }
}

const Floats<Products>& products() {
  static const Floats<Products> table = {MakeProducts<float>(), MakeProducts<double>()};
  return table;
}

}  // namespace blasgrad
