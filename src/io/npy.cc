// NumPy's npy: a magic string, a version, a Python dict as text, then the elements.
// Source: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html

#include "io/npy.h"

#include "conv2d/io.h"
#include "io/atomic_file.h"
#include "io/elements.h"
#include "io/message.h"

#include <array>
#include <bit>
#include <charconv>
#include <string_view>
#include <utility>

namespace conv2d::io {
namespace {

using std::string_view;

constexpr string_view magic = "\x93NUMPY";
constexpr string_view allowed_dtypes =
    "float16, float32, float64, int8, uint8, int32, complex64 and complex128";

/// NumPy's kind and width, without the byte order.
constexpr std::array<std::pair<string_view, DType>, 8> codes{{
    {"f2", DType::float16},
    {"f4", DType::float32},
    {"f8", DType::float64},
    {"i1", DType::int8},
    {"u1", DType::uint8},
    {"i4", DType::int32},
    {"c8", DType::complex64},
    {"c16", DType::complex128},
}};

struct Header {
  DType dtype = DType::float32;
  std::endian order = std::endian::little;
  bool fortran_order = false;
  Sizes sizes;
};

/// Reads {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }: the three keys in any order,
/// each once, as numpy.lib.format requires.
class HeaderParser {
 public:
  HeaderParser(string_view text, const std::string& source) : rest_(text), source_(source) {}

  Header parse() {
    Header header;
    expect('{');
    while (!accept('}')) {
      parse_entry(header);
      if (!accept(',')) {
        expect('}');
        break;
      }
    }
    skip_space();
    if (!rest_.empty() || !has_descr_ || !has_order_ || !has_shape_) {
      malformed("it must be one dict with the keys 'descr', 'fortran_order' and 'shape'");
    }
    return header;
  }

 private:
  void parse_entry(Header& header) {
    const string_view key = parse_string();
    expect(':');
    if (key == "descr" && !std::exchange(has_descr_, true)) {
      parse_descr(header);
    } else if (key == "fortran_order" && !std::exchange(has_order_, true)) {
      header.fortran_order = parse_bool();
    } else if (key == "shape" && !std::exchange(has_shape_, true)) {
      header.sizes = parse_shape();
    } else {
      malformed("the key ", in_quotes(key), " is unknown or comes twice");
    }
  }

  void parse_descr(Header& header) {
    skip_space();
    if (rest_.starts_with('[')) {
      refuse(source_, "holds records of several fields; allowed are ", allowed_dtypes);
    }
    const string_view descr = parse_string();
    const char order = descr.empty() ? '?' : descr.front();
    for (const auto& [code, dtype] : codes) {
      if (string_view("<>|=").find(order) != string_view::npos && descr.substr(1) == code) {
        header.dtype = dtype;
        header.order = order == '>'   ? std::endian::big
                       : order == '<' ? std::endian::little
                                      : std::endian::native;
        return;
      }
    }
    refuse(source_, "its dtype ", in_quotes(descr), " is not supported; allowed are ",
           allowed_dtypes);
  }

  bool parse_bool() {
    skip_space();
    for (const bool value : {false, true}) {
      const string_view word = value ? "True" : "False";
      if (rest_.starts_with(word)) {
        rest_.remove_prefix(word.size());
        return value;
      }
    }
    malformed("'fortran_order' must be True or False");
  }

  Sizes parse_shape() {
    std::array<std::int64_t, Sizes::max_rank> extents{};
    std::size_t rank = 0;
    expect('(');
    while (!accept(')')) {
      if (rank == extents.size()) {
        refuse(source_, "has more than ", Sizes::max_rank, " dimensions");
      }
      extents[rank++] = parse_extent();
      // A tuple of one element needs its comma: Python reads (3) as a number.
      if (!accept(',')) {
        expect(rank > 1 ? ')' : ',');
        break;
      }
    }
    return Sizes(std::span<const std::int64_t>(extents.data(), rank));
  }

  std::int64_t parse_extent() {
    skip_space();
    std::int64_t extent = 0;
    const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), extent);
    if (error != std::errc() || extent < 0) {
      malformed("every extent of 'shape' must be an integer from 0 to 2^63 - 1");
    }
    rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()));
    accept('L');  // Python 2 wrote long integers so
    return extent;
  }

  string_view parse_string() {
    skip_space();
    const char quote = rest_.empty() ? '\0' : rest_.front();
    const auto end = quote == '\'' || quote == '"' ? rest_.find(quote, 1) : string_view::npos;
    if (end == string_view::npos) {
      malformed("a text in quotes is missing");
    }
    const string_view text = rest_.substr(1, end - 1);
    rest_.remove_prefix(end + 1);
    return text;
  }

  void skip_space() {
    const auto first = rest_.find_first_not_of(" \t\r\n");
    rest_.remove_prefix(std::min(first, rest_.size()));
  }
  bool accept(char c) {
    skip_space();
    const bool found = rest_.starts_with(c);
    rest_.remove_prefix(found ? 1 : 0);
    return found;
  }
  void expect(char c) {
    if (!accept(c)) {
      malformed("'", c, "' is missing");
    }
  }
  template <class... Parts>
  [[noreturn]] void malformed(const Parts&... parts) const {
    refuse(source_, "its npy header is malformed: ", parts...);
  }

  string_view rest_;
  const std::string& source_;
  bool has_descr_ = false;
  bool has_order_ = false;
  bool has_shape_ = false;
};

/// The header's text and the bytes after it.
std::pair<string_view, Bytes> split(Bytes bytes, const std::string& source) {
  const string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (!text.starts_with(magic)) {
    refuse(source, "is not an npy file: it does not begin with \\x93NUMPY");
  }
  const unsigned version = text.size() > 6 ? static_cast<unsigned char>(text[6]) : 0;
  if (text.size() > 6 && (version < 1 || version > 3)) {
    refuse(source, "is npy version ", version, "; 1, 2 and 3 are known");
  }
  const std::size_t begin = version == 1 ? 10 : 12;
  if (text.size() < begin) {
    refuse(source, "ends within its npy header");
  }
  const std::size_t length =
      version == 1 ? load_little<std::uint16_t>(bytes, 8) : load_little<std::uint32_t>(bytes, 8);
  if (length > text.size() - begin) {
    refuse(source, "its npy header claims ", length, " bytes, but the file has ",
           text.size() - begin, " after the length");
  }
  return {text.substr(begin, length), bytes.subspan(begin + length)};
}

/// Strides of column-major order: the first index runs fastest.
Strides fortran_strides(const Sizes& sizes) {
  Strides strides = sizes;
  std::int64_t next = 1;
  for (int dim = 0; dim < sizes.rank(); ++dim) {
    strides[dim] = next;
    next *= sizes[dim];
  }
  return strides;
}

string_view code_of(DType dtype) {
  for (const auto& [code, known] : codes) {
    if (known == dtype) {
      return code;
    }
  }
  return "f4";  // npy_holds said no: bfloat16, written as float32
}

}  // namespace

Tensor decode_npy(Bytes bytes, const std::string& source) {
  const auto [text, data] = split(bytes, source);
  const Header header = HeaderParser(text, source).parse();
  const auto needed = byte_count(header.sizes, header.dtype);
  if (!needed || *needed != data.size()) {
    refuse(source, "its npy header promises ", name(header.dtype), " ", to_string(header.sizes),
           ", but ", data.size(), " bytes follow it");
  }
  Tensor stored = tensor_from(data, header.dtype, header.sizes, header.order, source);
  if (!header.fortran_order || stored.empty()) {
    return stored;
  }
  const TensorView columns(stored.data(), header.dtype, header.sizes,
                           fortran_strides(header.sizes));
  return columns.clone(MemoryFormat::contiguous);
}

Tensor read_npy(const Path& path) { return decode_npy(read_file(path), path.string()); }

bool npy_holds(DType dtype) noexcept { return dtype != DType::bfloat16; }

std::string npy_header(DType dtype, const Sizes& sizes) {
  std::string shape;
  for (const std::int64_t extent : sizes) {
    shape += concat(extent, sizes.rank() == 1 ? "," : ", ");
  }
  if (sizes.rank() > 1) {
    shape.resize(shape.size() - 2);
  }
  std::string dict = concat("{'descr': '", element_size(dtype) == 1 ? '|' : '<', code_of(dtype),
                            "', 'fortran_order': False, 'shape': (", shape, "), }");
  constexpr std::size_t before = 10;
  constexpr std::size_t alignment = 64;
  const std::size_t unpadded = before + dict.size() + 1;
  dict.append((alignment - unpadded % alignment) % alignment, ' ');
  dict += '\n';
  std::string header(magic);
  header += {'\x01', '\x00'};
  header += static_cast<char>(dict.size() & 0xffU);
  header += static_cast<char>(dict.size() >> 8U);
  return header + dict;
}

void write_npy(const Path& path, TensorView tensor) {
  if (!npy_holds(tensor.dtype())) {
    const Tensor wider = tensor.to(DType::float32);
    return write_npy(path, wider);
  }
  AtomicFile file(path);
  file.write(npy_header(tensor.dtype(), tensor.sizes()));
  file.write(LittleEndianElements(tensor).bytes());
  file.commit();
}

}  // namespace conv2d::io
