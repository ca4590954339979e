// Rows cut into windows of columns.
//
// Algorithms cut a problem into strips of rows, and keep in a cache what a strip reads. A minute of
// sound is one row of millions of columns: no cache holds it, and it is work for one thread. The
// columns of which no tap reads beyond the border are therefore cut into windows of one width. They
// lie evenly in memory, so that they are a batch of images, which overlap where they are read. What
// is left of them, and right, is a run of its own; where there is something other than zeros beyond
// the border, of a copy of the few columns that it reads.
#pragma once

#include "algorithm/algorithm.h"
#include "algorithm/vector_types.h"
#include "geometry/problem.h"

#include <cstddef>
#include <functional>
#include <optional>

namespace conv2d {

/// Columns of the output: `count` windows of `width` from column `first` on.
struct ColumnWindows {
  Index first;
  Index width;
  Index count;

  Index end() const noexcept { return first + width * count; }

  friend bool operator==(const ColumnWindows&, const ColumnWindows&) = default;
};

/// Bytes of scratch memory that a problem takes.
using WorkspaceBytes = std::function<std::size_t(const Problem&)>;
using DescribeProblem = std::function<Pieces(const Problem&)>;
using RunProblem = std::function<void(const Problem&, const Operands&)>;

/// How a forward problem's columns are cut, or nothing where rows stay whole: where they are many
/// enough for all threads and take little scratch memory.
std::optional<ColumnWindows> column_windows(const Problem& problem, const WorkspaceBytes& bytes);

/// The windows of one image as a batch of images.
Problem batch_of(const Problem& problem, const ColumnWindows& windows);

/// In the words of the windows, where there are any.
Pieces describe_by_columns(const Problem& problem, const WorkspaceBytes& bytes,
                           const DescribeProblem& describe);

/// What run_by_columns() takes at most, with what it copies.
std::size_t workspace_by_columns(const Problem& problem, const WorkspaceBytes& bytes);

/// Runs the problem whole, or in windows. Each run is one of `run`, which must give an output the
/// same bits whatever others it computes.
void run_by_columns(const Problem& problem, const Operands& operands, const WorkspaceBytes& bytes,
                    const RunProblem& run);

}  // namespace conv2d
