// The check that chains are independent: none writes what another reads or writes, and within a chain of rows what is
// written is used row by row.
#include "region.h"

namespace blasgrad {
namespace {

// A task's effect on a range of memory.
struct Effect {
  std::size_t chain;
  const char* begin;
  const char* end;
  bool written;
  bool along;  // row i of the chain touches the i-th part only
};

std::string nameOfChain(std::size_t index) { return "chain " + std::to_string(index); }

void add(std::vector<Effect>* effects, std::size_t chain, const void* data, Size bytes, bool written, bool along) {
  const char* begin = static_cast<const char*>(data);
  if (bytes > 0) effects->push_back({chain, begin, begin + bytes, written, along});
}

void addEffectsOf(const Task& task, const Partition& partition, std::size_t chain, std::vector<Effect>* effects) {
  if (task.kernel != nullptr) {
    const Signature& signature = task.kernel->signature;
    for (std::size_t i = 0; i < signature.arguments.size(); i++) {
      const Argument& argument = signature.arguments[i];
      const Slot& slot = task.call.slots[i];
      if (!argument.isArray() || slot.pointer == nullptr) continue;
      const Size bytes = signature.needed(argument, task.call) * kElementBytes[static_cast<int>(slot.element)];
      add(effects, chain, slot.pointer, bytes, argument.written(), partition.isAlong(i));
    }
    return;
  }
  const Group& group = task.group.group;
  const bool rows = partition.kind == Partition::rows;
  for (const Source& source : task.group.sources) {
    const Size elements = source.layout == Layout::full     ? group.rows * group.cols
                          : source.layout == Layout::row    ? group.cols
                          : source.layout == Layout::column ? group.rows
                                                            : 1;
    const bool along = rows && (source.layout == Layout::full || source.layout == Layout::column);
    add(effects, chain, source.data, elements * source.bytes, false, along);
  }
  for (const Member& member : task.group.members) {
    if (member.out != nullptr) {
      add(effects, chain, member.out, group.rows * group.cols * member.outBytes, true, rows);
    }
  }
}

// Refuses a local value that is not made row by row within the chain, or touched elsewhere.
void verifyLocal(const std::vector<Effect>& effects, const Region::Chain& chain, std::size_t index) {
  const auto fail = [&] { refuse(nameOfChain(index) + ": expected values that are local to it"); };
  for (const Region::MemoryRange& range : chain.local) {
    const char* const end = range.begin + range.bytes;
    bool first = true;
    for (const Effect& effect : effects) {
      if (effect.end <= range.begin || end <= effect.begin) continue;
      const bool whole = effect.begin == range.begin && effect.end == end && effect.along && effect.chain == index;
      if (!whole || (first && !effect.written)) fail();
      first = false;
    }
    if (first || chain.rows == 1) fail();
  }
}

void addEffectsOf(const Region::Chain& chain, std::size_t index, std::vector<Effect>* effects) {
  const std::string name = nameOfChain(index);
  if (chain.tasks.empty()) refuse(name + ": expected steps");
  for (std::size_t at = 0; at < chain.tasks.size(); at++) {
    const Task& task = chain.tasks[at];
    if (task.kernel != nullptr && task.kernel->signature.reportsIndex) {
      refuse(name + ": expected no step that reports an index");
    }
    if (chain.rows != 1 && chain.partitions[at].kind == Partition::whole) {
      refuse(name + ": expected steps of " + std::to_string(chain.rows) + " rows");
    }
    addEffectsOf(task, chain.partitions[at], index, effects);
  }
}

}  // namespace

void verifyChains(const std::vector<Region::Chain>& chains) {
  std::vector<Effect> effects;
  for (std::size_t i = 0; i < chains.size(); i++) addEffectsOf(chains[i], i, &effects);
  for (std::size_t i = 0; i < chains.size(); i++) verifyLocal(effects, chains[i], i);
  for (const Effect& one : effects) {
    for (const Effect& other : effects) {
      if (!one.written || &one == &other || one.end <= other.begin || other.end <= one.begin) continue;
      if (one.chain != other.chain) refuse("expected chains that do not meet");
      const bool same = one.begin == other.begin && one.end == other.end && one.along && other.along;
      if (chains[one.chain].rows != 1 && !same) {
        refuse(nameOfChain(one.chain) + ": expected steps that need the same rows only");
      }
    }
  }
}

}  // namespace blasgrad
