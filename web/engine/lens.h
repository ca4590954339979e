// The engine as a web page sees it: a C interface of numbers and text, compiled to WebAssembly.
//
// Each call returns 0, or 1 where it could not; the reason is then lens_text(), one sentence, and
// what was open before stays open. Results are in lens_text() (JSON or text, UTF-8, ended by a
// zero) and in lens_numbers() with lens_count(); both are valid until the next call. Strings and
// arrays that are passed in lie in memory from lens_alloc().
#pragma once

#include <cstddef>
#include <cstdint>

extern "C" {

void* lens_alloc(std::size_t bytes);
void lens_free(void* memory);
const char* lens_text();
const double* lens_numbers();
std::size_t lens_count();

/// Opens a layer, as torch prints it or as a person types it, on an input (channels, height,
/// width), with small whole numbers that depend on the seed. Text: the layer's arguments, sizes,
/// cost.
int lens_open(const char* layer, int channels, int height, int width, unsigned seed);

/// What lens_values and lens_set mean by `kind`.
enum LensValues { lens_input = 0, lens_weight = 1, lens_bias = 2, lens_output = 3 };
/// Numbers: all of them, row-major.
int lens_values(int kind);
/// Other numbers for the input, the weight or the bias; as many as there are.
int lens_set(int kind, const double* values, std::size_t count);

/// Text: the sum of one output, term by term, in the exact digits that are added.
int lens_sum(int channel, int row, int column);
/// Numbers: for each product that an element is in, 10 of them: output channel, row, column; input
/// channel, row, column; the weight's four indices. `kind` is lens_input (channel, row, column) or
/// lens_weight (four indices).
int lens_touched(int kind, int a, int b, int c, int d);
/// Numbers: the gradients of input, weight and bias, one behind the other, given the output's.
int lens_gradient(const double* output_gradient, std::size_t count);

/// Text: the figure as SVG, what `conv2d figure` writes. `view` and `theme` count as in
/// conv2d/diagram.h and conv2d/drawing.h. Numbers: for each cell of it that stands for an element,
/// 6 of them: left, top, width, height; lens_input, lens_weight or lens_output; the element,
/// row-major.
int lens_svg(int view, int theme, int channel, int row, int column, int stepping);
/// Text: the page of its own that steps through all outputs.
int lens_html(int view, int theme);
/// Text: what Plan::explain says.
int lens_plan();
/// Text: the presets and the named filters.
int lens_catalogue();

/// Numbers: the weights and biases that torch gives a Conv2d at first, one behind the other.
int lens_initial(const char* layer, unsigned seed);
/// Applies a Conv2d with these weights and biases, one behind the other, to a picture (channels,
/// height, width). Text: the output's sizes; the result lies at lens_picture(), as many as the
/// sizes' product.
int lens_apply(const char* layer, const float* parameters, std::size_t count, const float* picture,
               int channels, int height, int width);
const float* lens_picture();
}
