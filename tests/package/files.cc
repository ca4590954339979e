// A program of somebody else's that uses conv2d::io.
#include <conv2d/conv2d.h>
#include <conv2d/io.h>

#include <cstdio>

int main() {
  const auto tensor = conv2d::Tensor::from<float>({1, 2}, {1.5F, -2.0F});
  conv2d::io::write_npy("tensor.npy", tensor);
  const conv2d::Tensor again = conv2d::io::read_npy("tensor.npy");
  const bool right = again.sizes() == tensor.sizes() && again.at<float>({0, 1}) == -2.0F;
  std::puts(right ? "npy written and read" : "npy came back changed");
  return right ? 0 : 1;
}
