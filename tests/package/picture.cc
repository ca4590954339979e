// A program of somebody else's that uses conv2d::figure.
#include <conv2d/figure.h>

#include <array>
#include <cstdio>

int main() {
  const auto values = conv2d::Tensor::from<float>({2, 2}, {1.0F, -1.0F, 0.5F, 0.0F});
  const std::array panels{conv2d::figure::Panel{.values = values, .title = "Four numbers"}};
  const conv2d::Tensor sheet = conv2d::figure::contact_sheet(panels);
  const bool right = sheet.rank() == 3 && sheet.size(0) == 3;
  std::puts(right ? "a contact sheet drawn" : "the sheet is no picture");
  return right ? 0 : 1;
}
