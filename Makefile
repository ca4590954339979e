# Every command of the project; `make help` lists them. What each needs is installed first, where it
# is missing (scripts/install.sh). Builds live in build/PRESET, one for each preset of
# CMakePresets.json, and are incremental.
.DEFAULT_GOAL := help
# Tests side by side, in the builds that tests run too.
export CTEST_PARALLEL_LEVEL ?= $(shell nproc)

weights := build/weights/esrgan_slim_x4.safetensors

##@ The two commands
.PHONY: demo
demo: ## A photograph through Conv2d, drawn and explained; IMAGE=photo.jpg for one of yours
demo: install-packages-build $(if $(IMAGE),,install-packages-photo) build/release/build.ninja
	cmake --build --preset release --target demo
	build/release/examples/demo $${IMAGE:+"$$IMAGE"}

.PHONY: test
test: ## Every test there is
test: install-packages-build+test+web+web-test build/test/build.ninja
	cmake --build --preset test
	scripts/build_variants.sh
	scripts/build_web.sh
	scripts/coverage.sh
	ctest --preset test

##@ A network end to end
.PHONY: super-resolution
super-resolution: ## The photograph four times as wide and high, by a network; IMAGE=photo.jpg for yours
super-resolution: install-packages-build $(if $(IMAGE),,install-packages-photo) $(weights) build/release/build.ninja
	cmake --build --preset release --target super_resolution
	build/release/examples/super_resolution --weights $(weights) $${IMAGE:+"$$IMAGE"}

.PHONY: super-resolution-peers
super-resolution-peers: ## Its time and memory beside ONNX Runtime's and TensorFlow.js's; IMAGE=photo.jpg
super-resolution-peers: install-packages-build install-packages-super-resolution-peers $(weights) build/release/build.ninja
	cmake --build --preset release --target super_resolution
	examples/super_resolution/peers/compare.py --program build/release/examples/super_resolution \
	  --weights $(weights) --image "$${IMAGE:-/usr/lib/python3/dist-packages/skimage/data/astronaut.png}"

$(weights): examples/super_resolution/convert_weights.py | install-packages-weights
	$< build/npm/node_modules/@upscalerjs/esrgan-slim/models/x4/model.json $@

##@ The page
.PHONY: web site
web: ## The page that shows every number, built and served on localhost; PORT=8080
web: site
	node web/serve.mjs build/site $${PORT:-8080}
site: ## The page as a folder of static files, build/site
site: install-packages-build install-packages-web
	scripts/build_web.sh

.PHONY: test-web
test-web: ## The page's tests: its parts alone, and what a person does on it, against the command line
test-web: build site install-packages-web-test
	node web/test/run.mjs
	CONV2D_COMMAND=$(CURDIR)/build/release/cli/conv2d node --test tests/web/web_test.mjs

##@ Everyday work
.PHONY: build
build: ## The optimised libraries, command and examples, in build/release
build: install-packages-build build/release/build.ninja
	cmake --build --preset release

.PHONY: dev
dev: ## A debug build and the C++ tests, in build/dev
dev: install-packages-build install-packages-test
	cmake --workflow --preset dev

.PHONY: install
install: ## Installs into PREFIX, /usr/local unless told
install: build
	cmake --install build/release $(if $(PREFIX),--prefix "$(PREFIX)")

.PHONY: clean
clean: ## Removes everything built
	rm -rf build out

##@ Single checks (make test runs them all but wasm)
.PHONY: asan tsan fuzz neon
asan: ## The C++ tests under AddressSanitizer and UndefinedBehaviorSanitizer
tsan: ## The C++ tests under ThreadSanitizer
neon: ## The C++ tests on 64-bit ARM, emulated
fuzz: ## The fuzzers; SECONDS_EACH=600 searches longer
asan tsan neon: install-packages-build install-packages-test
	cmake --workflow --preset $@
fuzz: install-packages-build install-packages-test
	cmake --preset fuzz $(if $(SECONDS_EACH),-DCONV2D_FUZZ_SECONDS=$(SECONDS_EACH))
	cmake --build --preset fuzz
	ctest --preset fuzz

.PHONY: wasm
wasm: ## The C++ tests in WebAssembly
wasm: install-packages-build install-packages-test install-packages-wasm
	cmake --workflow --preset wasm

.PHONY: coverage
coverage: ## Which lines of the library the C++ tests reach
coverage: install-packages-build install-packages-test
	scripts/coverage.sh

.PHONY: format
format: ## Formats all C++ files
format: install-packages-test
	scripts/format.sh

.PHONY: tidy
tidy: ## clang-tidy over the library, the command and the examples
tidy: install-packages-build install-packages-test
	scripts/tidy.py

##@ Benchmarks
.PHONY: bench-channels
bench-channels: ## Looks for channel counts that are slower than larger ones; CHANNELS="--kinds 1x1@28"
bench-channels: build
	bench/channels/bench_channels.py --command build/release/cli/conv2d --out out/channels $(CHANNELS)

.PHONY: bench-choices
bench-choices: ## Looks for layers drawn at random whose plan is not the fastest; CHOICES="--layers 1000 --seed 2"
bench-choices: build
	bench/choices/bench_choices.py --command build/release/cli/conv2d --out out/choices $(CHOICES)

.PHONY: bench-peers
bench-peers: ## Times us and others in turns; PEERS="--threads 1 --only resnet" as bench_peers.py takes it
bench-peers: build install-packages-peers
	bench/peers/build_root.sh build/peers-root
	bench/peers/bench_peers.py --command build/release/cli/conv2d --root build/peers-root \
	  --out out/peers $(PEERS)

.PHONY: help
help: ## This list
	@awk -F ':.*## ' '/^##@/ { printf "\n%s\n", substr($$0, 5) } \
	  /^[a-z-]+:.*## / { printf "  make %-22s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build/%/build.ninja: CMakePresets.json | install-packages-build
	cmake --preset $*

packages := $(addprefix install-packages-,build peers photo test wasm web web-test weights \
  super-resolution-peers build+test+web+web-test)
.PHONY: $(packages)
$(packages): install-packages-%:
	@scripts/install.sh $(subst +, ,$*)
