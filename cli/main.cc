// The command line: conv2d COMMAND ...
#include "commands.h"
#include "failure.h"
#include "terminal.h"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <fcntl.h>
#include <unistd.h>

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

Work that takes longer than half a second shows its progress on a terminal;
CONV2D_PROGRESS_AFTER=SECONDS sets another time.

Exit codes: 0 done; 1 a comparison failed (conv2d onnx); 2 wrong usage or input.)";

// "conv2d: ..." on one line of stderr, whatever is in the sentence.
int fail(std::string sentence, ExitCode code = ExitCode::bad_input) {
  std::replace(sentence.begin(), sentence.end(), '\n', ' ');
  // Not fmt::print, which throws where stderr is closed.
  std::fputs(fmt::format("conv2d: {}\n", sentence).c_str(), stderr);
  return static_cast<int>(code);
}

// CLI11 would say that a command is missing.
void require_known_command(const CLI::App& program, const std::string& name) {
  std::string known;
  for (const CLI::App* command : program.get_subcommands([](const CLI::App*) { return true; })) {
    if (command->get_name() == name) {
      return;
    }
    known += (known.empty() ? "" : ", ") + command->get_name();
  }
  refuse(fmt::format("there is no command '{}'; the commands are {}", name, known));
}

int show_usage_error(const CLI::App& program, const CLI::ParseError& error) {
  std::string command = "conv2d";
  for (const CLI::App* chosen : program.get_subcommands()) {
    command += " " + chosen->get_name();
  }
  return fail(fmt::format("{} (see {} --help)", error.what(), command));
}

int parse_and_run(CLI::App& program, int argc, char** argv) {
  if (argc > 1 && argv[1][0] != '-') {
    require_known_command(program, argv[1]);
  }
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
  program.get_formatter()->label("SUBCOMMAND", "COMMAND");
  add_apply(program);
  add_explain(program);
  add_shape(program);
  add_plan(program);
  add_grad(program);
  add_onnx(program);
  add_filters(program);
  add_figure(program);
  add_bench(program);
  add_tune(program);
  add_completion(program);
  for (CLI::App* command : program.get_subcommands([](CLI::App*) { return true; })) {
    command->group("Commands");
  }
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
    std::fputs(error.picture().c_str(), stderr);
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

// Who starts us with stdout closed (>&-) shall not find the report in the next file that is opened,
// which would get its number. Read-only, so that writing still fails as it should.
void occupy_standard_descriptors() {
  for (const int descriptor : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (fcntl(descriptor, F_GETFD) == -1) {
      open("/dev/null", O_RDONLY | O_CLOEXEC);
    }
  }
}

}  // namespace
}  // namespace conv2d::cli

int main(int argc, char** argv) {
  conv2d::cli::occupy_standard_descriptors();
  // A closed pipe shall not kill a command that still has a file to write.
  std::signal(SIGPIPE, SIG_IGN);
  return conv2d::cli::run_and_report(argc, argv);
}
