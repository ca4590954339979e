// conv2d filters: the named filters and their weights.
#include "command_syntax.h"
#include "commands.h"
#include "terminal.h"
#include "text.h"

#include <conv2d/filters.h>

#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace conv2d::cli {
namespace {

// Its weights row by row, as they stand in the kernel.
std::vector<std::vector<std::string>> rows_of(const Filter& filter) {
  std::vector<std::vector<std::string>> rows;
  for (std::int64_t r = 0; r < filter.rows; ++r) {
    std::vector<std::string> row;
    for (std::int64_t s = 0; s < filter.columns; ++s) {
      row.push_back(fmt::format("{:>10.4g}",
                                filter.values[static_cast<std::size_t>(r * filter.columns + s)]));
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

std::string words() {
  std::string text;
  for (const Filter& filter : filters()) {
    text += fmt::format("{}{}: {}\n", text.empty() ? "" : "\n", filter.name, filter.meaning);
    for (const auto& row : rows_of(filter)) {
      text += fmt::format("{}\n", fmt::join(row, ""));
    }
  }
  return text;
}

std::string json() {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const Filter& filter : filters()) {
    list.push_back({{"name", filter.name},
                    {"meaning", filter.meaning},
                    {"rows", filter.rows},
                    {"columns", filter.columns},
                    {"values", std::vector<float>(filter.values.begin(), filter.values.end())}});
  }
  return list.dump(2) + "\n";
}

constexpr const char* filters_help = R"(Example:
  conv2d apply sharpen photo.jpg -o sharper.png

Each filter is applied to each channel on its own, the border repeated outwards.)";

}  // namespace

void add_filters(CLI::App& program) {
  CommandSyntax command(program, "filters", "List the named filters");
  auto as_json = std::make_shared<bool>(false);
  command.flag("--json", *as_json, "As JSON");
  command.finish(filters_help, [as_json] { print(*as_json ? json() : words()); });
}

}  // namespace conv2d::cli
