// RapidCheck draws from the seed of all our tests, which is printed and can be given.
#include "support/random.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

namespace conv2d::testing {
namespace {

class GiveSeed : public ::testing::Environment {
 public:
  void SetUp() override {
    constexpr int keep_what_the_user_set = 0;
    setenv("RC_PARAMS", ("seed=" + std::to_string(test_seed())).c_str(), keep_what_the_user_set);
  }
};

const auto* const environment = ::testing::AddGlobalTestEnvironment(new GiveSeed);

}  // namespace
}  // namespace conv2d::testing
