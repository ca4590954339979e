// Animated GIFs: against Pillow, and what is refused.

#include "support.h"

#include <gtest/gtest.h>

#include <array>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace conv2d::io {
namespace {

using Frames = std::vector<Tensor>;

std::function<Tensor(std::int64_t)> from(const Frames& frames) {
  return [&frames](std::int64_t i) { return frames[static_cast<std::size_t>(i)].clone(); };
}

int tenth_of_a_second(std::int64_t) { return 10; }

void write(const Path& path, const Frames& frames) {
  write_gif(path, static_cast<std::int64_t>(frames.size()), from(frames), tenth_of_a_second);
}

/// (3, height, width) of so many colours, each at least once where there is room.
Tensor picture(std::int64_t height, std::int64_t width, unsigned colors, unsigned seed) {
  Tensor image({3, height, width}, DType::uint8);
  std::mt19937 random(seed);
  auto* const bytes = image.data<std::uint8_t>();
  const std::int64_t count = height * width;
  for (std::int64_t i = 0; i < count; ++i) {
    const unsigned color =
        i < colors ? static_cast<unsigned>(i) : static_cast<unsigned>(random() % colors);
    bytes[i] = static_cast<std::uint8_t>(color);
    bytes[count + i] = static_cast<std::uint8_t>(color * 7 + seed);
    bytes[2 * count + i] = static_cast<std::uint8_t>(color >> 8U);
  }
  return image;
}

/// Each frame beside the GIF, as Pillow shall see it.
void save(const TemporaryFolder& folder, const Frames& frames) {
  write(folder / "steps.gif", frames);
  for (std::size_t i = 0; i < frames.size(); ++i) {
    write_npy(folder / (std::to_string(i) + ".npy"), frames[i]);
  }
}

TEST(Gif, PillowReadsEveryFrameToTheColour) {
  const TemporaryFolder folder;
  Frames frames;
  for (const unsigned colors : {2U, 3U, 16U, 255U, 256U}) {
    frames.push_back(picture(19, 23, colors, colors));
  }
  // Frames that hardly differ from the ones before, and one that does not.
  frames.push_back(frames.back().clone());
  frames.push_back(frames.back().clone());
  frames.back().data<std::uint8_t>()[7] ^= 255U;
  frames.push_back(frames.back().clone());
  frames.back().data<std::uint8_t>()[19 * 23 - 1] ^= 1U;
  frames.push_back(picture(19, 23, 1, 0));
  save(folder, frames);
  run_python(folder, R"(
import sys, pathlib, numpy as np
from PIL import Image
folder = pathlib.Path(sys.argv[1])
gif = Image.open(folder / 'steps.gif')
assert gif.n_frames == 9 and gif.size == (23, 19), (gif.n_frames, gif.size)
assert gif.info['loop'] == 0, gif.info
for i in range(gif.n_frames):
    gif.seek(i)
    seen = np.asarray(gif.convert('RGB'))
    expected = np.load(folder / f'{i}.npy').transpose(1, 2, 0)
    assert (seen == expected).all(), (i, np.argwhere((seen != expected).any(-1))[:5])
    assert gif.info['duration'] == 100, gif.info
)");
}

TEST(Gif, OfOnePixelAndOfLongRowsIsRead) {
  const TemporaryFolder folder;
  Frames pixel;
  pixel.push_back(picture(1, 1, 1, 3));
  write(folder / "pixel.gif", pixel);
  Frames rows;
  rows.push_back(picture(1, 5000, 256, 3));
  rows.push_back(picture(1, 5000, 9, 3));
  write(folder / "row.gif", rows);
  run_python(folder, R"(
import sys, pathlib
from PIL import Image
folder = pathlib.Path(sys.argv[1])
pixel = Image.open(folder / 'pixel.gif')
assert pixel.size == (1, 1) and pixel.convert('RGB').getpixel((0, 0)) == (0, 3, 0)
row = Image.open(folder / 'row.gif')
row.seek(1)
assert row.size == (5000, 1) and row.convert('RGB').getpixel((8, 0)) == (8, 59, 0)
)");
}

TEST(Gif, OfMoreThan256ColoursIsNear) {
  const TemporaryFolder folder;
  Tensor smooth({3, 64, 64}, DType::uint8);
  for (std::int64_t y = 0; y < 64; ++y) {
    for (std::int64_t x = 0; x < 64; ++x) {
      auto* const at = smooth.data<std::uint8_t>() + y * 64 + x;
      at[0] = static_cast<std::uint8_t>(4 * x);
      at[64 * 64] = static_cast<std::uint8_t>(4 * y);
      at[2 * 64 * 64] = 90;
    }
  }
  Frames frames;
  frames.push_back(std::move(smooth));
  save(folder, frames);
  run_python(folder, R"(
import sys, pathlib, numpy as np
from PIL import Image
folder = pathlib.Path(sys.argv[1])
seen = np.asarray(Image.open(folder / 'steps.gif').convert('RGB')).astype(int)
expected = np.load(folder / '0.npy').transpose(1, 2, 0).astype(int)
# 64x64 colours of a plane in 256 boxes: 4x4 of them each, four levels apart, and some boxes longer.
assert abs(seen - expected).max() <= 32 and abs(seen - expected).mean() < 6, abs(seen - expected).max()
)");
}

TEST(Gif, FramesMayStandForDifferentTimes) {
  const TemporaryFolder folder;
  const Frames frames = [] {
    Frames two;
    two.push_back(picture(4, 4, 4, 1));
    two.push_back(picture(4, 4, 4, 2));
    return two;
  }();
  write_gif(folder / "x.gif", 2, from(frames), [](std::int64_t i) { return i == 0 ? 7 : 65535; });
  run_python(folder, R"(
import sys, pathlib
from PIL import Image
gif = Image.open(pathlib.Path(sys.argv[1]) / 'x.gif')
first = gif.info['duration']
gif.seek(1)
assert (first, gif.info['duration']) == (70, 655350), (first, gif.info)
)");
  for (const int time : {-1, 65536}) {
    EXPECT_NE(refusal([&] {
                write_gif(folder / "y.gif", 1, from(frames), [&](std::int64_t) { return time; });
              }).find("y.gif: a frame of a GIF stands for 0 to 65535 hundredths of a second"),
              std::string::npos);
  }
}

TEST(Gif, WhatIsNoFrameIsRefusedAndNothingIsWritten) {
  const TemporaryFolder folder;
  const auto said = [&](Frames frames) {
    return refusal([&] { write(folder / "x.gif", frames); });
  };
  const auto one = [](Tensor tensor) {
    Frames frames;
    frames.push_back(std::move(tensor));
    return frames;
  };
  EXPECT_NE(said({}).find("x.gif: a GIF has at least one frame"), std::string::npos);
  for (const Sizes& sizes :
       {Sizes{1, 4, 4}, Sizes{4, 4, 4}, Sizes{4, 4}, Sizes{1, 3, 4, 4}, Sizes{3, 0, 4},
        Sizes{3, 4, 0}, Sizes{3, 1, 65536}, Sizes{3, 65536, 1}}) {
    EXPECT_NE(said(one(Tensor(sizes, DType::uint8))).find("is written from uint8 (3, H, W)"),
              std::string::npos)
        << to_string(sizes);
  }
  EXPECT_NE(said(one(Tensor({3, 4, 4}, DType::float32))).find("but got float32"),
            std::string::npos);
  Frames two = one(picture(4, 4, 2, 0));
  two.push_back(picture(4, 5, 2, 0));
  EXPECT_NE(said(std::move(two)).find("all of one size, but frame 1 is"), std::string::npos);
  EXPECT_TRUE(folder.names().empty());
}

TEST(Gif, ThatFailsHalfWayLeavesTheOldFile) {
  const TemporaryFolder folder;
  write_file(folder / "x.gif", bytes_of("old"));
  EXPECT_THROW(write_gif(
                   folder / "x.gif", 2,
                   [](std::int64_t i) {
                     return i == 0 ? picture(4, 4, 2, 0) : throw std::runtime_error("no more");
                   },
                   tenth_of_a_second),
               std::runtime_error);
  EXPECT_EQ(text_of(read_file(folder / "x.gif")), "old");
  EXPECT_EQ(folder.names(), std::vector<std::string>{"x.gif"});
  EXPECT_NE(refusal([&] {
              write_gif(
                  folder / "missing" / "x.gif", 1, [](std::int64_t) { return picture(2, 2, 2, 0); },
                  tenth_of_a_second);
            }),
            "");
}

}  // namespace
}  // namespace conv2d::io
