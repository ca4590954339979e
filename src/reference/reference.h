// The definition: plain loops that read like the formulas. Never fast, never removed; the judge of
// every other algorithm. Every dtype of arithmetic.h, any strides.
//
// All tensors have rank 4 and the sizes that the problem says; the caller has checked them. Each
// result is one sum over its terms in the order that its function names, starting from zero, with
// the bias added last; terms in the padding are left out. Neither threads nor batch change it.
#pragma once

#include <conv2d/functional.h>
#include <conv2d/tensor.h>

#include "geometry/problem.h"

namespace conv2d::reference {

/// y[n,k,p,q] = sum over c, r, s of x[n,c,h,w] * w[k,c,r,s], then + bias[k]
/// where h = source_index(rows, p, r) and w = source_index(columns, q, s).
void forward(const Problem& problem, TensorView x, TensorView w, functional::OptionalView bias,
             MutableTensorView y);

/// dx[n,c,h,w] = sum over k, r, p, s, q with h = source_index(rows, p, r) and w =
/// source_index(columns, q, s) of dy[n,k,p,q] * w[k,c,r,s], then + bias[c]: the gradient of the
/// input (no bias), and the transposed convolution.
void backward_data(const Problem& problem, TensorView dy, TensorView w,
                   functional::OptionalView bias, MutableTensorView dx);

/// dw[k,c,r,s] = sum over n, p, q of x[n,c,h,w] * dy[n,k,p,q]: the gradient of the weight.
void backward_weight(const Problem& problem, TensorView x, TensorView dy, MutableTensorView dw);

/// db[k] = sum over n, p, q of dy[n,k,p,q]: the gradient of the bias. `db` has rank 1.
void backward_bias(TensorView dy, MutableTensorView db);

}  // namespace conv2d::reference
