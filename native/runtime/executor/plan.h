// The description of a program, as lib/compile/plan.ts has it: binding/ fills it in, Program
// checks and encodes it. Ids and positions are not trusted.
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/catalogue/registry.h"

namespace blasgrad {

enum class Origin { made, argument, state, constant };

struct PlannedValue {
  Element element;
  Size length;
  Origin origin;
  int slot;        // of an argument
  double offset;   // in the arena, in bytes; −1: not there
  char* external;  // of state and constants
};

struct PlannedOperand {
  int member;  // an earlier member, or −1
  int value;
  Layout layout;
};

// A kernel within a group.
struct PlannedMember {
  const Kernel* kernel;
  Element element;
  std::vector<double> scalars;
  std::vector<PlannedOperand> operands;
  int out;  // a value, or −1
};

struct PlannedStep;

// A task chain: work that goes row by row.
struct PlannedChain {
  Size rows;
  std::vector<PlannedStep> steps;
  std::vector<int> local;  // values that only the chain reads
};

// How work can be partitioned, and what it costs (Schedule in lib/compile/plan.ts).
struct PlannedSchedule {
  Size rows = 0;
  int axis = -1;
  std::uint32_t along = 0;
  double micros = 0;
};

// Chains that run at the same time; or a call, its slots set but for the arrays; or a group, where `kernel` is null.
struct PlannedStep {
  const Kernel* kernel = nullptr;
  Call call;
  int references[kMaxArguments];  // the value of each array argument, or −1: left out
  Size rows = 0;
  Size cols = 0;
  std::vector<PlannedMember> members;
  std::vector<PlannedChain> chains;
  PlannedSchedule schedule;
};

struct Plan {
  std::vector<PlannedValue> values;
  std::vector<PlannedStep> steps;
  std::vector<int> results;
  double arenaBytes = 0;
};

}  // namespace blasgrad
