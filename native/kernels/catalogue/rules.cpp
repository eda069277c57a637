#include "rules.h"

#include <atomic>
#include <initializer_list>
#include <mutex>
#include <stdexcept>
#include <tuple>

namespace blasgrad {
namespace {

std::mutex attaching;
std::atomic<bool> attached{false};
Rules kept;

bool isSlot(const Kernel& kernel, int slot, std::initializer_list<Role> roles) {
  if (slot < 0 || slot >= static_cast<int>(kernel.signature.arguments.size())) return false;
  for (const Role role : roles) {
    if (kernel.signature.arguments[static_cast<std::size_t>(slot)].role == role) return true;
  }
  return false;
}

bool isSlotOrNone(const Kernel& kernel, int slot, Role role) { return slot == kNoSlot || isSlot(kernel, slot, {role}); }

// Whether an array's length is the product of these sizes, after what lies over a batch's grid.
bool hasLength(const Kernel& kernel, int slot, std::initializer_list<int> sizes) {
  const auto& factors = kernel.signature.arguments[static_cast<std::size_t>(slot)].factors;
  std::size_t at = !factors.empty() && factors[0].kind == Factor::gridOf ? 1 : 0;
  if (factors.size() - at != sizes.size()) return false;
  for (const int size : sizes) {
    const Factor& factor = factors[at++];
    if (factor.kind != Factor::size || factor.value != size) return false;
  }
  return true;
}

bool isProductRight(const Kernel& kernel, const ProductSlots& at) {
  for (const int size : {at.m, at.n, at.k}) {
    if (!isSlot(kernel, size, {Role::size})) return false;
  }
  for (const int size : {at.batchRows, at.batchCols}) {
    if (!isSlotOrNone(kernel, size, Role::size)) return false;
  }
  for (const int layout : {at.aLayout, at.bLayout, at.outLayout}) {
    if (!isSlotOrNone(kernel, layout, Role::layout)) return false;
  }
  for (const int mask : {at.bias, at.reluMask}) {
    if (!isSlotOrNone(kernel, mask, Role::in)) return false;
  }
  const bool flags = isSlot(kernel, at.transposeA, {Role::flag}) && isSlot(kernel, at.transposeB, {Role::flag}) &&
                     isSlotOrNone(kernel, at.relu, Role::flag);
  const bool arrays =
      isSlot(kernel, at.a, {Role::in}) && isSlot(kernel, at.b, {Role::in}) && isSlot(kernel, at.out, {Role::out});
  return flags && arrays && hasLength(kernel, at.a, {at.m, at.k}) && hasLength(kernel, at.b, {at.k, at.n}) &&
         hasLength(kernel, at.out, {at.m, at.n}) && (at.bias < 0 || hasLength(kernel, at.bias, {at.n})) &&
         (at.reluMask < 0 || hasLength(kernel, at.reluMask, {at.m, at.n}));
}

bool isReductionRight(const Kernel& kernel, const ReductionSlots& at) {
  for (const int size : {at.outer, at.n, at.inner}) {
    if (!isSlot(kernel, size, {Role::size})) return false;
  }
  return isSlot(kernel, at.input, {Role::in}) && isSlot(kernel, at.output, {Role::out}) &&
         hasLength(kernel, at.input, {at.outer, at.n, at.inner}) && hasLength(kernel, at.output, {at.outer, at.inner});
}

bool isRight(const Kernel& kernel, const KernelRules& rules) {
  if (rules.leading != kNoSlot && !leads(kernel, rules.leading, rules.along)) return false;
  for (const int size : rules.flopSizes) {
    if (!isSlot(kernel, size, {Role::size})) return false;
  }
  if (isSlot(kernel, rules.lookup.table, {Role::in}) != isSlot(kernel, rules.lookup.rows, {Role::out})) return false;
  const bool isProduct = kernel.family == Kernel::FamilyName::Products;
  if (isProduct && !isProductRight(kernel, rules.product)) return false;
  return rules.reduction.n == kNoSlot || isReductionRight(kernel, rules.reduction);
}

auto fieldsOf(const ProductSlots& s) {
  return std::tie(s.transposeA, s.transposeB, s.m, s.n, s.k, s.a, s.b, s.out, s.batchRows, s.batchCols, s.aLayout,
                  s.bLayout, s.outLayout, s.bias, s.relu, s.reluMask);
}
auto fieldsOf(const ReductionSlots& s) { return std::tie(s.outer, s.n, s.inner, s.input, s.output); }
auto fieldsOf(const LookupSlots& s) { return std::tie(s.table, s.rows); }
auto fieldsOf(const Rates& r) {
  return std::tie(r.flopsPerMicro, r.bytesPerMicro, r.leastSharedProduct, r.leastShared, r.leastSharedRegion);
}

bool isSame(const KernelRules& a, const KernelRules& b) {
  return std::tie(a.leading, a.along, a.flops, a.flopSizes) == std::tie(b.leading, b.along, b.flops, b.flopSizes) &&
         fieldsOf(a.product) == fieldsOf(b.product) && fieldsOf(a.reduction) == fieldsOf(b.reduction) &&
         fieldsOf(a.lookup) == fieldsOf(b.lookup);
}

void requireSame(const Rules& rules) {
  bool same = fieldsOf(rules.rates) == fieldsOf(kept.rates) && rules.kernels.size() == kept.kernels.size();
  for (std::size_t i = 0; same && i < kept.kernels.size(); i++) same = isSame(rules.kernels[i], kept.kernels[i]);
  if (!same) throw std::invalid_argument("expected the rules that this process has attached before");
}

}  // namespace

void attachRules(const Rules& rules) {
  const std::lock_guard<std::mutex> lock(attaching);
  if (attached) return requireSame(rules);
  if (rules.kernels.size() != registry().size()) throw std::invalid_argument("expected rules for each kernel");
  for (std::size_t i = 0; i < registry().size(); i++) {
    if (isRight(registry()[i], rules.kernels[i])) continue;
    throw std::invalid_argument(std::string(registry()[i].name) + ": expected rules that its signature bears out");
  }
  for (const double rate : {rules.rates.flopsPerMicro, rules.rates.bytesPerMicro}) {
    if (!(rate > 0)) throw std::invalid_argument("expected rates above 0");
  }
  kept = rules;
  attached = true;
}

bool hasRules() { return attached; }

const KernelRules& rulesOf(const Kernel& kernel) {
  return kept.kernels[static_cast<std::size_t>(&kernel - registry().data())];
}

const Rates& rates() { return kept.rates; }

bool leads(const Kernel& kernel, int axis, std::uint32_t along) {
  if (!isSlot(kernel, axis, {Role::size})) return false;
  const auto& arguments = kernel.signature.arguments;
  if (along >> arguments.size() != 0) return false;
  for (std::size_t i = 0; i < arguments.size(); i++) {
    const bool isAlong = (along & (1u << i)) != 0;
    if (isAlong && !arguments[i].isArray()) return false;
    if (arguments[i].written() && !isAlong) return false;
    for (std::size_t f = 0; f < arguments[i].factors.size() && isAlong; f++) {
      const Factor& factor = arguments[i].factors[f];
      if (factor.kind != Factor::size && factor.kind != Factor::number) return false;
      if ((f == 0) != (factor.kind == Factor::size && factor.value == axis)) return false;
    }
  }
  return true;
}

}  // namespace blasgrad
