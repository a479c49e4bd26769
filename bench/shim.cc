/* Runs the cases of harness.h under Google Benchmark: the one file that knows it.
 *
 *   micro [--smoke] [--benchmark_filter=REGEX] [--benchmark_format=json] ...
 *
 * A case keeps its context over repetitions and is torn down when the next one begins. CPU time is
 * the thread's own, so that other work on the machine disturbs the figures as little as it can. */
#include <benchmark/benchmark.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "harness.h"

namespace {

struct LiveCase {
  const bench_case *bench = nullptr;
  void *context = nullptr;
  bench_measure measure = {};
};

LiveCase live;

void end_live_case() {
  if (live.context != nullptr) live.bench->teardown(live.context);
  live = LiveCase();
}

void begin_case(const bench_case *bench) {
  if (live.bench == bench) return;
  end_live_case();
  live.bench = bench;
  live.context = bench->setup(bench->parameter, &live.measure);
}

void run_case(benchmark::State &state, const bench_case *bench) {
  begin_case(bench);
  if (live.context == nullptr) {
    state.SkipWithError("not on this machine");
    return;
  }
  const benchmark::IterationCount count = state.max_iterations;
  while (state.KeepRunningBatch(count)) {
    bench->run(live.context, static_cast<uint64_t>(count));
  }
  const double items = static_cast<double>(count) * static_cast<double>(live.measure.item_count);
  state.counters["cpu_per_item"] =
      benchmark::Counter(items, benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
  if (live.measure.byte_count > 0) {
    state.SetBytesProcessed(count * static_cast<int64_t>(live.measure.byte_count));
  }
}

void register_suite(const bench_suite &suite) {
  for (size_t i = 0; i < suite.case_count; i++) {
    const bench_case *bench = &suite.cases[i];
    benchmark::RegisterBenchmark(bench->name, run_case, bench);
  }
}

} // namespace

void bench_require(bool holds, const char *what) {
  if (holds) return;
  std::fprintf(stderr, "bench: %s\n", what);
  std::exit(1);
}

void bench_keep(const void *value) {
  benchmark::DoNotOptimize(value);
  benchmark::ClobberMemory();
}

int main(int argc, char **argv) {
  std::vector<char *> arguments(argv, argv + argc);
  char one_iteration[] = "--benchmark_min_time=0";
  for (char *&argument : arguments) {
    if (std::strcmp(argument, "--smoke") == 0) argument = one_iteration;
  }
  int count = argc;
  benchmark::Initialize(&count, arguments.data());
  if (benchmark::ReportUnrecognizedArguments(count, arguments.data())) return 2;
  for (const bench_suite *suite :
       {&bench_json_suite, &bench_ring_suite, &bench_key_suite, &bench_aggregate_suite,
        &bench_json_write_suite, &bench_group_suite, &bench_parquet_suite, &bench_pipeline_suite,
        &bench_join_suite}) {
    register_suite(*suite);
  }
  benchmark::RunSpecifiedBenchmarks();
  end_live_case();
  return 0;
}
