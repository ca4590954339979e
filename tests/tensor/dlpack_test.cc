// Tensors to and from other libraries through DLPack's struct.
#include <conv2d/tensor.h>

#include "support/random.h"
#include "support/tensors.h"

#include <dlpack/dlpack.h>
#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <utility>

namespace conv2d {
namespace {

using testing::holds;
using testing::refused;
using testing::same_bits;

/// What another library would hand over: a 2x3 float32 tensor, and how often it was told to let go.
class Foreign {
 public:
  Foreign() {
    managed.dl_tensor = {.data = data.data(),
                         .device = {kDLCPU, 0},
                         .ndim = 2,
                         .dtype = {kDLFloat, 32, 1},
                         .shape = shape.data(),
                         .strides = nullptr,
                         .byte_offset = 0};
    managed.manager_ctx = this;
    managed.deleter = [](DLManagedTensor* self) {
      ++static_cast<Foreign*>(self->manager_ctx)->deleted;
    };
  }
  Foreign(const Foreign&) = delete;
  Foreign& operator=(const Foreign&) = delete;
  ~Foreign() = default;

  std::array<float, 6> data = {0, 1, 2, 3, 4, 5};
  std::array<std::int64_t, 2> shape = {2, 3};
  std::array<std::int64_t, 2> strides = {1, 2};
  DLManagedTensor managed{};
  int deleted = 0;
};

TEST(FromDlpack, BorrowsTheMemoryAndDeletesOnce) {
  Foreign foreign;
  {
    Tensor tensor = from_dlpack(&foreign.managed);
    EXPECT_EQ(tensor.data(), foreign.data.data());
    EXPECT_TRUE(holds(tensor, {0, 1, 2, 3, 4, 5}));
    const Tensor moved = std::move(tensor);
    EXPECT_EQ(foreign.deleted, 0);
  }
  EXPECT_EQ(foreign.deleted, 1);
}

TEST(FromDlpack, ReadsStridesAndByteOffset) {
  Foreign foreign;
  foreign.managed.dl_tensor.strides = foreign.strides.data();
  EXPECT_TRUE(holds(from_dlpack(&foreign.managed), {0, 2, 4, 1, 3, 5}));
  foreign.managed.dl_tensor.byte_offset = sizeof(float);
  foreign.shape = {1, 2};
  EXPECT_TRUE(holds(from_dlpack(&foreign.managed), {1, 3}));
  EXPECT_EQ(foreign.deleted, 2);
}

/// The strides of a tensor of these sizes after it came with those.
Strides strides_told(std::array<std::int64_t, 4> sizes, std::array<std::int64_t, 4> given) {
  Foreign foreign;
  foreign.managed.dl_tensor.ndim = 4;
  foreign.managed.dl_tensor.shape = sizes.data();
  foreign.managed.dl_tensor.strides = given.data();
  return from_dlpack(&foreign.managed).strides();
}

TEST(FromDlpack, TheFormatOfOneImageIsSeenWhateverItsBatchStride) {
  // PyTorch writes 1 as the stride of every dimension of extent 1.
  EXPECT_EQ(strides_told({1, 3, 2, 1}, {1, 1, 3, 1}), (Strides{6, 1, 3, 3}));
  EXPECT_EQ(strides_told({1, 3, 1, 2}, {1, 2, 1, 1}), (Strides{6, 2, 2, 1}));
  EXPECT_EQ(strides_told({2, 1, 1, 3}, {3, 1, 1, 1}), (Strides{3, 3, 3, 1}));
  EXPECT_EQ(strides_told({2, 3, 1, 1}, {3, 1, 1, 1}), (Strides{3, 1, 1, 1}));
}

TEST(FromDlpack, StridesThatAreUsedStay) {
  EXPECT_EQ(strides_told({3, 2, 1, 1}, {1, 3, 7, 7}), (Strides{1, 3, 1, 1}));
  EXPECT_EQ(strides_told({2, 1, 1, 3}, {0, 1, 1, 2}), (Strides{0, 6, 6, 2}));
}

TEST(FromDlpack, AMissingDeleterIsNotCalled) {
  Foreign foreign;
  foreign.managed.deleter = nullptr;
  EXPECT_TRUE(holds(from_dlpack(&foreign.managed), {0, 1, 2, 3, 4, 5}));
}

TEST(FromDlpack, WhatIsRefusedStaysTheCallers) {
  const auto refusal = [](auto&& spoil) {
    Foreign foreign;
    spoil(foreign, foreign.managed.dl_tensor);
    const std::string sentence = testing::error_of([&] { from_dlpack(&foreign.managed); });
    EXPECT_EQ(foreign.deleted, 0) << sentence;
    return sentence;
  };
  EXPECT_EQ(refusal([](Foreign&, DLTensor& tensor) {
              tensor.device = {kDLCUDA, 0};
            }),
            "from_dlpack: the tensor must be on the CPU (DLPack device 1), but is on device 2");
  EXPECT_EQ(refusal([](Foreign&, DLTensor& tensor) {
              tensor.dtype = {kDLFloat, 32, 4};
            }),
            "from_dlpack: no dtype for DLPack code 2 with 32 bits and 4 lanes");
  EXPECT_EQ(refusal([](Foreign&, DLTensor& tensor) {
              tensor.dtype = {kDLInt, 64, 1};
            }),
            "from_dlpack: no dtype for DLPack code 0 with 64 bits and 1 lanes");
  EXPECT_EQ(refusal([](Foreign&, DLTensor& tensor) { tensor.ndim = -1; }),
            "from_dlpack: the rank must not be negative, but got -1");
  EXPECT_EQ(refusal([](Foreign&, DLTensor& tensor) { tensor.ndim = 9; }),
            "a tensor has at most 8 dimensions, but got 9");
  EXPECT_EQ(refusal([](Foreign& foreign, DLTensor&) {
              foreign.shape = {2, -3};
            }),
            "a tensor's sizes must not be negative, but got [2, -3]");
  EXPECT_EQ(refusal([](Foreign&, DLTensor& tensor) { tensor.shape = nullptr; }),
            "from_dlpack: a tensor of rank 2 needs a shape, but got a null pointer");
  EXPECT_NE(refusal([](Foreign&, DLTensor& tensor) { tensor.data = nullptr; }).find("null"),
            std::string::npos);
  EXPECT_NE(refusal([](Foreign& foreign, DLTensor& tensor) {
              foreign.strides = {INT64_MAX, 1};
              tensor.strides = foreign.strides.data();
            }).find("reach further than memory does"),
            std::string::npos);
}

TEST(FromDlpack, ANullPointerIsRefused) {
  EXPECT_TRUE(refused([] { from_dlpack(nullptr); }, "from_dlpack: got a null pointer"));
}

TEST(FromDlpack, ReadsATensorWithoutElementsOrDimensions) {
  Foreign foreign;
  foreign.shape = {0, 3};
  foreign.managed.dl_tensor.data = nullptr;
  EXPECT_EQ(from_dlpack(&foreign.managed).sizes(), Sizes({0, 3}));
  Foreign scalar;
  scalar.managed.dl_tensor.ndim = 0;
  scalar.managed.dl_tensor.shape = nullptr;
  EXPECT_EQ(from_dlpack(&scalar.managed).numel(), 1);
}

TEST(ToDlpack, DescribesTheTensorUntilItsDeleterIsCalled) {
  Tensor tensor({2, 3, 4, 5}, DType::bfloat16, MemoryFormat::channels_last);
  const void* memory = tensor.data();
  DLManagedTensor* managed = to_dlpack(std::move(tensor));
  const DLTensor& given = managed->dl_tensor;
  EXPECT_EQ(given.data, memory);
  EXPECT_EQ(given.device.device_type, kDLCPU);
  EXPECT_EQ(given.dtype.code, kDLBfloat);
  EXPECT_EQ(given.dtype.bits, 16);
  EXPECT_EQ(given.dtype.lanes, 1);
  EXPECT_EQ(Sizes(std::span<const std::int64_t>(given.shape, 4)), Sizes({2, 3, 4, 5}));
  EXPECT_EQ(Strides(std::span<const std::int64_t>(given.strides, 4)), Strides({60, 1, 15, 3}));
  managed->deleter(managed);  // a leak checker would notice if this freed nothing
}

TEST(ToDlpack, EveryDtypeComesBackAsItWent) {
  testing::Random random;
  for (int i = 0; i < dtype_count; ++i) {
    const Tensor tensor = random.values({2, 3}, static_cast<DType>(i));
    EXPECT_TRUE(same_bits(from_dlpack(to_dlpack(tensor.clone())), tensor));
  }
}

}  // namespace
}  // namespace conv2d
