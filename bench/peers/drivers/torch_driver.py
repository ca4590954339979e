"""Times PyTorch's conv2d. Each line of stdin is one job, as peer.h's read_job has it; it runs in a
process of its own, forked when torch is loaded already, so that a crash costs one job. After a job's
lines comes one with the process's exit status: {"exit": 0}.

  nchw, nhwc  contiguous and channels-last tensors
  best        tensors in MKL-DNN's own layout, weights too
"""

import json
import os
import signal
import sys
import time

import torch
import torch.utils.mkldnn

LONGEST_SECONDS = 120


class Job:
    def __init__(self, words):
        values = dict(word.split("=", 1) for word in words)
        self.layouts = values.pop("layouts").split(",")
        self.__dict__.update({key: int(value) for key, value in values.items()})

    def convolution(self):
        even = self.top == self.bottom and self.left == self.right
        layer = torch.nn.Conv2d(
            self.c,
            self.k,
            (self.r, self.s),
            (self.stride_h, self.stride_w),
            (self.top, self.left) if even else 0,
            (self.dilation_h, self.dilation_w),
            self.groups,
            bias=False,
        )
        # Four sides: torch makes a padded copy.
        sides = (self.left, self.right, self.top, self.bottom)
        return layer if even else torch.nn.Sequential(torch.nn.ZeroPad2d(sides), layer)


def sample(job, run):
    """Sorted seconds; as peer.h has it."""
    warming = time.perf_counter()
    while True:
        run()
        if time.perf_counter() - warming > 0.02:
            break
    seconds = []
    begin = time.perf_counter()
    while True:
        start = time.perf_counter()
        run()
        end = time.perf_counter()
        seconds.append(end - start)
        if end - begin > 10 or (end - begin > 0.1 and len(seconds) >= job.samples):
            return sorted(seconds)


def largest_error(job, x, weight, y):
    """As peer.h has it, for fewer outputs."""
    padded = torch.nn.functional.pad(x, (job.left, job.right, job.top, job.bottom))
    channels = job.c // job.groups
    largest = 0.0
    for i in range(128):
        at = int((0.61803398874989485 * i % 1) * y.numel())
        q, p, k, n = at % job.q, at // job.q % job.p, at // (job.q * job.p) % job.k, at // (job.q * job.p * job.k)
        first = k // (job.k // job.groups) * channels
        top, left = p * job.stride_h, q * job.stride_w
        window = padded[
            n,
            first : first + channels,
            top : top + (job.r - 1) * job.dilation_h + 1 : job.dilation_h,
            left : left + (job.s - 1) * job.dilation_w + 1 : job.dilation_w,
        ]
        sum_of_products = (window.double() * weight[k].double()).sum().item()
        largest = max(largest, abs(y[n, k, p, q].item() - sum_of_products))
    return largest / weight[0].numel()


def backend_of(job, x, layer):
    weight = layer.weight if isinstance(layer, torch.nn.Conv2d) else layer[1].weight
    backend = torch._C._select_conv_backend(
        x, weight, None, [job.stride_h, job.stride_w], [job.top, job.left], [job.dilation_h, job.dilation_w],
        False, [0, 0], job.groups,
    )  # fmt: skip
    return str(backend).rsplit(".", 1)[-1]


def time_layout(job, layout):
    torch.manual_seed(0)
    layer = job.convolution().eval()
    x = torch.rand(job.n, job.c, job.h, job.w) * 2 - 1
    weight = next(layer.parameters()).detach().uniform_(-1, 1).clone()
    if layout == "nhwc":
        layer = layer.to(memory_format=torch.channels_last)
        x = x.contiguous(memory_format=torch.channels_last)
    implementation = backend_of(job, x, layer)
    given = x
    if layout == "best":
        layer, given, implementation = torch.utils.mkldnn.to_mkldnn(layer), x.to_mkldnn(), "Mkldnn, its own layout"
    seconds = sample(job, lambda: layer(given))
    y = layer(given)
    result = {
        "layout": layout,
        "version": torch.__version__,
        "implementation": implementation,
        "min_s": seconds[0],
        "median_s": seconds[len(seconds) // 2],
        "samples": len(seconds),
        "max_error": largest_error(job, x, weight, y.to_dense() if layout == "best" else y),
    }
    print(json.dumps(result), flush=True)


def run_job(words):
    """In the forked process; never returns."""
    signal.alarm(LONGEST_SECONDS)
    status = 1
    try:
        job = Job(words)
        torch.set_num_threads(job.threads)
        with torch.no_grad():
            for layout in job.layouts:
                time_layout(job, layout)
        status = 0
    except Exception as error:
        print(error, file=sys.stderr, flush=True)
    os._exit(status)


def main():
    print(json.dumps({"ready": True}), flush=True)
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            run_job(line.split())
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        print(json.dumps({"exit": status}), flush=True)


main()
