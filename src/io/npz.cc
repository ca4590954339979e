// NumPy's npz: a zip archive of npy files, through libzip.
//
// Sizes in a zip directory are claims. Each entry may claim no more than 1032 times its packed
// bytes, which is what deflate can at most do (258 bytes from a 1-bit length and a 1-bit distance);
// the packed bytes of all entries together may not pass the archive's own (entries that share
// them would multiply it); and memory grows as bytes really arrive.

#include "conv2d/io.h"
#include "io/elements.h"
#include "io/limits.h"
#include "io/message.h"
#include "io/npy.h"

#include <zip.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <string_view>

namespace conv2d::io {
namespace {

constexpr std::string_view suffix = ".npy";

struct SourceDeleter {
  void operator()(zip_source_t* source) const noexcept { zip_source_free(source); }
};
struct ArchiveDeleter {
  void operator()(zip_t* archive) const noexcept { zip_discard(archive); }
};
struct EntryDeleter {
  void operator()(zip_file_t* file) const noexcept { zip_fclose(file); }
};
using SourcePointer = std::unique_ptr<zip_source_t, SourceDeleter>;
using ArchivePointer = std::unique_ptr<zip_t, ArchiveDeleter>;
using EntryPointer = std::unique_ptr<zip_file_t, EntryDeleter>;

/// libzip's own words for an error.
std::string words(zip_error_t* error) {
  std::string text = zip_error_strerror(error);
  zip_error_fini(error);
  return text;
}

ArchivePointer open_archive(Bytes bytes, const std::string& source) {
  zip_error_t error;
  zip_error_init(&error);
  if (bytes.empty()) {  // which libzip would take for an archive without entries
    refuse(source, "is empty, not an npz (zip) archive");
  }
  SourcePointer buffer(zip_source_buffer_create(bytes.data(), bytes.size(), 0, &error));
  ArchivePointer archive(buffer ? zip_open_from_source(buffer.get(), ZIP_RDONLY, &error) : nullptr);
  if (!archive) {
    refuse(source, "is not an npz (zip) archive that can be read: ", words(&error));
  }
  static_cast<void>(buffer.release());  // the archive owns it now
  return archive;
}

struct Entry {
  zip_uint64_t index = 0;
  std::string name;  // without .npy
  std::uint64_t size = 0;
  std::uint64_t packed = 0;
};

Entry describe(zip_t* archive, zip_uint64_t index, const std::string& source) {
  zip_stat_t stat;
  constexpr zip_uint64_t wanted =
      ZIP_STAT_NAME | ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE | ZIP_STAT_COMP_METHOD;
  if (zip_stat_index(archive, index, 0, &stat) != 0 || (stat.valid & wanted) != wanted) {
    refuse(source, "entry ", index, " of the archive has no name, size or method");
  }
  std::string_view name = stat.name;
  if (!name.ends_with(suffix)) {
    refuse(source, "entry ", in_quotes(name), " of the archive is not an npy file");
  }
  name.remove_suffix(suffix.size());
  if (stat.comp_method != ZIP_CM_STORE && stat.comp_method != ZIP_CM_DEFLATE) {
    refuse(source, "entry ", in_quotes(name), " is packed by method ", stat.comp_method,
           "; stored (0) and deflated (8) are allowed");
  }
  if (stat.size / deflate_limit > stat.comp_size) {
    refuse(source, "entry ", in_quotes(name), " claims ", stat.size, " bytes from ", stat.comp_size,
           " packed ones, more than deflate can hold");
  }
  return {index, std::string(name), stat.size, stat.comp_size};
}

/// Every entry, their claims checked against the archive's size.
std::vector<Entry> list(zip_t* archive, std::size_t archive_size, const std::string& source) {
  std::vector<Entry> entries;
  const auto count = static_cast<zip_uint64_t>(zip_get_num_entries(archive, 0));
  std::uint64_t room = archive_size;
  std::uint64_t total = 0;
  for (zip_uint64_t index = 0; index < count; ++index) {
    entries.push_back(describe(archive, index, source));
    if (entries.back().packed > room) {
      refuse(source, "its entries claim more packed bytes than the archive has");
    }
    room -= entries.back().packed;
    total += entries.back().size;
  }
  require_memory(total, source);
  return entries;
}

/// The bytes of an entry; libzip compares their checksum at the end.
std::vector<std::byte> unpack(zip_t* archive, const Entry& entry, const std::string& source) {
  constexpr std::size_t step = std::size_t{1} << 16U;
  const EntryPointer file(zip_fopen_index(archive, entry.index, 0));
  if (!file) {
    refuse(source, "entry ", in_quotes(entry.name), " cannot be read: ", zip_strerror(archive));
  }
  std::vector<std::byte> bytes;
  std::int64_t got = 0;
  do {
    const std::size_t before = bytes.size();
    bytes.resize(before + std::min<std::uint64_t>(step, entry.size - before) + 1);
    got = zip_fread(file.get(), bytes.data() + before, bytes.size() - before);
    bytes.resize(before + static_cast<std::size_t>(std::max<std::int64_t>(got, 0)));
  } while (got > 0 && bytes.size() <= entry.size);
  if (got < 0) {
    refuse(source, "entry ", in_quotes(entry.name),
           " is damaged: ", zip_error_strerror(zip_file_get_error(file.get())));
  }
  if (bytes.size() != entry.size) {
    refuse(source, "entry ", in_quotes(entry.name), " does not have the ", entry.size,
           " bytes that the archive claims");
  }
  return bytes;
}

/// The npy file of a view.
std::vector<std::byte> encode_npy(TensorView tensor) {
  if (!npy_holds(tensor.dtype())) {
    const Tensor wider = tensor.to(DType::float32);
    return encode_npy(wider);
  }
  const std::string header = npy_header(tensor.dtype(), tensor.sizes());
  const LittleEndianElements elements(tensor);
  std::vector<std::byte> bytes(header.size() + elements.bytes().size());
  std::memcpy(bytes.data(), header.data(), header.size());
  std::ranges::copy(elements.bytes(), bytes.begin() + static_cast<std::ptrdiff_t>(header.size()));
  return bytes;
}

/// Adds `bytes`, which must live until the archive is closed. The time of the entry is that of the
/// zip format's beginning: the same arrays give the same file.
void add(zip_t* archive, const std::string& name, Bytes bytes, const std::string& source) {
  constexpr zip_uint16_t midnight = 0;
  constexpr zip_uint16_t january_1_1980 = 0x21;
  SourcePointer buffer(zip_source_buffer(archive, bytes.data(), bytes.size(), 0));
  const zip_int64_t index = buffer ? zip_file_add(archive, (name + std::string(suffix)).c_str(),
                                                  buffer.get(), ZIP_FL_ENC_UTF_8)
                                   : -1;
  if (index < 0) {
    refuse(source, "the array ", in_quotes(name), " cannot be added: ", zip_strerror(archive));
  }
  static_cast<void>(buffer.release());  // the archive owns it now
  const auto entry = static_cast<zip_uint64_t>(index);
  if (zip_set_file_compression(archive, entry, ZIP_CM_STORE, 0) != 0 ||
      zip_file_set_dostime(archive, entry, midnight, january_1_1980, 0) != 0) {
    refuse(source, "the array ", in_quotes(name), " cannot be added: ", zip_strerror(archive));
  }
}

/// What libzip wrote into its memory buffer.
std::vector<std::byte> contents(zip_source_t* buffer, const std::string& source) {
  zip_stat_t stat;
  if (zip_source_open(buffer) != 0 || zip_source_stat(buffer, &stat) != 0) {
    refuse(source, "cannot be packed: ", zip_error_strerror(zip_source_error(buffer)));
  }
  std::vector<std::byte> bytes(stat.size);
  const std::int64_t got = zip_source_read(buffer, bytes.data(), bytes.size());
  zip_source_close(buffer);
  if (got < 0 || static_cast<std::uint64_t>(got) != stat.size) {
    refuse(source, "cannot be packed: ", zip_error_strerror(zip_source_error(buffer)));
  }
  return bytes;
}

}  // namespace

NamedTensors decode_npz(Bytes bytes, const std::string& source) {
  const ArchivePointer archive = open_archive(bytes, source);
  NamedTensors arrays;
  for (const Entry& entry : list(archive.get(), bytes.size(), source)) {
    const std::string inside = concat(source, ": ", in_quotes(entry.name));
    Tensor array = decode_npy(unpack(archive.get(), entry, source), inside);
    if (!arrays.emplace(entry.name, std::move(array)).second) {
      refuse(source, "the array ", in_quotes(entry.name), " comes twice");
    }
  }
  return arrays;
}

NamedTensors read_npz(const Path& path) { return decode_npz(read_file(path), path.string()); }

void write_npz(const Path& path, const NamedViews& arrays) {
  const std::string source = path.string();
  if (arrays.empty()) {
    refuse(source, "an npz archive needs at least one array");
  }
  zip_error_t error;
  zip_error_init(&error);
  const SourcePointer buffer(zip_source_buffer_create(nullptr, 0, 0, &error));
  ArchivePointer archive(
      buffer ? zip_open_from_source(buffer.get(), ZIP_CREATE | ZIP_TRUNCATE, &error) : nullptr);
  if (!archive) {
    refuse(source, "cannot be packed: ", words(&error));
  }
  zip_source_keep(buffer.get());  // one reference for the archive, one for reading the result
  std::vector<std::vector<std::byte>> files;
  for (const auto& [name, tensor] : arrays) {
    files.push_back(encode_npy(tensor));
    add(archive.get(), name, files.back(), source);
  }
  if (zip_close(archive.get()) != 0) {
    refuse(source, "cannot be packed: ", zip_strerror(archive.get()));
  }
  static_cast<void>(archive.release());  // closed
  write_file(path, contents(buffer.get(), source));
}

}  // namespace conv2d::io
