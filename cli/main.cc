// The command line: conv2d COMMAND ...
#include "commands.h"
#include "failure.h"
#include "terminal.h"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <exception>
#include <new>
#include <string>
#include <system_error>

namespace conv2d::cli {
namespace {

constexpr const char* footer = R"(conv2d COMMAND --help says more, with examples.

Examples:
  conv2d apply sobel_x,sobel_y photo.jpg -o edges.png
  conv2d explain 'Conv2d(3, 6, 5)' --input 3x32x32 --at 0,4,7
  conv2d shape 'Conv2d(3, 6, 5)' 'Conv2d(6, 16, 5, stride=2)' --input 3x32x32

Exit codes: 0 done; 1 a comparison failed (conv2d onnx); 2 wrong usage or input.)";

// "conv2d: ..." on one line of stderr, whatever is in the sentence.
int fail(std::string sentence, ExitCode code = ExitCode::bad_input) {
  std::replace(sentence.begin(), sentence.end(), '\n', ' ');
  fmt::print(stderr, "conv2d: {}\n", sentence);
  return static_cast<int>(code);
}

int show_usage_error(const CLI::App& program, const CLI::ParseError& error) {
  std::string command = "conv2d";
  for (const CLI::App* chosen : program.get_subcommands()) {
    command += " " + chosen->get_name();
  }
  return fail(fmt::format("{} (see {} --help)", error.what(), command));
}

int parse_and_run(CLI::App& program, int argc, char** argv) {
  try {
    program.parse(argc, argv);
  } catch (const CLI::Success& wanted) {  // --help, --version
    program.exit(wanted);
  } catch (const CLI::ParseError& error) {
    return show_usage_error(program, error);
  }
  flush();
  return static_cast<int>(ExitCode::ok);
}

int run(int argc, char** argv) {
  CLI::App program("Conv2d as in PyTorch: apply it, look into it, check it.", "conv2d");
  program.set_help_flag("-h,--help", "Show this help");
  program.set_version_flag("--version", "conv2d " CONV2D_VERSION, "Show the version");
  program.require_subcommand(1);
  program.get_formatter()->column_width(34);
  add_apply(program);
  add_explain(program);
  add_shape(program);
  add_plan(program);
  add_grad(program);
  add_onnx(program);
  add_filters(program);
  add_completion(program);
  program.footer(footer);
  return parse_and_run(program, argc, argv);
}

// What went wrong, as a line on stderr and an exit code.
int run_and_report(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const ComparisonFailed&) {
    flush();
    return static_cast<int>(ExitCode::comparison_failed);
  } catch (const ArgumentError& error) {
    const int code = fail(error.what());
    fmt::print(stderr, "{}", error.picture());
    return code;
  } catch (const std::system_error& error) {
    // Whoever read our output has seen enough (conv2d filters | head -1): nothing is wrong.
    return error.code().value() == EPIPE ? static_cast<int>(ExitCode::ok) : fail(error.what());
  } catch (const std::bad_alloc&) {
    return fail("there is not enough memory");
  } catch (const std::exception& error) {
    return fail(error.what());
  }
}

}  // namespace
}  // namespace conv2d::cli

int main(int argc, char** argv) {
  // A closed pipe shall not kill a command that still has a file to write.
  std::signal(SIGPIPE, SIG_IGN);
  return conv2d::cli::run_and_report(argc, argv);
}
