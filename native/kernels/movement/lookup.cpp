// Embedding lookup, gather and their gradients, which scatter: repeated ids add up. All ids are checked before anything
// is written, and each again where it is used.
#include <hwy/cache_control.h>

#include <algorithm>
#include <cstring>
#include <type_traits>

#include "kernels/base/ids.h"
#include "kernels/catalogue/families.h"

namespace blasgrad {
namespace {

template <class T>
using Wrapping = std::conditional_t<std::is_floating_point_v<T>, T, std::uint32_t>;

// The position of the first id outside [0, n), or -1.
Size firstBad(const std::int32_t* ids, Size count, Size n) {
  for (Size i = 0; i < count; i++) {
    if (!IsRow(ReadOnce(ids + i), n)) return i;
  }
  return -1;
}

// The distance of the prefetch, in rows: they lie anywhere. Only the first cache lines of a row are prefetched; the
// hardware prefetcher continues.
constexpr Size kPrefetchRows = 16;
constexpr Size kLine = 64;
constexpr Size kPrefetchLines = 4;

template <class T>
void prefetchRow(const T* row, Size inner) {
  const char* const at = reinterpret_cast<const char*>(row);
  const Size bytes = std::min(inner * static_cast<Size>(sizeof(T)), kPrefetchLines * kLine);
  for (Size byte = 0; byte < bytes; byte += kLine) hwy::Prefetch(at + byte);
}

template <class T>
Size take(Size outer, Size n, Size inner, Size count, const T* a, const std::int32_t* ids, T* out, Range<3> rows,
          Pass pass) {
  if (const Size bad = pass == Pass::work ? -1 : firstBad(ids, count, n); bad >= 0) return bad;
  if (pass == Pass::check) return -1;
  if (inner == 0 || count == 0) return -1;
  for (Size o = 0; o < outer; o++, a += n * inner, out += count * inner) {
    for (Size j = rows.from; j < rows.to; j++) {
      if (j + kPrefetchRows < rows.to) {
        if (const Size next = ReadOnce(ids + j + kPrefetchRows); IsRow(next, n)) prefetchRow(a + next * inner, inner);
      }
      const Size id = ReadOnce(ids + j);
      if (!IsRow(id, n)) return j;
      if (inner == 1) {
        out[j] = a[id];
      } else {
        std::memcpy(out + j * inner, a + id * inner, sizeof(T) * static_cast<std::size_t>(inner));
      }
    }
  }
  return -1;
}

// Sets a range of columns of out [rows, inner] to 0.
template <class T>
void clear(Size rows, Size inner, Range<2> columns, T* out) {
  const Size width = columns.to - columns.from;
  if (rows == 0 || width <= 0) return;
  const bool all = width == inner;
  const std::size_t bytes = sizeof(T) * static_cast<std::size_t>(all ? rows * inner : width);
  for (Size r = 0; r < (all ? 1 : rows); r++) std::memset(out + r * inner + columns.from, 0, bytes);
}

// Threads split the rows of the table, so that no two add to one row.
template <class T>
Size takeBackward(Size outer, Size n, Size inner, Size count, const T* g, const std::int32_t* ids, T* out,
                  Range<1> rows, Pass pass) {
  if (const Size bad = pass == Pass::work ? -1 : firstBad(ids, count, n); bad >= 0) return bad;
  if (pass == Pass::check) return -1;
  for (Size o = 0; o < outer; o++, out += n * inner) {
    clear(1, (rows.to - rows.from) * inner, {0, (rows.to - rows.from) * inner}, out + rows.from * inner);
    for (Size j = 0; j < count; j++, g += inner) {
      const Size id = ReadOnce(ids + j);
      if (id < rows.from || id >= rows.to) continue;
      T* row = out + id * inner;
      for (Size i = 0; i < inner; i++) row[i] = T(Wrapping<T>(row[i]) + Wrapping<T>(g[i]));
    }
  }
  return -1;
}

template <class T>
Size gather(Size outer, Size n, Size inner, Size count, const T* a, const std::int32_t* ids, T* out, Range<2> columns,
            Pass pass) {
  if (const Size bad = pass == Pass::work ? -1 : firstBad(ids, outer * count * inner, n); bad >= 0) return bad;
  if (pass == Pass::check) return -1;
  if (inner == 0 || count == 0) return -1;
  const std::int32_t* const begin = ids;
  for (Size o = 0; o < outer; o++, a += n * inner) {
    for (Size j = 0; j < count; j++, ids += inner, out += inner) {
      for (Size i = columns.from; i < columns.to; i++) {
        const Size id = ReadOnce(ids + i);
        if (!IsRow(id, n)) return ids + i - begin;
        out[i] = a[id * inner + i];
      }
    }
  }
  return -1;
}

template <class T>
Size gatherBackward(Size outer, Size n, Size inner, Size count, const T* g, const std::int32_t* ids, T* out,
                    Range<2> columns, Pass pass) {
  if (const Size bad = pass == Pass::work ? -1 : firstBad(ids, outer * count * inner, n); bad >= 0) return bad;
  if (pass == Pass::check) return -1;
  clear(outer * n, inner, columns, out);
  if (inner == 0 || count == 0) return -1;
  const std::int32_t* const begin = ids;
  for (Size o = 0; o < outer; o++, out += n * inner) {
    for (Size j = 0; j < count; j++, ids += inner, g += inner) {
      for (Size i = columns.from; i < columns.to; i++) {
        const Size id = ReadOnce(ids + i);
        if (!IsRow(id, n)) return ids + i - begin;
        T& sum = out[id * inner + i];
        sum = T(Wrapping<T>(sum) + Wrapping<T>(g[i]));
      }
    }
  }
  return -1;
}

// The same for every element type: there are only ids. Threads split the rows; the positions in a row's list are
// written by its thread alone.
template <class T>
Size rowLists(Size n, Size count, const std::int32_t* ids, std::int32_t* first, std::int32_t* next, Range<0> rows,
              Pass pass) {
  if (const Size bad = pass == Pass::work ? -1 : firstBad(ids, count, n); bad >= 0) return bad;
  if (pass == Pass::check) return -1;
  std::fill_n(first + rows.from, rows.to - rows.from, -1);
  for (Size j = count - 1; j >= 0; j--) {
    const Size id = ReadOnce(ids + j);
    if (id < rows.from || id >= rows.to) continue;
    next[j] = first[id];
    first[id] = static_cast<std::int32_t>(j);
  }
  return -1;
}

BLASGRAD_MAKE_TABLE(Lookups, BLASGRAD_LOOKUPS)

}  // namespace

const Numbers<Lookups>& lookups() {
  static const Numbers<Lookups> table = {MakeLookups<float>(), MakeLookups<double>(), MakeLookups<std::int32_t>(),
                                         MakeLookups<std::uint8_t>()};
  return table;
}

}  // namespace blasgrad
