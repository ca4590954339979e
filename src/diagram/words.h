// What is written below a view: the sum that is looked at, and sentences.
#pragma once

#include "diagram/pen.h"

#include <conv2d/explain.h>

#include <span>
#include <string>

namespace conv2d::diagram {

/// A column of words, `width` wide, that begins with a baseline at `at`. Each returns where the
/// next begins.
double draw_equation(Pen& pen, Point at, double width, const explain::OutputSum& sum);
double draw_sentences(Pen& pen, Point at, double width, std::span<const std::string> sentences);

}  // namespace conv2d::diagram
