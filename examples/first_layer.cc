// The article's nn.Conv2d(3, 6, 5) on one 32 x 32 picture with three channels.
#include <conv2d/conv2d.h>

#include <iostream>

int main() {
  conv2d::manual_seed(0);
  const conv2d::Conv2d layer(3, 6, 5);
  const conv2d::Tensor input({1, 3, 32, 32});
  const conv2d::Tensor output = layer(input);
  std::cout << layer << '\n' << to_string(output.sizes()) << '\n';
}
