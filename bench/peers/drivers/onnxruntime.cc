// Times ONNX Runtime's Conv on its CPU provider. The library is loaded by the path in the
// environment variable PEER_LIBRARY, so that one driver serves any version that has the C
// interface.
//   nchw  one Conv node; the tensors of ONNX lie so
//   nhwc  a Transpose before and one behind, which is how ONNX says it
#define ORT_API_MANUAL_INIT
#include "onnx_model.h"
#include "peer.h"

#include <onnxruntime_cxx_api.h>

#include <dlfcn.h>
#include <sched.h>
#include <array>

namespace {

const OrtApiBase* load() {
  const char* path = std::getenv("PEER_LIBRARY");
  void* library = path == nullptr ? nullptr : dlopen(path, RTLD_NOW);
  void* symbol = library == nullptr ? nullptr : dlsym(library, "OrtGetApiBase");
  if (symbol == nullptr) {
    throw std::runtime_error("PEER_LIBRARY does not name ONNX Runtime's library");
  }
  return reinterpret_cast<const OrtApiBase* (*)()>(symbol)();
}

std::vector<int> processors() {
  cpu_set_t set;
  CPU_ZERO(&set);
  sched_getaffinity(0, sizeof(set), &set);
  std::vector<int> found;
  for (int processor = 0; processor < CPU_SETSIZE; ++processor) {
    if (CPU_ISSET(processor, &set)) {
      found.push_back(processor);
    }
  }
  return found;
}

/// The library's threads on processors of their own, as OMP_PROC_BIND does for OpenMP's: the
/// calling one on the first, those of the session on the others. The library counts processors
/// from 1.
void bind_threads(Ort::SessionOptions& options, int threads, const std::vector<int>& processors) {
  if (processors.size() < static_cast<std::size_t>(threads)) {
    return;
  }
  std::string others;
  for (int thread = 1; thread < threads; ++thread) {
    others += (thread == 1 ? "" : ";") + std::to_string(processors[thread] + 1);
  }
  if (threads > 1) {
    options.AddConfigEntry("session.intra_op_thread_affinities", others.c_str());
  }
  cpu_set_t first;
  CPU_ZERO(&first);
  CPU_SET(processors.front(), &first);
  sched_setaffinity(0, sizeof(first), &first);
}

void time_layout(const OrtApiBase& library, const peer::Job& job,
                 const std::vector<int>& processors, const std::string& layout) {
  const bool nhwc = layout == "nhwc";
  std::vector<float> x = peer::numbers(job.inputs(), 1);
  const std::vector<float> w = peer::numbers(job.weights(), 2);
  std::vector<float> y(static_cast<std::size_t>(job.outputs()));
  const std::string model = peer::conv_model(job, w, nhwc);

  Ort::Env environment(ORT_LOGGING_LEVEL_ERROR, "peer");
  Ort::SessionOptions options;
  options.SetIntraOpNumThreads(job.threads);
  options.SetInterOpNumThreads(1);
  options.SetGraphOptimizationLevel(GraphOptimizationLevel::ORT_ENABLE_ALL);
  bind_threads(options, job.threads, processors);
  Ort::Session session(environment, model.data(), model.size(), options);

  using Sizes = std::array<std::int64_t, 4>;
  const Sizes in = nhwc ? Sizes{job.n, job.h, job.w, job.c} : Sizes{job.n, job.c, job.h, job.w};
  const Sizes out = nhwc ? Sizes{job.n, job.p, job.q, job.k} : Sizes{job.n, job.k, job.p, job.q};
  const auto memory = Ort::MemoryInfo::CreateCpu(OrtArenaAllocator, OrtMemTypeDefault);
  const Ort::Value input =
      Ort::Value::CreateTensor<float>(memory, x.data(), x.size(), in.data(), in.size());
  Ort::Value output =
      Ort::Value::CreateTensor<float>(memory, y.data(), y.size(), out.data(), out.size());
  const char* const input_name = "x";
  const char* const output_name = "y";
  const peer::Times times = peer::sample(job, [&] {
    session.Run(Ort::RunOptions{nullptr}, &input_name, &input, 1, &output_name, &output, 1);
  });
  const double error = peer::largest_error(job, peer::view(x.data(), job.c, job.h, job.w, nhwc), w,
                                           peer::view(y.data(), job.k, job.p, job.q, nhwc));
  peer::report(layout, library.GetVersionString(), nhwc ? "MLAS and transposes" : "MLAS", times,
               error);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const OrtApiBase* library = load();
    Ort::InitApi(library->GetApi(ORT_API_VERSION));
    const std::vector<int> ours = processors();
    return peer::run_driver(argc, argv, [&](const peer::Job& job, const std::string& layout) {
      time_layout(*library, job, ours, layout);
    });
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
