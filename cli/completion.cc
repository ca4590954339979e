// conv2d completion: completion for shells, written from the options that the commands declare, so
// that it knows what the program knows.
#include "commands.h"
#include "terminal.h"

#include <conv2d/filters.h>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace conv2d::cli {
namespace {

constexpr const char* completion_help = R"(Examples:
  conv2d completion bash > ~/.local/share/bash-completion/completions/conv2d
  conv2d completion zsh > ~/.zfunc/_conv2d        (with fpath+=~/.zfunc before compinit)
  conv2d completion fish > ~/.config/fish/completions/conv2d.fish)";

struct Flag {
  std::vector<std::string> names;  ///< "-o", "--output"
  std::string description;
  bool takes_value = false;
  bool takes_file = false;
};

struct Command {
  std::string name;
  std::string description;
  std::vector<Flag> flags;
  std::vector<std::string> words;  ///< what its first positional argument may be
};

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

// "TEXT:{bash,fish,zsh}" -> the words in braces.
std::vector<std::string> choices_in(const std::string& type) {
  const std::size_t open = type.find('{');
  const std::size_t close = type.find('}');
  if (open == std::string::npos || close == std::string::npos) {
    return {};
  }
  return CLI::detail::split(type.substr(open + 1, close - open - 1), ',');
}

Command describe(const CLI::App& app) {
  Command command{app.get_name(), app.get_description(), {}, {}};
  for (const CLI::Option* option : app.get_options()) {
    if (option->get_positional()) {
      const std::vector<std::string> choices = choices_in(option->get_type_name());
      command.words.insert(command.words.end(), choices.begin(), choices.end());
      if (option->get_name() == "LAYER") {
        for (const Filter& filter : filters()) {
          command.words.emplace_back(filter.name);
        }
      }
      continue;
    }
    Flag flag{{}, option->get_description(), option->get_items_expected_max() > 0, false};
    for (const std::string& name : option->get_snames()) {
      flag.names.push_back("-" + name);
    }
    for (const std::string& name : option->get_lnames()) {
      flag.names.push_back("--" + name);
    }
    flag.takes_file = contains(option->get_type_name(), "FILE");
    command.flags.push_back(std::move(flag));
  }
  return command;
}

std::vector<Command> describe_all(const CLI::App& program) {
  std::vector<Command> commands;
  for (const CLI::App* app : program.get_subcommands([](const CLI::App*) { return true; })) {
    commands.push_back(describe(*app));
  }
  return commands;
}

std::vector<std::string> flag_names(const std::vector<Flag>& flags) {
  std::vector<std::string> names;
  for (const Flag& flag : flags) {
    names.insert(names.end(), flag.names.begin(), flag.names.end());
  }
  return names;
}

// Single quotes within single quotes, as POSIX shells want them.
std::string shell_quoted(std::string_view text) {
  std::string result = "'";
  for (const char c : text) {
    result += c == '\'' ? std::string("'\\''") : std::string(1, c);
  }
  return result + "'";
}

std::string bash(const Command& program, const std::vector<Command>& commands) {
  std::vector<std::string> names;
  std::string cases;
  for (const Command& command : commands) {
    names.push_back(command.name);
    cases += fmt::format("    {}) flags={}; words={} ;;\n", command.name,
                         shell_quoted(fmt::format("{}", fmt::join(flag_names(command.flags), " "))),
                         shell_quoted(fmt::format("{}", fmt::join(command.words, " "))));
  }
  return fmt::format(R"(_conv2d() {{
  local current=${{COMP_WORDS[COMP_CWORD]}} flags words
  case ${{COMP_WORDS[1]}} in
{}    *) flags={}; words={} ;;
  esac
  if ((COMP_CWORD == 1)); then
    flags={}
    words={}
  elif ((COMP_CWORD > 2)); then
    words=
  fi
  if [[ $current == -* ]]; then
    words=$flags
  fi
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
}}
complete -o default -F _conv2d conv2d
)",
                     cases, "''", "''",
                     shell_quoted(fmt::format("{}", fmt::join(flag_names(program.flags), " "))),
                     shell_quoted(fmt::format("{}", fmt::join(names, " "))));
}

// One argument of zsh's _arguments: '(-o --output)'{-o,--output}'[description]:value:_files'.
std::string zsh_argument(const Flag& flag) {
  std::string description = flag.description;
  std::replace(description.begin(), description.end(), '[', '(');
  std::replace(description.begin(), description.end(), ']', ')');
  const std::string action = !flag.takes_value ? "" : flag.takes_file ? ":file:_files" : ":value:";
  const std::string names =
      flag.names.size() == 1 ? flag.names[0] : fmt::format("{{{}}}", fmt::join(flag.names, ","));
  return fmt::format("'({})'{}{}", fmt::join(flag.names, " "), names,
                     shell_quoted(fmt::format("[{}]{}", description, action)));
}

std::string zsh(const Command& program, const std::vector<Command>& commands) {
  std::string names;
  std::string cases;
  for (const Command& command : commands) {
    names += fmt::format("    {}\n", shell_quoted(command.name + ":" + command.description));
    cases += fmt::format("    {})\n      _arguments", command.name);
    for (const Flag& flag : command.flags) {
      cases += " \\\n        " + zsh_argument(flag);
    }
    if (!command.words.empty()) {
      cases += fmt::format(" \\\n        '1:first:({})'", fmt::join(command.words, " "));
    }
    cases += " \\\n        '*:file:_files'\n      ;;\n";
  }
  return fmt::format(R"(#compdef conv2d
_conv2d() {{
  local -a commands
  commands=(
{})
  if ((CURRENT == 2)); then
    _describe command commands
    compadd -- {}
    return
  fi
  local command=$words[2]
  shift words
  ((CURRENT--))
  case $command in
{}  esac
}}
if [[ $funcstack[1] == _conv2d ]]; then
  _conv2d "$@"
else
  compdef _conv2d conv2d
fi
)",
                     names, fmt::join(flag_names(program.flags), " "), cases);
}

std::string fish_flag(const std::string& condition, const Flag& flag) {
  std::string line = fmt::format("complete -c conv2d -n {}", shell_quoted(condition));
  for (const std::string& name : flag.names) {
    const bool is_long = name.starts_with("--");
    line += fmt::format(" -{} {}", is_long ? "l" : "s", name.substr(is_long ? 2 : 1));
  }
  if (flag.takes_value) {
    line += flag.takes_file ? " -r -F" : " -x";
  }
  return fmt::format("{} -d {}\n", line, shell_quoted(flag.description));
}

std::string fish(const Command& program, const std::vector<Command>& commands) {
  std::string script;
  for (const Flag& flag : program.flags) {
    script += fish_flag("__fish_use_subcommand", flag);
  }
  for (const Command& command : commands) {
    script += fmt::format("complete -c conv2d -n __fish_use_subcommand -f -a {} -d {}\n",
                          command.name, shell_quoted(command.description));
    const std::string condition = "__fish_seen_subcommand_from " + command.name;
    for (const Flag& flag : command.flags) {
      script += fish_flag(condition, flag);
    }
    if (!command.words.empty()) {
      script += fmt::format("complete -c conv2d -n {} -a {}\n", shell_quoted(condition),
                            shell_quoted(fmt::format("{}", fmt::join(command.words, " "))));
    }
  }
  return script;
}

std::string script_for(const std::string& shell, const CLI::App& program) {
  const Command all = describe(program);
  const std::vector<Command> commands = describe_all(program);
  return shell == "bash"  ? bash(all, commands)
         : shell == "zsh" ? zsh(all, commands)
                          : fish(all, commands);
}

}  // namespace

void add_completion(CLI::App& program) {
  CLI::App& command =
      *program.add_subcommand("completion", "Print a script that completes commands in a shell");
  auto shell = std::make_shared<std::string>();
  command.add_option("SHELL", *shell, "The shell")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish"}));
  command.footer(completion_help);
  command.callback([shell, &program] { print(script_for(*shell, program)); });
}

}  // namespace conv2d::cli
