#include "group.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace blasgrad {
namespace {

// Hands out the bytes of the tile buffers, which are used again once nobody reads them.
class Buffers {
 public:
  Size take(Size bytes) {
    const auto found = std::find_if(free_.begin(), free_.end(), [&](const auto& each) { return each.second == bytes; });
    if (found != free_.end()) {
      const Size at = found->first;
      free_.erase(found);
      return at;
    }
    return takeForever(bytes);
  }
  // What is spread out there stays over all tiles.
  Size takeForever(Size bytes) {
    const Size at = end_;
    end_ += bytes;
    if (end_ > kBufferBytes) refuse("expected tile buffers of at most " + std::to_string(kBufferBytes) + " bytes");
    return at;
  }
  void give(Size at, Size bytes) { free_.emplace_back(at, bytes); }

 private:
  std::vector<std::pair<Size, Size>> free_;
  Size end_ = 0;
};

// The range of memory that an operand or output from outside is in.
struct Range {
  int value;
  int member;
  bool full;
  bool inPlace;
  Array array;
};

class Encoder {
 public:
  Encoder(const PlannedStep& planned, Memory& memory) : planned_(planned), memory_(memory) {
    constexpr Size most = std::numeric_limits<Size>::max();
    const bool fits =
        planned.rows >= 0 && planned.cols >= 0 && (planned.cols == 0 || planned.rows <= most / planned.cols);
    if (!fits) refuse("expected a grid that memory can hold");
    points_ = planned.rows * planned.cols;
  }

  EncodedGroup encode() {
    findLastReads();
    for (std::size_t m = 0; m < planned_.members.size(); m++) encodeMember(static_cast<int>(m));
    for (const Range& out : written_) {
      memory_.requireThere(out.value);
      for (const Range& in : read_) checkShared(out, in);
    }
    if (encoded_.sources.size() + encoded_.members.size() > std::size_t(kMaxCells)) {
      refuse("expected at most " + std::to_string(kMaxCells) + " operands and members");
    }
    encoded_.finish(planned_.rows, planned_.cols);
    return std::move(encoded_);
  }

 private:
  // A buffer is free after the last member that reads it.
  void findLastReads() {
    lastRead_.assign(planned_.members.size(), -1);
    for (std::size_t m = 0; m < planned_.members.size(); m++) {
      for (const PlannedOperand& operand : planned_.members[m].operands) {
        if (operand.member < 0) continue;
        if (operand.member >= static_cast<int>(m)) {
          refuse("expected member " + std::to_string(m) + " to read earlier ones, got " +
                 std::to_string(operand.member));
        }
        lastRead_[static_cast<std::size_t>(operand.member)] = static_cast<int>(m);
      }
    }
  }

  void encodeMember(int m) {
    const PlannedMember& planned = planned_.members[static_cast<std::size_t>(m)];
    const Kernel& kernel = *planned.kernel;
    if (!kernel.isTile()) refuse(std::string(kernel.name) + ": expected an elementwise kernel");
    Array arrays[kMaxArguments];
    checkMember(planned, arrays);
    const auto& arguments = kernel.signature.arguments;
    const int operands = kernel.signature.operands;
    const int inputs = static_cast<int>(arguments.size()) - 2 - operands;
    Member member{};
    member.tile = tileOf(kernel, planned.element);
    std::copy(planned.scalars.begin(), planned.scalars.end(), member.scalars);
    member.operands = operands;
    for (int i = 0; i < operands; i++) {
      const PlannedOperand& operand = planned.operands[static_cast<std::size_t>(i)];
      const Array& array = arrays[inputs + i];
      member.operand[i] = operand.member >= 0 ? ~operand.member : sourceOf(operand, array);
      if (operand.member >= 0) continue;
      for (const Range& out : written_) {
        if (out.value == operand.value) refuse("expected " + nameOf(operand.value) + " to be read as a member");
      }
      read_.push_back({operand.value, m, operand.layout == Layout::full, arguments[inputs + i].inPlace, array});
    }
    const ElementRule rule = arguments[inputs + operands].element;
    member.outBytes = bytesOf(rule, planned.element);
    if (planned.out >= 0) {
      memory_.take(planned.out);
      member.out = arrays[inputs + operands].data;
      written_.push_back({planned.out, m, true, false, arrays[inputs + operands]});
    } else {
      member.buffer = buffers_.take(kTile * member.outBytes);
    }
    kinds_.push_back(rule == ElementRule::byte ? Element::uint8 : planned.element);
    encoded_.members.push_back(member);
    for (int earlier = 0; earlier <= m; earlier++) {
      const Member& made = encoded_.members[static_cast<std::size_t>(earlier)];
      const bool isOver = std::max(lastRead_[static_cast<std::size_t>(earlier)], earlier) == m;
      if (isOver && made.out == nullptr) buffers_.give(made.buffer, kTile * made.outBytes);
    }
  }

  // Checks the member as a call over the whole grid, but for what its arrays share; fills `arrays`.
  void checkMember(const PlannedMember& planned, Array* arrays) {
    const Kernel& kernel = *planned.kernel;
    const auto& arguments = kernel.signature.arguments;
    const std::string name = kernel.name;
    Call call;
    call.axes.rank = 0;
    call.slots[kernel.signature.rows].size = planned_.rows;
    call.slots[kernel.signature.cols].size = planned_.cols;
    std::size_t scalars = 0, layouts = 0, operands = 0;
    for (std::size_t i = 2; i < arguments.size(); i++) {
      const Role role = arguments[i].role;
      if (role == Role::scalar) scalars++;
      if (role == Role::layout && layouts < planned.operands.size()) {
        call.slots[i].size = static_cast<Size>(planned.operands[layouts].layout);
      }
      if (role == Role::layout) layouts++;
      if (role == Role::in && operands < planned.operands.size()) arrays[i] = arrayOf(planned.operands[operands++]);
      if (role == Role::out) {
        const Element element = arguments[i].element == ElementRule::byte ? Element::uint8 : planned.element;
        arrays[i] = planned.out >= 0 ? memory_.array(planned.out) : made(element);
      }
    }
    if (layouts != planned.operands.size()) refuse(name + ": expected " + std::to_string(layouts) + " operands");
    if (scalars != planned.scalars.size()) refuse(name + ": expected " + std::to_string(scalars) + " scalars");
    Element element = planned.element;
    Problem problem;
    if (!checkKindsAndLengths(kernel, arrays, &call, &element, &problem)) refuse(messageOf(kernel, arrays, problem));
    if (element != planned.element) refuse(name + ": expected operands of the member's own element type");
  }

  // What stays in a tile buffer, as an array that the length checks can look at.
  Array made(Element element) const {
    return {nullptr, static_cast<std::size_t>(points_), static_cast<Kind>(element), 0};
  }

  Array arrayOf(const PlannedOperand& operand) {
    if (operand.member >= 0) return made(kinds_[static_cast<std::size_t>(operand.member)]);
    const Array array = memory_.array(operand.value);
    memory_.requireThere(operand.value);
    return array;
  }

  int sourceOf(const PlannedOperand& operand, const Array& array) {
    auto& sources = encoded_.sources;
    for (std::size_t i = 0; i < sources.size(); i++) {
      if (sources[i].data == array.data && layouts_[i] == operand.layout) return static_cast<int>(i);
    }
    const Size bytes = kElementBytes[static_cast<int>(array.kind)];
    const bool isFull = operand.layout == Layout::full;
    sources.push_back({array.data, bytes, operand.layout, isFull ? 0 : buffers_.takeForever(kTile * bytes)});
    layouts_.push_back(operand.layout);
    return static_cast<int>(sources.size()) - 1;
  }

  // Memory that is written is read only tile for tile, and before it is written.
  void checkShared(const Range& out, const Range& in) const {
    const Array& a = out.array;
    const Array& b = in.array;
    if (a.needed == 0 || b.needed == 0 || a.data + a.needed <= b.data || b.data + b.needed <= a.data) return;
    const bool same = in.full && a.data == b.data && a.needed == b.needed;
    if (same && (in.member < out.member || (in.member == out.member && in.inPlace))) return;
    refuse("expected " + nameOf(out.value) + " not to be over " + nameOf(in.value) + ", which is read elsewhere");
  }

  const PlannedStep& planned_;
  Memory& memory_;
  Size points_ = 0;
  EncodedGroup encoded_;
  Buffers buffers_;
  std::vector<Layout> layouts_;  // of the sources, as planned
  std::vector<Element> kinds_;   // of what members make
  std::vector<int> lastRead_;
  std::vector<Range> read_;
  std::vector<Range> written_;
};

}  // namespace

void EncodedGroup::finish(Size rows, Size cols) {
  group = {
      rows, cols, sources.data(), static_cast<int>(sources.size()), members.data(), static_cast<int>(members.size())};
  prepare(group);
}

EncodedGroup encodeGroup(const PlannedStep& planned, Memory& memory) { return Encoder(planned, memory).encode(); }

std::string messageOf(const Kernel& kernel, const Array* arrays, const Problem& problem) {
  static constexpr const char* kinds[] = {"float32", "float64", "int32", "uint8", "another type"};
  const std::string got = problem.got.empty() ? kinds[static_cast<int>(arrays[problem.argument].kind)] : problem.got;
  return std::string(kernel.name) + ": expected " + problem.expected + ", got " + got;
}

}  // namespace blasgrad
