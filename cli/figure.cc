// conv2d figure: what a layer does to an input, drawn.
#include "command_syntax.h"
#include "commands.h"
#include "failure.h"
#include "figure_subject.h"
#include "output.h"
#include "sizes_argument.h"
#include "terminal.h"
#include "text.h"

#include <conv2d/diagram.h>
#include <conv2d/figure.h>
#include <conv2d/io.h>

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>

namespace conv2d::cli {
namespace {

struct FigureArguments {
  FigureSubject subject;
  std::string preset;
  std::string link;
  std::string at;
  std::string view;
  std::string theme = "light";
  std::string output;
  bool list = false;
};

constexpr const char* figure_help = R"(Examples:
  conv2d figure 'Conv2d(3, 2, 3, stride=2, padding=1)' --input 3x5x5 -o layer.svg
  conv2d figure 'Conv2d(1, 1, 3, padding=1, padding_mode=reflect)' --input 1x5x5 --at 0,0,0 -o reflect.png
  conv2d figure --preset no_padding_strides_transposed -o steps.gif
  conv2d figure --link 'http://localhost:8080/#layer=Conv2d(1,1,3)&input=1x5x5&x=0:9' -o page.svg
  conv2d figure sobel_x --input photo.jpg --gray --at 0,100,100 -o sobel.pdf

.svg, .png and .pdf show one output, that of --at or the first; .gif and .html step through all.
Where INPUT is sizes its numbers are small whole ones, and so are the weights, unless --weights or
--seed gives others.)";

diagram::View parse_view(const std::string& word) {
  std::string known;
  for (const diagram::View view : diagram::views()) {
    if (word == diagram::name(view)) {
      return view;
    }
    known += fmt::format("{}{}", known.empty() ? "" : ", ", diagram::name(view));
  }
  refuse(fmt::format("--view takes {}, but got '{}'", known, word));
}

drawing::Theme parse_theme(const std::string& word) {
  if (word != "light" && word != "dark") {
    refuse(fmt::format("--theme takes light or dark, but got '{}'", word));
  }
  return word == "light" ? drawing::Theme::light : drawing::Theme::dark;
}

explain::Index parse_output(const std::string& text) {
  const std::vector<std::int64_t> numbers = parse_position(text, "--at");
  if (numbers.size() != 3) {
    throw ArgumentError(fmt::format("--at takes channel,row,column, but these are {}",
                                    counted(static_cast<std::int64_t>(numbers.size()), "number")),
                        text, 0, text.size());
  }
  return {.channel = numbers[0], .row = numbers[1], .column = numbers[2]};
}

void take_preset(FigureArguments& arguments) {
  FigureSubject& subject = arguments.subject;
  if (!subject.layer.empty() || !subject.input.empty()) {
    refuse("--preset is a layer and an input: it takes the place of LAYER and --input");
  }
  for (const diagram::Preset& preset : diagram::presets()) {
    if (preset.name == arguments.preset) {
      subject.layer = preset.layer;
      subject.input = by(preset.input);
      return;
    }
  }
  refuse(fmt::format("there is no preset '{}'; conv2d figure --list names them", arguments.preset));
}

void take_link(FigureArguments& arguments) {
  FigureSubject& subject = arguments.subject;
  if (!subject.layer.empty() || !subject.input.empty() || !arguments.preset.empty() ||
      subject.weights.seed || !subject.weights.file.empty()) {
    refuse("--link is a layer, an input and their numbers: it stands alone");
  }
  subject.link = parse_link(arguments.link);
  subject.layer = subject.link->layer;
  subject.input = subject.link->input;
  if (arguments.at.empty()) {
    arguments.at = subject.link->at;
  }
  if (arguments.view.empty()) {
    arguments.view = subject.link->view;
  }
}

void write(const std::string& file, std::string_view text) {
  io::write_file(file, std::as_bytes(std::span(text)));
}

constexpr double picture_ratio = 2;  // of pictures: readable on screens of double density

void write_steps(const std::string& file, const diagram::Diagram& diagram,
                 diagram::Options options) {
  options.stepping = true;
  const std::int64_t frames = diagram.frames();
  if (frames > diagram::most_frames) {
    refuse(fmt::format("a GIF steps through at most {} outputs, but this layer has {}",
                       grouped(diagram::most_frames), grouped(frames)));
  }
  // Long sums take more lines: every frame gets the room of the largest.
  double width = 0;
  double height = 0;
  for (std::int64_t frame = 0; frame < frames; ++frame) {
    options.at = diagram.output_of(frame);
    const drawing::Drawing drawing = diagram.draw(options);
    width = std::max(width, drawing.width);
    height = std::max(height, drawing.height);
  }
  Progress progress("drawing");
  io::write_gif(
      file, frames,
      [&](std::int64_t frame) {
        options.at = diagram.output_of(frame);
        progress.set(static_cast<double>(frame) / static_cast<double>(frames));
        drawing::Drawing drawing = diagram.draw(options);
        drawing.width = width;
        drawing.height = height;
        return figure::to_pixels(drawing);
      },
      [&](std::int64_t frame) { return frame + 1 == frames ? 250 : 80; });
  progress.set(1);
}

void draw_figure(FigureArguments arguments) {
  if (!arguments.link.empty()) {
    take_link(arguments);
  }
  if (!arguments.preset.empty()) {
    take_preset(arguments);
  }
  if (arguments.subject.layer.empty() || arguments.subject.input.empty()) {
    refuse("conv2d figure takes LAYER and --input, --preset or --link (see conv2d figure --help)");
  }
  if (arguments.output.empty()) {
    refuse("conv2d figure takes -o FILE: a .svg, .png, .pdf, .gif or .html");
  }
  check_output("-o", arguments.output, {".svg", ".png", ".pdf", ".gif", ".html"},
               {arguments.subject.input, arguments.subject.weights.file});
  const diagram::Diagram diagram = diagram_of(arguments.subject);
  diagram::Options options{.view = parse_view(arguments.view.empty() ? "slide" : arguments.view),
                           .theme = parse_theme(arguments.theme)};
  if (!arguments.at.empty()) {
    options.at = parse_output(arguments.at);
  }
  const std::string ending = std::filesystem::path(arguments.output).extension().string();
  const bool steps = ending == ".gif" || ending == ".html";
  if (steps && !arguments.at.empty() && arguments.link.empty()) {
    refuse(fmt::format("--at chooses one output, but a {} steps through all", ending));
  }
  const drawing::Drawing drawing = diagram.draw(options);
  if (ending == ".gif") {
    write_steps(arguments.output, diagram, options);
  } else if (ending == ".html") {
    write(arguments.output, diagram::to_html(diagram, options));
  } else if (ending == ".svg") {
    write(arguments.output, drawing::to_svg(drawing));
  } else if (ending == ".pdf") {
    write(arguments.output, figure::to_pdf(drawing));
  } else {
    io::write_png(arguments.output, figure::to_pixels(drawing, picture_ratio));
  }
  print(fmt::format("{}\nwrote {}{}\n", drawing.description, arguments.output,
                    steps ? fmt::format(", {}", counted(diagram.frames(), "frame")) : ""));
}

void list_presets() {
  std::vector<std::vector<std::string>> rows = {{"preset", "layer", "input", "shows"}};
  for (const diagram::Preset& preset : diagram::presets()) {
    rows.push_back({std::string(preset.name), std::string(preset.layer), by(preset.input),
                    std::string(preset.meaning)});
  }
  print(table(rows));
}

}  // namespace

void add_figure(CLI::App& program) {
  CommandSyntax command(program, "figure", "Draw what a layer does to each number");
  auto arguments = std::make_shared<FigureArguments>();
  command.option("LAYER", arguments->subject.layer, layer_help, "");
  command.option("--input", arguments->subject.input,
                 "Sizes such as 3x5x5, or a .png, .jpg or .npy", "SIZES|FILE");
  command.option("--preset", arguments->preset, "A well-known figure instead", "NAME");
  command.option("--link", arguments->link, "What the page shows at that address", "ADDRESS");
  command.flag("--list", arguments->list, "List the presets");
  command.option("--at", arguments->at, "The output value to look at", "K,P,Q");
  command.option("--view", arguments->view, "slide, im2col, matrix, gradient or cost", "VIEW");
  command.option("--theme", arguments->theme, "light or dark", "THEME");
  add_weight_options(command, arguments->subject.weights);
  add_color_options(command, arguments->subject.colors);
  command.option("-o,--output", arguments->output, "A .svg, .png, .pdf, .gif or .html", "FILE");
  command.finish(figure_help, [arguments] {
    if (arguments->list) {
      list_presets();
    } else {
      draw_figure(*arguments);
    }
  });
}

}  // namespace conv2d::cli
