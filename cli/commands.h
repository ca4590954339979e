// The commands. Each adds itself, with its options and its help, to the program; its work is done
// when the arguments have been parsed, and throws what main() shows.
#pragma once

namespace CLI {
class App;
}  // namespace CLI

namespace conv2d::cli {

void add_apply(CLI::App& program);
void add_explain(CLI::App& program);
void add_shape(CLI::App& program);
void add_plan(CLI::App& program);
void add_grad(CLI::App& program);
void add_onnx(CLI::App& program);
void add_filters(CLI::App& program);
void add_figure(CLI::App& program);
void add_bench(CLI::App& program);
void add_tune(CLI::App& program);
/// Reads the other commands' options when it runs.
void add_completion(CLI::App& program);

}  // namespace conv2d::cli
