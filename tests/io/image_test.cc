// Pictures: against Pillow, against every cut, and against headers that claim more than they hold.

#include "support.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace conv2d::io {
namespace {

Tensor from_picture(Bytes bytes) { return decode_image(bytes, "picture"); }

/// Every picture that the script saved beside an npy file (H, W, C) of what it shows.
void expect_pictures(const TemporaryFolder& folder, std::size_t count) {
  std::size_t seen = 0;
  for (const std::string& name : folder.names()) {
    if (!name.ends_with(".npy")) {
      const Tensor expected = read_npy(folder / (name + ".npy"));
      EXPECT_TRUE(same(read_image(folder / name), expected.view().permute({2, 0, 1}))) << name;
      ++seen;
    }
  }
  EXPECT_EQ(seen, count);
}

TEST(Png, ReadsEveryColorTypeDepthAndInterlacing) {
  const TemporaryFolder folder;
  // An encoder from the PNG specification (sections 7 to 9): Pillow writes only some of these.
  run_python(folder, R"(
import sys, struct, zlib, random, numpy as np
random.seed(1)
channels_of = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
adam7 = [(0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2),
         (1, 0, 2, 1)]
def chunk(kind, data):
    return struct.pack('>I', len(data)) + kind + data + struct.pack('>I', zlib.crc32(kind + data))
def pack(rows, depth):
    out = b''
    for row in rows:
        samples = [s for pixel in row for s in pixel]
        bits = ''.join(format(s, f'0{depth}b') for s in samples)
        bits += '0' * (-len(bits) % 8)
        out += b'\0' + bytes(int(bits[i:i + 8], 2) for i in range(0, len(bits), 8))
    return out
def encode(pixels, depth, color, interlace, extra):
    h, w = len(pixels), len(pixels[0])
    raw = b''
    for y, x, dy, dx in (adam7 if interlace else [(0, 0, 1, 1)]):
        rows = [row[x::dx] for row in pixels[y::dy]]
        if rows and rows[0]:
            raw += pack(rows, depth)
    ihdr = struct.pack('>IIBBBBB', w, h, depth, color, 0, 0, interlace)
    return (b'\x89PNG\r\n\x1a\n' + chunk(b'IHDR', ihdr) + extra +
            chunk(b'IDAT', zlib.compress(raw)) + chunk(b'IEND', b''))
for color, depths in {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16),
                      6: (8, 16)}.items():
    for depth in depths:
        for interlace in (0, 1):
            for transparent in ((False, True) if color in (0, 2, 3) else (False,)):
                top = 2**depth - 1
                pixels = [[tuple(random.randint(0, top) for _ in range(channels_of[color]))
                           for _ in range(11)] for _ in range(9)]
                extra = b''
                if color == 3:
                    palette = [tuple(random.randint(0, 255) for _ in range(3))
                               for _ in range(top + 1)]
                    extra += chunk(b'PLTE', bytes(sum(palette, ())))
                    if transparent:
                        alpha = [random.randint(0, 255) for _ in range(top + 1)]
                        extra += chunk(b'tRNS', bytes(alpha))
                        show = lambda p: palette[p[0]] + (alpha[p[0]],)
                    else:
                        show = lambda p: palette[p[0]]
                else:
                    eight = lambda s: (s * 255 * 2 + top) // (2 * top)   # rounded
                    key = pixels[4][5]
                    if transparent:
                        extra += chunk(b'tRNS', struct.pack('>%dH' % len(key), *key))
                        show = lambda p: tuple(map(eight, p)) + (0 if p == key else 255,)
                    else:
                        show = lambda p: tuple(map(eight, p))
                name = f'{sys.argv[1]}/{color}-{depth}-{interlace}-{transparent}.png'
                open(name, 'wb').write(encode(pixels, depth, color, interlace, extra))
                np.save(name + '.npy', np.array([[show(p) for p in row] for row in pixels], 'u1'))
)");
  expect_pictures(folder, 52);
}

TEST(Png, GammaAndProfilesLeaveTheSamplesAlone) {
  const TemporaryFolder folder;
  run_python(folder, R"(
import sys, numpy as np
from PIL import Image, PngImagePlugin
x = (np.arange(7 * 5 * 3) * 2).astype('u1').reshape(5, 7, 3)
info = PngImagePlugin.PngInfo()
info.add(b'gAMA', (100000).to_bytes(4, 'big'))
info.add_text('note', 'x' * 10_000_000, zip=True)
Image.fromarray(x).save(sys.argv[1] + '/x.png', pnginfo=info, icc_profile=b'profile')
np.save(sys.argv[1] + '/x.png.npy', x)
)");
  expect_pictures(folder, 1);
}

TEST(Png, RoundTripKeepsEveryPixel) {
  const TemporaryFolder folder;
  for (std::int64_t channels = 1; channels <= 4; ++channels) {
    const Tensor image = counting({channels, 7, 9}, DType::uint8);
    write_png(folder / "x.png", image);
    EXPECT_TRUE(same(read_image(folder / "x.png"), image)) << channels;
  }
  const Tensor image = counting({3, 7, 9}, DType::uint8);
  const TensorView turned = image.view().permute({0, 2, 1});
  write_png(folder / "x.png", turned);
  EXPECT_TRUE(same(read_image(folder / "x.png"), turned));
  write_png(folder / "x.png", image.view().select(0, 1));
  EXPECT_TRUE(same(read_image(folder / "x.png"), image.view().slice(0, 1, 2)));
}

TEST(Png, PillowReadsWhatWeWrite) {
  const TemporaryFolder folder;
  for (std::int64_t channels = 1; channels <= 4; ++channels) {
    write_png(folder / std::to_string(channels), counting({channels, 5, 6}, DType::uint8));
  }
  run_python(folder, R"(
import sys, numpy as np
from PIL import Image
for channels, mode in enumerate(['L', 'LA', 'RGB', 'RGBA'], 1):
    image = Image.open(f'{sys.argv[1]}/{channels}')
    want = np.arange(channels * 30).reshape(channels, 5, 6).transpose(1, 2, 0)
    assert image.mode == mode and image.format == 'PNG'
    assert (np.asarray(image).reshape(want.shape) == want).all()
)");
}

TEST(Png, WhatIsNoPictureIsNotWritten) {
  const TemporaryFolder folder;
  const auto message = [&](const Sizes& sizes, DType dtype) {
    return refusal([&] { write_png(folder / "x.png", Tensor(sizes, dtype)); });
  };
  EXPECT_NE(message({3, 4, 4}, DType::float32).find("but got float32 [3, 4, 4]"),
            std::string::npos);
  for (const Sizes& sizes :
       {Sizes{5, 4, 4}, Sizes{0, 4, 4}, Sizes{3, 0, 4}, Sizes{4}, Sizes{1, 3, 4, 4}}) {
    EXPECT_NE(message(sizes, DType::uint8), "") << to_string(sizes);
  }
  EXPECT_TRUE(folder.names().empty());
}

/// A PNG of 9 x 7 RGB pixels.
std::vector<std::byte> small_png() {
  const TemporaryFolder folder;
  write_png(folder / "x.png", counting({3, 7, 9}, DType::uint8));
  return read_file(folder / "x.png");
}

TEST(Png, EveryCutIsRefused) { expect_every_cut_refused(small_png(), from_picture); }

TEST(Png, NoChangedByteCrashes) { expect_no_crash_on_any_change(small_png(), from_picture); }

TEST(Png, ClaimsBeyondTheFileAreRefusedWithoutAllocating) {
  const TemporaryFolder folder;
  run_python(folder, R"(
import sys, struct, zlib
def chunk(kind, data):
    return struct.pack('>I', len(data)) + kind + data + struct.pack('>I', zlib.crc32(kind + data))
def png(name, w, h, depth, color, idat):
    ihdr = struct.pack('>IIBBBBB', w, h, depth, color, 0, 0, 0)
    open(sys.argv[1] + '/' + name, 'wb').write(b'\x89PNG\r\n\x1a\n' + chunk(b'IHDR', ihdr) +
                                               chunk(b'IDAT', idat) + chunk(b'IEND', b''))
png('claim', 100_000, 100_000, 8, 2, zlib.compress(b'0' * 100))
png('largest', 2**31 - 1, 2**31 - 1, 16, 6, zlib.compress(b'0' * 100))
png('justified', 2**15, 2**15 + 1, 1, 0, zlib.compress(b'\0' * (4097 * (2**15 + 1)), 9))
png('nothing', 0, 5, 8, 0, zlib.compress(b''))
)");
  const auto message = [&](const char* file) {
    return refusal([&] { read_image(folder / file); });
  };
  EXPECT_NE(message("claim").find("100000 x 100000 pixels, more than its"), std::string::npos);
  EXPECT_NE(message("largest").find("2147483647 x 2147483647 pixels, more than its"),
            std::string::npos);
  EXPECT_NE(message("justified").find("at most 1073741824 bytes are allowed"), std::string::npos);
  EXPECT_NE(message("nothing").find("is a damaged PNG"), std::string::npos);
}

/// Pictures by Pillow of a smooth gradient, which JPEG likes.
constexpr std::string_view gradient = R"(
import sys, warnings, numpy as np
warnings.simplefilter('ignore')  # of damaged Exif
from PIL import Image, ImageOps
y, x = np.mgrid[0:21, 0:30]
rgb = Image.fromarray(np.stack([x * 8, y * 12, 255 - x * 4 - y * 4], 2).astype('u1'))
def save(image, name, **options):
    name = f'{sys.argv[1]}/{name}.jpg'
    image.save(name, **options)
    shown = np.asarray(ImageOps.exif_transpose(Image.open(name)))
    np.save(name + '.npy', shown.reshape(*shown.shape[:2], -1))
)";

TEST(Jpeg, ReadsWhatPillowWrites) {
  const TemporaryFolder folder;
  run_python(folder, std::string(gradient) + R"(
save(rgb, 'plain', quality=90)
save(rgb, 'full', quality=95, subsampling=0)
save(rgb, 'progressive', quality=80, progressive=True)
save(rgb, 'restart', quality=80, optimize=True)
save(rgb.convert('L'), 'grey', quality=80)
save(rgb.convert('L'), 'grey_progressive', progressive=True)
save(rgb.crop((0, 0, 1, 1)), 'pixel')
)");
  expect_pictures(folder, 7);
}

TEST(Jpeg, ExifOrientationTurnsThePictureUpright) {
  const TemporaryFolder folder;
  run_python(folder, std::string(gradient) + R"(
for orientation in range(1, 9):
    exif = Image.Exif()
    exif[0x010f] = 'maker'
    exif[0x0112] = orientation
    save(rgb, f'up{orientation}', exif=exif)
raw = exif.tobytes()
little = raw[:6] + b'II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0'
big = raw[:6] + b'MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x08\0\0\0\0\0\0'
save(rgb, 'little', exif=little)
save(rgb, 'big', exif=big)
)");
  expect_pictures(folder, 10);
}

TEST(Jpeg, DamagedExifLeavesThePictureAsItIs) {
  const TemporaryFolder folder;
  run_python(folder, std::string(gradient) + R"(
head = b'Exif\0\0'
entry = b'\x12\x01\x03\0\x01\0\0\0'
for i, exif in enumerate([
        b'', b'II', b'IM*\0\x08\0\0\0', b'II*\0\xff\xff\xff\xff', b'II*\0\x00\0\0\0',
        b'II*\0\x08\0\0\0\xff\xff', b'II*\0\x08\0\0\0\x01\0' + entry,
        b'II*\0\x08\0\0\0\x01\0' + entry + b'\x09\0\0\0',
        b'II*\0\x08\0\0\0\x01\0' + entry + b'\0\0\0\0']):
    rgb.save(f'{sys.argv[1]}/{i}.jpg', exif=head + exif)
    np.save(f'{sys.argv[1]}/{i}.jpg.npy', np.asarray(Image.open(f'{sys.argv[1]}/{i}.jpg')))
)");
  expect_pictures(folder, 9);
}

/// A JPEG of 30 x 21 pixels.
std::vector<std::byte> small_jpeg(const char* options) {
  const TemporaryFolder folder;
  run_python(folder, std::string(gradient) + "save(rgb, 'x'" + options + ")\n");
  return read_file(folder / "x.jpg");
}

TEST(Jpeg, EveryCutIsRefusedNotPaintedGrey) {
  expect_every_cut_refused(small_jpeg(", quality=20"), from_picture);
  expect_every_cut_refused(small_jpeg(", quality=20, progressive=True"), from_picture);
}

TEST(Jpeg, NoChangedByteCrashes) {
  expect_no_crash_on_any_change(small_jpeg(", quality=20, progressive=True"), from_picture);
}

TEST(Jpeg, FourInksAreRefused) {
  const TemporaryFolder folder;
  run_python(folder, std::string(gradient) + "rgb.convert('CMYK').save(sys.argv[1] + '/x.jpg')\n");
  EXPECT_NE(refusal([&] { read_image(folder / "x.jpg"); }).find("4 components (CMYK?)"),
            std::string::npos);
}

TEST(Jpeg, ClaimsBeyondTheFileAreRefusedWithoutAllocating) {
  std::vector<std::byte> jpeg = small_jpeg("");
  const auto frame = std::ranges::search(jpeg, bytes_of("\xff\xc0")).begin();
  std::fill(frame + 5, frame + 9, std::byte{0xfe});
  EXPECT_NE(refusal([&] { from_picture(jpeg); }).find("65278 x 65278 pixels, more than its"),
            std::string::npos);
}

/// A progressive JPEG of 8x8 grey pixels whose one block is sent again in every scan: ITU-T T.81,
/// annex B. The only Huffman code is "0", for a difference of zero.
std::vector<std::byte> jpeg_of_scans(int scans) {
  const std::string ones(64, '\x01');
  const std::string counts = "\x01" + std::string(15, '\0');
  std::string jpeg = "\xff\xd8\xff\xdb" + std::string("\x00\x43\x00", 3) + ones;
  jpeg += std::string("\xff\xc2\x00\x0b\x08\x00\x08\x00\x08\x01\x01\x11\x00", 13);
  jpeg += std::string("\xff\xc4\x00\x14\x00", 5) + counts + std::string(1, '\0');
  for (int i = 0; i < scans; ++i) {
    jpeg += std::string("\xff\xda\x00\x08\x01\x01\x00\x00\x00\x00\x7f", 11);
  }
  return bytes_of(jpeg + "\xff\xd9");
}

TEST(Jpeg, MoreThanAHundredScansAreRefused) {
  EXPECT_TRUE(same(from_picture(jpeg_of_scans(90)), Tensor::full({1, 8, 8}, 128, DType::uint8)));
  EXPECT_EQ(refusal([] { from_picture(jpeg_of_scans(200)); }),
            "picture: is a damaged JPEG: it has more than 100 scans");
}

TEST(Image, OtherFilesAreNoPictures) {
  for (const char* text : {"", "GIF89a", "\x89PNG", "BM"}) {
    EXPECT_EQ(refusal([&] { from_picture(bytes_of(text)); }),
              "picture: is neither a PNG nor a JPEG picture");
  }
}

TEST(Image, BytesBecomeFractionsAndComeBack) {
  const Tensor bytes = counting({1, 16, 16}, DType::uint8);
  const Tensor fractions = to_float(bytes);
  EXPECT_EQ(fractions.at<float>({0, 0, 0}), 0.0F);
  EXPECT_EQ(fractions.at<float>({0, 15, 15}), 1.0F);
  EXPECT_TRUE(same(to_bytes(fractions), bytes));
  EXPECT_TRUE(same(to_bytes(fractions.to(DType::float64)), bytes));
}

TEST(Image, FractionsOutsideAreSaturated) {
  constexpr float infinity = std::numeric_limits<float>::infinity();
  const Tensor wild = Tensor::from<float>({1, 1, 5}, {-0.5F, 1.5F, infinity, -infinity, NAN});
  EXPECT_TRUE(same(to_bytes(wild), Tensor::from<std::uint8_t>({1, 1, 5}, {0, 255, 255, 0, 0})));
}

TEST(Image, OtherDtypesAreRefused) {
  EXPECT_NE(refusal([] { to_float(Tensor({1})); }).find("but got float32"), std::string::npos);
  EXPECT_NE(refusal([] { to_bytes(Tensor({1}, DType::uint8)); }).find("but got uint8"),
            std::string::npos);
}

}  // namespace
}  // namespace conv2d::io
