// How the library says that something is wrong: inside as a value, at the public face as an
// exception. Floor 0: everything may include it.
#pragma once

#include <sstream>
#include <string>
#include <utility>
#include <variant>

namespace conv2d {

/// One sentence that names what was given and what is allowed.
struct Error {
  std::string message;
};

/// A T, or why there is none. Inner code returns it, so that it also builds without exceptions.
template <class T>
class Result {
 public:
  Result(T value) : state_(std::move(value)) {}      // NOLINT(google-explicit-constructor)
  Result(Error error) : state_(std::move(error)) {}  // NOLINT(google-explicit-constructor)

  bool ok() const noexcept { return state_.index() == 0; }
  const T& value() const { return std::get<0>(state_); }
  T& value() { return std::get<0>(state_); }
  const Error& error() const { return std::get<1>(state_); }

 private:
  std::variant<T, Error> state_;
};

/// The one place where the library throws std::invalid_argument. A build without exceptions ends
/// the program there after printing the sentence: such a build checks first.
[[noreturn]] void throw_invalid(const std::string& message);

template <class T>
T value_or_throw(Result<T> result) {
  if (!result.ok()) {
    throw_invalid(result.error().message);
  }
  return std::move(result.value());
}

/// The arguments, printed one after the other.
template <class... Parts>
std::string concat(const Parts&... parts) {
  std::ostringstream out;
  (out << ... << parts);
  return std::move(out).str();
}

}  // namespace conv2d
