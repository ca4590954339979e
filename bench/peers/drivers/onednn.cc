// Times oneDNN's forward convolution.
//   nchw, nhwc  from and to the user's tensors: on them as they are, and with reorders from and to
//               the layout that oneDNN prefers, which are timed; the faster of the two
//   best        tensors that lie in the preferred layout already
#include "peer.h"

#include <oneapi/dnnl/dnnl.hpp>

#include <memory>

namespace {

using dnnl::memory;
using Tag = memory::format_tag;

struct Library {
  dnnl::engine engine{dnnl::engine::kind::cpu, 0};
  dnnl::stream stream{engine};
};

std::string version_text() {
  const dnnl_version_t* version = dnnl_version();
  return std::to_string(version->major) + "." + std::to_string(version->minor) + "." +
         std::to_string(version->patch);
}

memory::dims input_sizes(const peer::Job& job) { return {job.n, job.c, job.h, job.w}; }
memory::dims output_sizes(const peer::Job& job) { return {job.n, job.k, job.p, job.q}; }

memory::desc floats(const memory::dims& sizes, Tag tag) {
  return {sizes, memory::data_type::f32, tag};
}

dnnl::convolution_forward::primitive_desc describe(const peer::Job& job, const Library& library,
                                                   Tag tag) {
  const memory::dims weights = job.groups == 1 ? memory::dims{job.k, job.c, job.r, job.s}
                                               : memory::dims{job.groups, job.k / job.groups,
                                                              job.c / job.groups, job.r, job.s};
  return {library.engine,
          dnnl::prop_kind::forward_inference,
          dnnl::algorithm::convolution_direct,
          floats(input_sizes(job), tag),
          floats(weights, Tag::any),
          floats(output_sizes(job), tag),
          {job.stride_h, job.stride_w},
          {job.dilation_h - 1, job.dilation_w - 1},
          {job.top, job.left},
          {job.bottom, job.right}};
}

// A convolution with its tensors, the weight in the order that it prefers.
class Convolution {
 public:
  Convolution(const peer::Job& job, Library& library, Tag tag, std::vector<float>& weights)
      : library_(library), about_(describe(job, library, tag)), run_(about_) {
    x = memory(about_.src_desc(), library.engine);
    y = memory(about_.dst_desc(), library.engine);
    const memory::desc wanted = about_.weights_desc();
    const Tag plain = job.groups == 1 ? Tag::oihw : Tag::goihw;
    const memory given({wanted.get_dims(), memory::data_type::f32, plain}, library.engine,
                       weights.data());
    w_ = memory(wanted, library.engine);
    copy(given, w_);
  }

  void copy(const memory& from, const memory& to) const {
    memory source = from;
    memory target = to;
    dnnl::reorder(source, target).execute(library_.stream, source, target);
    library_.stream.wait();
  }
  void run(const memory& input, const memory& output) {
    run_.execute(library_.stream,
                 {{DNNL_ARG_SRC, input}, {DNNL_ARG_WEIGHTS, w_}, {DNNL_ARG_DST, output}});
    library_.stream.wait();
  }
  std::string implementation() const { return about_.impl_info_str(); }

  memory x;
  memory y;

 private:
  Library& library_;
  dnnl::convolution_forward::primitive_desc about_;
  dnnl::convolution_forward run_;
  memory w_;
};

// Copies between the user's tensors and a convolution's own, made once.
class Reorders {
 public:
  Reorders(Library& library, const memory& input, Convolution& convolution, const memory& output)
      : library_(library),
        input_(input),
        convolution_(convolution),
        output_(output),
        in_(input, convolution.x),
        out_(convolution.y, output) {}

  void run() {
    in_.execute(library_.stream, input_, convolution_.x);
    convolution_.run(convolution_.x, convolution_.y);
    out_.execute(library_.stream, convolution_.y, output_);
    library_.stream.wait();
  }

 private:
  Library& library_;
  memory input_;
  Convolution& convolution_;
  memory output_;
  dnnl::reorder in_;
  dnnl::reorder out_;
};

void time_layout(const peer::Job& job, const std::string& layout) {
  Library library;
  const bool nhwc = layout == "nhwc";
  const Tag tag = nhwc ? Tag::nhwc : Tag::nchw;
  std::vector<float> x = peer::numbers(job.inputs(), 1);
  std::vector<float> w = peer::numbers(job.weights(), 2);
  std::vector<float> y(static_cast<std::size_t>(job.outputs()));
  const memory input(floats(input_sizes(job), tag), library.engine, x.data());
  const memory output(floats(output_sizes(job), tag), library.engine, y.data());
  const auto error = [&] {
    return peer::largest_error(job, peer::view(x.data(), job.c, job.h, job.w, nhwc), w,
                               peer::view(y.data(), job.k, job.p, job.q, nhwc));
  };

  Convolution preferred(job, library, Tag::any, w);
  if (layout == "best") {
    preferred.copy(input, preferred.x);
    const peer::Times times = peer::sample(job, [&] { preferred.run(preferred.x, preferred.y); });
    preferred.copy(preferred.y, output);
    peer::report(layout, version_text(), preferred.implementation(), times, error());
    return;
  }
  Convolution plain(job, library, tag, w);
  const peer::Times as_it_is = peer::sample(job, [&] { plain.run(input, output); });
  const double plain_error = error();
  Reorders reorders(library, input, preferred, output);
  const peer::Times reordered = peer::sample(job, [&] { reorders.run(); });
  if (as_it_is.min_seconds <= reordered.min_seconds) {
    peer::report(layout, version_text(), plain.implementation(), as_it_is, plain_error);
  } else {
    peer::report(layout, version_text(), preferred.implementation() + " and reorders", reordered,
                 error());
  }
}

}  // namespace

int main(int argc, char** argv) { return peer::run_driver(argc, argv, time_layout); }
