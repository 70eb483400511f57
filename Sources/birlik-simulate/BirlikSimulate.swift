import ArgumentParser
import Simulation

/// Plays random histories of many nodes on the pure modules and looks for broken promises.
@main
struct BirlikSimulate: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "birlik-simulate",
    abstract: "Plays random histories of many nodes and looks for broken promises.",
    discussion: "A failing seed is printed with a short history that still fails. One seed gives one run, bit for bit.")

  @Option(help: "Which seeds to play, such as 0..<100000.")
  var seeds = SeedRange(0..<10_000)

  @Option(help: "Play this seed alone.")
  var seed: UInt64?

  @Flag(help: "With --seed: print what happens, step by step.")
  var trace = false

  @Flag(help: "With --seed: print the shortest failing history that is found.")
  var shorten = false

  @Option(help: "How many runs go on at once.")
  var jobs = Processors.count

  @Flag(help: "Print the first failing seed only, and stop there.")
  var brief = false

  @Flag(help: "Print how changes are timed under wrong clocks, by the rule of the design and by two others.")
  var clocks = false

  @Option(help: "Break one rule of the store in memory: \(Canary.allCases.map(\.rawValue).joined(separator: ", ")).")
  var canary: Canary?

  func validate() throws {
    guard jobs >= 1 else { throw ValidationError("--jobs has to be at least 1.") }
    guard seed != nil || !(trace || shorten) else { throw ValidationError("--trace and --shorten need --seed.") }
  }

  func run() async throws {
    if clocks { return print(ClockTable(seeds: seeds.range).text) }
    if let seed { return try play(seed) }
    let start = ContinuousClock.now
    let sweep = await SeedSweep(seeds.range, jobs: jobs, canary: canary, stopsAtFailure: brief)
    let seconds = Double((ContinuousClock.now - start) / .milliseconds(1)) / 1000
    if brief {
      guard let failure = sweep.failures.first else { return print("no failing seed in \(seeds)") }
      print("seed \(failure.seed): \(failure.problem)")
      throw ExitCode.failure
    }
    print(Report(sweep, seconds: seconds).text)
    for failure in sweep.failures.prefix(3) {
      printHistory(of: Shortening(History(seed: failure.seed), canary: canary))
    }
    let rare = canary == nil ? sweep.rarelyReached : []
    if !rare.isEmpty { print("hardly reached: \(rare.joined(separator: ", "))") }
    if !sweep.failures.isEmpty || !rare.isEmpty { throw ExitCode.failure }
  }

  private func play(_ seed: UInt64) throws {
    let history = History(seed: seed)
    if shorten {
      guard let shortening = Shortening(history, canary: canary) else {
        return print("seed \(seed): nothing is broken")
      }
      printHistory(of: shortening)
      throw ExitCode.failure
    }
    let run = Run(history, canary: canary, trace: trace ? { print($0) } : nil)
    guard let problem = run.problem else {
      return print("seed \(seed): nothing is broken; fingerprint \(String(run.fingerprint, radix: 16))")
    }
    print("seed \(seed), after \(run.stepsPlayed) of \(history.steps.count) steps: \(problem)")
    throw ExitCode.failure
  }

  private func printHistory(of shortening: Shortening?) {
    guard let shortening else { return }
    let history = shortening.history
    print("\nseed \(history.seed): \(shortening.problem)")
    print("The shortest history found in \(shortening.runs) runs has \(history.steps.count) steps:")
    _ = Run(history, canary: canary) { print("  \($0)") }
  }
}

/// A range of seeds as it is typed.
struct SeedRange: ExpressibleByArgument, CustomStringConvertible {
  let range: Range<UInt64>

  init(_ range: Range<UInt64>) { self.range = range }

  init?(argument: String) {
    let isClosed = argument.contains("...")
    let parts = argument.split(separator: isClosed ? "..." : "..<", omittingEmptySubsequences: false)
    guard parts.count == 2, let low = UInt64(parts[0]), let high = UInt64(parts[1]), low <= high, high < UInt64.max
    else {
      return nil
    }
    range = low..<(isClosed ? high + 1 : high)
  }

  var description: String { "\(range.lowerBound)..<\(range.upperBound)" }
}

extension Canary: ExpressibleByArgument {}
