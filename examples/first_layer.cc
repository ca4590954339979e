// The five lines at the top of the README: nn.Conv2d(3, 6, 5) on a picture of 32 x 32.
#include <conv2d/conv2d.h>

#include <iostream>

int main() {
  conv2d::manual_seed(0);                // torch.manual_seed(0)
  conv2d::Conv2d layer(3, 6, 5);         // layer = torch.nn.Conv2d(3, 6, 5), the same weights
  conv2d::Tensor input({1, 3, 32, 32});  // input = torch.zeros(1, 3, 32, 32)
  conv2d::Tensor output = layer(input);  // output = layer(input)
  std::cout << layer << '\n' << to_string(output.sizes()) << '\n';
}
