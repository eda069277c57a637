// Random numbers by Philox 4x32-10 (Salmon et al., SC 2011). The table says which word gives which element.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/random/random.cpp"
#include <hwy/foreach_target.h>

#include "kernels/catalogue/families.h"
#include "kernels/base/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace blasgrad {
namespace HWY_NAMESPACE {

constexpr Size kBlocks = 64;

struct Words {
  std::uint32_t word[4][kBlocks];
};

// kBlocks blocks from counter + at on, also where fewer are needed.
inline void Philox(const std::int32_t* state, std::uint64_t at, Words& words) {
  const std::uint64_t counter =
      (std::uint64_t(std::uint32_t(state[3])) << 32 | std::uint64_t(std::uint32_t(state[2]))) + at;
  std::uint32_t key0 = std::uint32_t(state[0]);
  std::uint32_t key1 = std::uint32_t(state[1]);
  for (Size i = 0; i < kBlocks; i++) {
    const std::uint64_t c = counter + std::uint64_t(i);
    words.word[0][i] = std::uint32_t(c);
    words.word[1][i] = std::uint32_t(c >> 32);
    words.word[2][i] = words.word[3][i] = 0;
  }
  for (int round = 0; round < 10; round++) {
    for (Size i = 0; i < kBlocks; i++) {
      const std::uint64_t p = std::uint64_t(0xD2511F53u) * words.word[0][i];
      const std::uint64_t q = std::uint64_t(0xCD9E8D57u) * words.word[2][i];
      words.word[0][i] = std::uint32_t(q >> 32) ^ words.word[1][i] ^ key0;
      words.word[2][i] = std::uint32_t(p >> 32) ^ words.word[3][i] ^ key1;
      words.word[1][i] = std::uint32_t(q);
      words.word[3][i] = std::uint32_t(p);
    }
    key0 += 0x9E3779B9u;
    key1 += 0xBB67AE85u;
  }
}

template <class T>
void uniform(Size n, double low, double high, Size at, const std::int32_t* state, T* out) {
  constexpr Size kPerBlock = sizeof(T) == 4 ? 4 : 2;
  Words words;
  T values[kBlocks * kPerBlock];
  const double range = high - low;
  for (Size done = 0; done < n; done += kBlocks * kPerBlock) {
    Philox(state, std::uint64_t(at) + std::uint64_t(done / kPerBlock), words);
    for (Size j = 0; j < kPerBlock; j++) {
      for (Size i = 0; i < kBlocks; i++) {
        double u;
        if constexpr (sizeof(T) == 4) {
          u = static_cast<double>(std::int32_t(words.word[j][i] >> 8)) * 0x1p-24;
        } else {
          u = (static_cast<double>(std::int32_t(words.word[2 * j][i] >> 5)) * 0x1p26 +
               static_cast<double>(std::int32_t(words.word[2 * j + 1][i] >> 6))) *
              0x1p-53;
        }
        const T value = static_cast<T>(low + range * u);
        values[i * kPerBlock + j] = static_cast<double>(value) >= high ? static_cast<T>(low) : value;
      }
    }
    const Size count = HWY_MIN(kBlocks * kPerBlock, n - done);
    std::memcpy(out + done, values, static_cast<std::size_t>(count) * sizeof(T));
  }
}

template <class T>
void normal(Size n, double mean, double std, Size at, const std::int32_t* state, T* out) {
  const hn::ScalableTag<double> d;
  Words words;
  double us[kBlocks];
  double vs[kBlocks];
  T values[kBlocks * 4];
  const auto minusTwo = Value(d, -2);
  for (Size done = 0; done < n; done += kBlocks * 4) {
    Philox(state, std::uint64_t(at) + std::uint64_t(done / 4), words);
    for (int pair = 0; pair < 2; pair++) {
      for (Size i = 0; i < kBlocks; i++) {
        us[i] = (static_cast<double>(words.word[2 * pair][i]) + 0.5) * 0x1p-32;
        vs[i] = static_cast<double>(words.word[2 * pair + 1][i]) * (0x1p-32 * 6.283185307179586476925);
      }
      for (Size i = 0; i < kBlocks; i += LanesOf(d)) {
        const auto r = hn::Sqrt(hn::Mul(minusTwo, hn::Log(d, hn::LoadU(d, us + i))));
        const auto v = hn::LoadU(d, vs + i);
        hn::StoreU(hn::Mul(r, hn::Cos(d, v)), d, us + i);
        hn::StoreU(hn::Mul(r, hn::Sin(d, v)), d, vs + i);
      }
      for (Size i = 0; i < kBlocks; i++) {
        values[4 * i + 2 * pair] = static_cast<T>(mean + std * us[i]);
        values[4 * i + 2 * pair + 1] = static_cast<T>(mean + std * vs[i]);
      }
    }
    const Size count = HWY_MIN(kBlocks * 4, n - done);
    std::memcpy(out + done, values, static_cast<std::size_t>(count) * sizeof(T));
  }
}

template <class T>
void dropoutMask(Size n, double p, Size at, const std::int32_t* state, T* out) {
  Words words;
  T values[kBlocks * 4];
  // Words are compared as integers: p·2³² is one, rounded up to be so.
  const double limit = std::ceil(p * 0x1p32);
  const std::uint64_t least = limit > 0 ? static_cast<std::uint64_t>(HWY_MIN(limit, 0x1p32)) : 0;
  const T kept = static_cast<T>(1 / (1 - p));
  for (Size done = 0; done < n; done += kBlocks * 4) {
    Philox(state, std::uint64_t(at) + std::uint64_t(done / 4), words);
    for (Size j = 0; j < 4; j++) {
      for (Size i = 0; i < kBlocks; i++) values[i * 4 + j] = words.word[j][i] < least ? T(0) : kept;
    }
    const Size count = HWY_MIN(kBlocks * 4, n - done);
    std::memcpy(out + done, values, static_cast<std::size_t>(count) * sizeof(T));
  }
}

BLASGRAD_MAKE_TABLE(Randoms, BLASGRAD_RANDOMS)

Floats<Randoms> AllRandoms() { return {MakeRandoms<float>(), MakeRandoms<double>()}; }

}  // namespace HWY_NAMESPACE
}  // namespace blasgrad
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace blasgrad {
HWY_EXPORT(AllRandoms);
const Floats<Randoms>& randoms() {
  static const Floats<Randoms> table = HWY_DYNAMIC_DISPATCH(AllRandoms)();
  return table;
}
}  // namespace blasgrad
#endif
