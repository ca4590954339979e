#include "algorithm/column_windows.h"

#include "algorithm/epilogue.h"
#include "algorithm/run_items.h"
#include "base/error.h"
#include "base/quantity.h"
#include "conv2d/machine.h"
#include "conv2d/threads.h"

#include <algorithm>
#include <limits>
#include <vector>

namespace conv2d {
namespace {

/// Windows of planes begin where vectors do, of an output whose rows do.
Index alignment(const Problem& problem) {
  return problem.format == MemoryFormat::channels_last ? 1 : 16;
}

/// The output columns that read no column beyond the border, `begin` rounded up.
AxisRange inner_columns(const Problem& problem) {
  const AxisRange inner = inner_outputs(problem.columns);
  const Index begin = divide_up(inner.begin, alignment(problem)) * alignment(problem);
  return {begin, std::max(begin, inner.end)};
}

/// The input columns that these read, as if there were no border.
AxisRange read_by(const Axis& columns, const AxisRange& outputs) {
  return {columns.position(outputs.begin, 0),
          columns.position(outputs.end - 1, 0) + columns.extent()};
}

/// The convolution of so many output columns that read no column beyond the border.
Problem inner_problem(const Problem& problem, Index outputs) {
  Problem inner = problem;
  Axis& columns = inner.columns;
  columns.output = outputs;
  columns.input = (outputs - 1) * columns.stride + columns.extent();
  columns.pad_before = 0;
  columns.pad_after = 0;
  return inner;
}

std::size_t l2_of_all_threads() { return machine().l2_bytes * at(num_threads()); }

/// As wide as so many pieces for each thread are, or as lets a thread's scratch memory stay in its
/// L2.
Index widest(const Problem& problem, Index columns, Index pieces_of_thread,
             const WorkspaceBytes& bytes) {
  constexpr Index least = 64;
  const Index pieces =
      divide_up(pieces_of_thread * num_threads(), problem.batch * problem.rows.output);
  Index width = std::clamp(divide_up(columns, pieces), least, columns);
  while (width >= 2 * least && bytes(inner_problem(problem, width)) > l2_of_all_threads()) {
    width /= 2;
  }
  return width;
}

/// What beginning one more run costs, two microseconds, in columns: where something is left over
/// though no column to the right reads beyond the border.
Index columns_of_a_run(const Problem& problem, const AxisRange& inner) {
  if (inner.end < problem.columns.output) {
    return 0;
  }
  return divide_up(2 * multiply_adds_in_us * problem.columns.output,
                   std::max<Index>(problem.multiply_adds(), 1));
}

/// Windows of that width or somewhat less: as many as let all threads end at about the same time.
/// What is left over is then computed by one of them, in a run of its own. Windows of sums that are
/// long enough need not begin where vectors do, if nothing is left over then.
ColumnWindows cut(const Problem& problem, const AxisRange& inner, Index width) {
  constexpr Index long_sum = 32;
  const Index run = columns_of_a_run(problem, inner);
  const Index threads = num_threads();
  const Index fewest = divide_up(inner.size(), width);
  ColumnWindows best{};
  Index least = std::numeric_limits<Index>::max();
  const auto consider = [&](Index pieces, Index step) {
    const Index even = std::max(inner.size() / pieces / step, Index{1}) * step;
    const Index count = inner.size() / even;
    const Index left = inner.size() - count * even;
    const Index columns = divide_up(count, threads) * even + left + (left > 0 ? run : 0);
    if (columns < least) {
      least = columns;
      best = {inner.begin, even, count};
    }
  };
  for (Index pieces = fewest; pieces < fewest + 2 * threads; ++pieces) {
    consider(pieces, alignment(problem));
    if (problem.products() >= long_sum && inner.size() % pieces == 0) {
      consider(pieces, 1);
    }
  }
  return best;
}

/// The same of those of one image, in the memory of all of them.
template <class View>
View image_of(const View& view, Index n) {
  return view.slice(0, n, n + 1);
}

/// Windows of so many columns, `step` apart, from the first one of an image on, as images. Of a
/// single row the next one would lie behind it.
template <class View>
View as_batch(const View& image, Index width, Index step, Index count) {
  Sizes sizes = image.sizes();
  Strides strides = image.strides();
  sizes[0] = count;
  sizes[3] = width;
  strides[0] = step * strides[3];
  if (sizes[2] == 1) {
    strides[2] = width * strides[3];
  }
  return {image.data(), image.dtype(), sizes, strides};
}

/// Runs a part: `some` makes a view of its results of one of all.
template <class Some>
void run_part(const Problem& part, const Operands& all, TensorView input, const Some& some,
              const RunProblem& run) {
  const functional::Epilogue epilogue = part_of(all.epilogue, some);
  Operands operands = all;
  operands.first = input;
  operands.result = some(all.result);
  operands.epilogue = &epilogue;
  run(part, operands);
}

/// The columns from `read.begin` on as the border continues them, in memory of their own.
Tensor continued(const Problem& problem, TensorView input, const AxisRange& read) {
  Sizes sizes = input.sizes();
  sizes[3] = read.size();
  Tensor columns = Tensor::uninitialized(sizes, input.dtype(), problem.format);
  for (Index i = 0; i < read.size(); ++i) {
    const Index w = border_index(problem.padding_mode, read.begin + i, problem.columns.input);
    copy(input.slice(3, w, w + 1), columns.mutable_view().slice(3, i, i + 1));
  }
  return columns;
}

/// A run of output columns some of which read beyond the border.
struct BorderRun {
  AxisRange outputs;
  AxisRange read;  ///< of the input; where they are copied, as if there were no border
  bool copies;     ///< where beyond the border there is something other than zeros
  Problem problem;
};

BorderRun border_run(const Problem& whole, const AxisRange& outputs) {
  BorderRun run{outputs, read_by(whole.columns, outputs), whole.padding_mode != PaddingMode::zeros,
                inner_problem(whole, outputs.size())};
  if (!run.copies) {
    const AxisRange all = run.read;
    const Index last = whole.columns.input - 1;
    run.read.begin = std::clamp<Index>(all.begin, 0, last);
    run.read.end = std::clamp<Index>(all.end, run.read.begin + 1, last + 1);
    Axis& columns = run.problem.columns;
    columns.input = run.read.size();
    columns.pad_before = run.read.begin - all.begin;
    columns.pad_after = std::max<Index>(all.end - run.read.end, 0);
  }
  return run;
}

/// Left of the windows, and right.
std::vector<BorderRun> border_runs(const Problem& problem, const ColumnWindows& windows) {
  std::vector<BorderRun> runs;
  for (const AxisRange& outputs :
       {AxisRange{0, windows.first}, AxisRange{windows.end(), problem.columns.output}}) {
    if (outputs.size() > 0) {
      runs.push_back(border_run(problem, outputs));
    }
  }
  return runs;
}

std::size_t workspace_bytes(const BorderRun& run, const WorkspaceBytes& bytes) {
  const std::size_t copied = at(run.problem.x_sizes().numel().value_or(0));
  return bytes(run.problem) + (run.copies ? copied * element_size(run.problem.types.x) : 0);
}

void run_at_border(const BorderRun& border, const Problem& whole, const Operands& operands,
                   const RunProblem& run) {
  const auto [begin, end] = border.outputs;
  const auto some = [begin = begin, end = end](const auto& view) {
    return view.slice(3, begin, end);
  };
  const TensorView input = operands.first;
  if (border.copies) {
    const Tensor copy = continued(whole, input, border.read);
    run_part(border.problem, operands, copy, some, run);
  } else {
    run_part(border.problem, operands, input.slice(3, border.read.begin, border.read.end), some,
             run);
  }
}

void run_windows(const ColumnWindows& windows, const Problem& whole, const Operands& operands,
                 Index n, const RunProblem& run) {
  const Problem batch = batch_of(whole, windows);
  const Index first_read = whole.columns.position(windows.first, 0);
  const TensorView image = image_of(operands.first, n);
  const TensorView input =
      as_batch(image.slice(3, first_read, whole.columns.input), batch.columns.input,
               windows.width * whole.columns.stride, windows.count);
  const auto some = [&](const auto& view) {
    return as_batch(image_of(view, n).slice(3, windows.first, windows.end()), windows.width,
                    windows.width, windows.count);
  };
  run_part(batch, operands, input, some, run);
}

}  // namespace

std::optional<ColumnWindows> column_windows(const Problem& problem, const WorkspaceBytes& bytes) {
  constexpr Index least = 512;  // outputs of a row that may be cut
  const Index rows = problem.batch * problem.rows.output;
  const AxisRange inner = inner_columns(problem);
  if (problem.pass != Pass::forward || rows == 0 || inner.size() < least) {
    return std::nullopt;
  }
  const bool few_rows = rows < Index{2} * num_threads();
  if (!few_rows && bytes(problem) <= 4 * l2_of_all_threads()) {
    return std::nullopt;
  }
  return cut(problem, inner, widest(problem, inner.size(), takes_long(problem) ? 4 : 1, bytes));
}

Problem batch_of(const Problem& problem, const ColumnWindows& windows) {
  Problem batch = inner_problem(problem, windows.width);
  batch.batch = windows.count;
  return batch;
}

Pieces describe_by_columns(const Problem& problem, const WorkspaceBytes& bytes,
                           const DescribeProblem& describe) {
  const auto windows = column_windows(problem, bytes);
  if (!windows) {
    return describe(problem);
  }
  Pieces pieces = describe(batch_of(problem, *windows));
  pieces.blocking =
      concat(counted(windows->count, "window"), " of ", counted(windows->width, "output column"),
             " an image, each as an image: ", pieces.blocking);
  return pieces;
}

std::size_t workspace_by_columns(const Problem& problem, const WorkspaceBytes& bytes) {
  const auto windows = column_windows(problem, bytes);
  if (!windows) {
    return bytes(problem);
  }
  std::size_t most = bytes(batch_of(problem, *windows));
  for (const BorderRun& border : border_runs(problem, *windows)) {
    most = std::max(most, workspace_bytes(border, bytes));
  }
  return most;
}

void run_by_columns(const Problem& problem, const Operands& operands, const WorkspaceBytes& bytes,
                    const RunProblem& run) {
  const auto windows = column_windows(problem, bytes);
  if (!windows) {
    run(problem, operands);
    return;
  }
  for (Index n = 0; n < problem.batch; ++n) {
    run_windows(*windows, problem, operands, n, run);
  }
  for (const BorderRun& border : border_runs(problem, *windows)) {
    run_at_border(border, problem, operands, run);
  }
}

}  // namespace conv2d
