// safetensors: the header's length (8 bytes), the header (JSON), the bytes of all tensors.
// Source: https://github.com/huggingface/safetensors#format

#include "conv2d/io.h"
#include "io/atomic_file.h"
#include "io/elements.h"
#include "io/message.h"
#include "io/safetensors_header.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

namespace conv2d::io {
namespace {

constexpr std::size_t length_bytes = 8;
constexpr std::uint64_t longest_header = 100'000'000;  // the format's own limit

constexpr std::array<std::pair<std::string_view, DType>, 8> dtype_codes{{
    {"F16", DType::float16},
    {"BF16", DType::bfloat16},
    {"F32", DType::float32},
    {"F64", DType::float64},
    {"I8", DType::int8},
    {"U8", DType::uint8},
    {"I32", DType::int32},
    {"C64", DType::complex64},
}};

std::optional<DType> dtype_of_code(std::string_view code) {
  for (const auto& [known, dtype] : dtype_codes) {
    if (known == code) {
      return dtype;
    }
  }
  return std::nullopt;
}

std::string_view code_of_dtype(DType dtype, const std::string& source, std::string_view name) {
  for (const auto& [code, known] : dtype_codes) {
    if (known == dtype) {
      return code;
    }
  }
  refuse(source, "the tensor ", in_quotes(name), " is ", conv2d::name(dtype),
         ", for which safetensors has no dtype");
}

/// The JSON text and the bytes after it.
std::pair<std::string_view, Bytes> header_and_data(Bytes bytes, const std::string& source) {
  if (bytes.size() < length_bytes) {
    refuse(source, "is not a safetensors file: it has ", bytes.size(), " bytes, fewer than 8");
  }
  const auto length = load_little<std::uint64_t>(bytes, 0);
  const Bytes rest = bytes.subspan(length_bytes);
  if (length > longest_header || length > rest.size()) {
    refuse(source, "its safetensors header claims ", length, " bytes, but at most ",
           std::min<std::uint64_t>(longest_header, rest.size()), " are possible");
  }
  const std::string_view text(reinterpret_cast<const char*>(rest.data()), length);
  if (!text.starts_with('{')) {
    refuse(source, "is not a safetensors file: its header does not begin with '{'");
  }
  return {text, rest.subspan(length)};
}

/// The format's rule: the tensors cover the bytes after the header, without a gap or an overlap.
void check_cover(std::vector<SafeTensorsEntry>& entries, std::size_t size,
                 const std::string& source) {
  std::ranges::sort(entries, {}, [](const auto& e) { return std::pair(e.begin, e.end); });
  std::uint64_t covered = 0;
  for (const SafeTensorsEntry& entry : entries) {
    if (entry.begin != covered || entry.end < entry.begin || entry.end > size) {
      refuse(source, "the tensor ", in_quotes(entry.name), " lies at bytes ", entry.begin, " to ",
             entry.end, ", but tensors must follow each other without gaps within the ", size,
             " bytes there are (the next one begins at ", covered, ")");
    }
    covered = entry.end;
  }
  if (covered != size) {
    refuse(source, size - covered, " bytes at its end belong to no tensor");
  }
}

Tensor decode(const SafeTensorsEntry& entry, DType dtype, Bytes data, const std::string& source) {
  const auto needed = byte_count(entry.shape, dtype);
  if (!needed || *needed != entry.end - entry.begin) {
    refuse(source, "the tensor ", in_quotes(entry.name), " is ", entry.dtype, " ",
           to_string(entry.shape), ", which does not fill the ", entry.end - entry.begin,
           " bytes that its header gives it");
  }
  return tensor_from(data.subspan(entry.begin, *needed), dtype, entry.shape, std::endian::little,
                     source);
}

/// Names in the order their bytes are written: wide elements first, so that every tensor begins at
/// a multiple of its element's width.
std::vector<std::string> writing_order(const NamedViews& tensors) {
  std::vector<std::string> order;
  for (const auto& [name, tensor] : tensors) {
    order.push_back(name);
  }
  std::ranges::stable_sort(order, std::greater{}, [&](const std::string& name) {
    return element_size(tensors.find(name)->second.dtype());
  });
  return order;
}

/// The length and the JSON text, with spaces so that the data begins at a multiple of 8.
std::string encode_header(const nlohmann::json& header, const std::string& source) {
  std::string text;
  try {
    text = header.dump();
  } catch (const nlohmann::json::exception&) {
    refuse(source, "a name or a metadata text is not valid UTF-8");
  }
  text.append((length_bytes - text.size() % length_bytes) % length_bytes, ' ');
  std::string length;
  for (std::size_t i = 0; i < length_bytes; ++i) {
    length += static_cast<char>(text.size() >> (8 * i));
  }
  return length + text;
}

}  // namespace

SafeTensors decode_safetensors(Bytes bytes, const std::string& source) {
  const auto [text, data] = header_and_data(bytes, source);
  SafeTensorsHeader header = parse_safetensors_header(text, source);
  check_cover(header.entries, data.size(), source);
  SafeTensors result;
  result.metadata = std::move(header.metadata);
  for (const SafeTensorsEntry& entry : header.entries) {
    if (const auto dtype = dtype_of_code(entry.dtype)) {
      result.tensors.emplace(entry.name, decode(entry, *dtype, data, source));
    } else {
      result.skipped.emplace(entry.name, entry.dtype);
    }
  }
  return result;
}

SafeTensors read_safetensors(const Path& path) {
  return decode_safetensors(read_file(path), path.string());
}

void write_safetensors(const Path& path, const NamedViews& tensors,
                       const std::map<std::string, std::string, std::less<>>& metadata) {
  const std::string source = path.string();
  nlohmann::json header = nlohmann::json::object();
  if (!metadata.empty()) {
    header["__metadata__"] = metadata;
  }
  const std::vector<std::string> order = writing_order(tensors);
  std::uint64_t offset = 0;
  for (const std::string& name : order) {
    const TensorView& tensor = tensors.find(name)->second;
    if (name == "__metadata__") {
      refuse(source, "a tensor cannot be called '__metadata__': the format keeps that name");
    }
    const std::uint64_t end = offset + byte_count(tensor.sizes(), tensor.dtype()).value();
    header[name] = {
        {"dtype", code_of_dtype(tensor.dtype(), source, name)},
        {"shape", std::vector<std::int64_t>(tensor.sizes().begin(), tensor.sizes().end())},
        {"data_offsets", {offset, end}}};
    offset = end;
  }
  AtomicFile file(path);
  file.write(encode_header(header, source));
  for (const std::string& name : order) {
    file.write(LittleEndianElements(tensors.find(name)->second).bytes());
  }
  file.commit();
}

}  // namespace conv2d::io
