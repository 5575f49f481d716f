# vitrine: build, show, check, measure. Each target installs what it needs first (tools/deps).
.PHONY: all demo check bench long clean

all:
	@tools/deps build
	@tools/build release

# A lab with a real product on https://127.0.0.1:8443; DEMO_SMOKE=1 walks the main job and ends.
demo:
	@tools/deps build demo
	@tools/build release
	@tools/demo

# Every suite; ends with "N passed, N failed, N skipped".
check:
	@tools/deps build demo test
	@TESTS=enabled tools/check

# Figures: all, or BENCH=glass for those of one area.
bench:
	@tools/deps build demo test bench
	@TESTS=enabled tools/bench $(BENCH)

# Campaigns that take hours: fuzzing.
long:
	@tools/deps build demo test
	@TESTS=enabled tools/long

clean:
	rm -rf build
