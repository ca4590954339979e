// How a command declares what it takes: a thin cover of CLI11, whose headers take longer to compile
// than any file here.
#pragma once

#include <functional>
#include <string>

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace conv2d::cli {

/// The arguments, options and help of one command. The values that it is given are written when the
/// command line is parsed, so they must live until then. A value is a std::string, a
/// std::vector<std::string> (one or more), a double or a std::optional<std::uint64_t>; `type` is
/// what help calls it, "" where its name says enough.
class CommandSyntax {
 public:
  CommandSyntax(CLI::App& program, const std::string& name, const std::string& description);

  /// A value that must be given, as an argument (LAYER) or as an option (-o,--output).
  template <class T>
  void require(const std::string& name, T& value, const std::string& help, const std::string& type);
  /// A value that may be given.
  template <class T>
  CLI::Option* option(const std::string& name, T& value, const std::string& help,
                      const std::string& type);
  CLI::Option* flag(const std::string& name, bool& value, const std::string& help);
  /// At most one of the two may be given.
  static void exclude(CLI::Option* one, CLI::Option* other);

  /// What help ends with, and what the command does once its values are there.
  void finish(const std::string& footer, std::function<void()> work);

 private:
  CLI::App* app_;
};

}  // namespace conv2d::cli
