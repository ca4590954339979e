// What a convolution does to each number: the terms of an output, what an input or a weight
// touches, the rows never read, the matrices, the cost.
#pragma once
