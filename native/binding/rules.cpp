// Reads what lib/backend/rules/facts.ts derives of the kernels, as slots of arguments.
#include "kernels/catalogue/rules.h"

#include <stdexcept>

#include "binding.h"

namespace blasgrad {
namespace {

double number(Napi::Env env, Napi::Object from, const char* name) {
  const Napi::Value value = from.Get(name);
  if (!value.IsNumber()) failWith(env, std::string("attach: expected a number for ") + name);
  return value.As<Napi::Number>().DoubleValue();
}

Napi::Object object(Napi::Env env, Napi::Value value, const std::string& name) {
  if (!value.IsObject()) failWith(env, "attach: expected rules for " + name);
  return value.As<Napi::Object>();
}

int slotOf(Napi::Object from, const char* name) {
  const Napi::Value value = from.Get(name);
  return value.IsNumber() ? value.As<Napi::Number>().Int32Value() : kNoSlot;
}

// The slots of a family's roles; none where the kernel is not of the family.
template <class Slots, std::size_t N>
Slots slotsOf(Napi::Object roles, const char* family, const std::pair<const char*, int Slots::*> (&names)[N]) {
  Slots slots;
  const Napi::Value found = roles.Get(family);
  if (!found.IsObject()) return slots;
  for (const auto& [name, slot] : names) slots.*slot = slotOf(found.As<Napi::Object>(), name);
  return slots;
}

constexpr std::pair<const char*, int ProductSlots::*> kProduct[] = {{"transposeA", &ProductSlots::transposeA},
                                                                    {"transposeB", &ProductSlots::transposeB},
                                                                    {"m", &ProductSlots::m},
                                                                    {"n", &ProductSlots::n},
                                                                    {"k", &ProductSlots::k},
                                                                    {"a", &ProductSlots::a},
                                                                    {"b", &ProductSlots::b},
                                                                    {"out", &ProductSlots::out},
                                                                    {"batchRows", &ProductSlots::batchRows},
                                                                    {"batchCols", &ProductSlots::batchCols},
                                                                    {"aLayout", &ProductSlots::aLayout},
                                                                    {"bLayout", &ProductSlots::bLayout},
                                                                    {"outLayout", &ProductSlots::outLayout},
                                                                    {"bias", &ProductSlots::bias},
                                                                    {"relu", &ProductSlots::relu},
                                                                    {"reluMask", &ProductSlots::reluMask}};
constexpr std::pair<const char*, int ReductionSlots::*> kReduction[] = {{"outer", &ReductionSlots::outer},
                                                                        {"n", &ReductionSlots::n},
                                                                        {"inner", &ReductionSlots::inner},
                                                                        {"input", &ReductionSlots::input},
                                                                        {"output", &ReductionSlots::output}};
constexpr std::pair<const char*, int LookupSlots::*> kLookup[] = {{"table", &LookupSlots::table},
                                                                  {"rows", &LookupSlots::rows}};
constexpr std::pair<const char*, double Rates::*> kRates[] = {{"flopsPerMicro", &Rates::flopsPerMicro},
                                                              {"bytesPerMicro", &Rates::bytesPerMicro},
                                                              {"leastSharedProduct", &Rates::leastSharedProduct},
                                                              {"leastShared", &Rates::leastShared},
                                                              {"leastSharedRegion", &Rates::leastSharedRegion}};

KernelRules rulesOf(Napi::Env env, Napi::Object facts) {
  KernelRules rules;
  rules.leading = slotOf(facts, "leading");
  rules.along = static_cast<std::uint32_t>(number(env, facts, "along"));
  rules.flops = number(env, facts, "flops");
  const Napi::Value sizes = facts.Get("flopSizes");
  for (std::uint32_t i = 0; sizes.IsArray() && i < sizes.As<Napi::Array>().Length(); i++) {
    const Napi::Value size = sizes.As<Napi::Array>()[i];
    rules.flopSizes.push_back(size.IsNumber() ? size.As<Napi::Number>().Int32Value() : kNoSlot);
  }
  const Napi::Object roles = object(env, facts.Get("roles"), "roles");
  rules.product = slotsOf(roles, "product", kProduct);
  rules.reduction = slotsOf(roles, "reduction", kReduction);
  rules.lookup = slotsOf(roles, "lookup", kLookup);
  return rules;
}

}  // namespace

void readRules(Napi::Env env, Napi::Value facts) {
  Rules rules;
  const Napi::Object all = object(env, facts, "the kernels");
  const Napi::Object rates = object(env, all.Get("rates"), "rates");
  for (const auto& [name, rate] : kRates) rules.rates.*rate = number(env, rates, name);
  const Napi::Object kernels = object(env, all.Get("kernels"), "kernels");
  for (const Kernel& kernel : registry()) {
    rules.kernels.push_back(rulesOf(env, object(env, kernels.Get(kernel.name), kernel.name)));
  }
  try {
    attachRules(rules);
  } catch (const std::invalid_argument& error) {
    failWith(env, std::string("attach: ") + error.what());
  }
}

}  // namespace blasgrad
