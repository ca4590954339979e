#include "command_syntax.h"

#include <CLI/CLI.hpp>

#include <cstdint>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

namespace conv2d::cli {

CommandSyntax::CommandSyntax(CLI::App& program, const std::string& name,
                             const std::string& description)
    : app_(program.add_subcommand(name, description)) {}

template <class T>
void CommandSyntax::require(const std::string& name, T& value, const std::string& help,
                            const std::string& type) {
  option(name, value, help, type)->required();
}

template <class T>
CLI::Option* CommandSyntax::option(const std::string& name, T& value, const std::string& help,
                                   const std::string& type) {
  CLI::Option* option = app_->add_option(name, value, help)->type_name(type);
  return std::is_arithmetic_v<T> ? option->capture_default_str() : option;
}

CLI::Option* CommandSyntax::flag(const std::string& name, bool& value, const std::string& help) {
  return app_->add_flag(name, value, help);
}

void CommandSyntax::exclude(CLI::Option* one, CLI::Option* other) { one->excludes(other); }

void CommandSyntax::finish(const std::string& footer, std::function<void()> work) {
  app_->footer(footer);
  app_->callback(std::move(work));
}

using Words = std::vector<std::string>;
using OptionalNumber = std::optional<std::uint64_t>;

template void CommandSyntax::require(const std::string&, std::string&, const std::string&,
                                     const std::string&);
template void CommandSyntax::require(const std::string&, Words&, const std::string&,
                                     const std::string&);
template CLI::Option* CommandSyntax::option(const std::string&, std::string&, const std::string&,
                                            const std::string&);
template CLI::Option* CommandSyntax::option(const std::string&, Words&, const std::string&,
                                            const std::string&);
template CLI::Option* CommandSyntax::option(const std::string&, double&, const std::string&,
                                            const std::string&);
template CLI::Option* CommandSyntax::option(const std::string&, OptionalNumber&, const std::string&,
                                            const std::string&);

}  // namespace conv2d::cli
