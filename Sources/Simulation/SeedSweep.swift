/// Many seeds played, on several processors at once.
public struct SeedSweep: Sendable {
  public struct Failure: Sendable, Equatable {
    public var seed: UInt64
    public var problem: String
  }

  /// The first seed.
  public let first: UInt64
  /// How many seeds were played.
  public private(set) var count = 0
  /// In ascending order of seed.
  public private(set) var failures: [Failure] = []
  public private(set) var coverage = Coverage()
  /// The simulated time of all nodes together, in years of 365 days.
  public private(set) var nodeYears = 0.0
  public private(set) var steps = 0
  /// A number that two sweeps of the same seeds share, in whatever process and however many jobs.
  public private(set) var fingerprint: UInt64 = 0

  /// - Parameters:
  ///   - jobs: how many runs go on at once.
  ///   - stopsAtFailure: whether to leave the rest out after a failing seed.
  public init(_ seeds: Range<UInt64>, jobs: Int, canary: Canary? = nil, stopsAtFailure: Bool = false) async {
    first = seeds.lowerBound
    let size: UInt64 = stopsAtFailure ? 10 : 100
    let parts = stride(from: seeds.lowerBound, to: seeds.upperBound, by: Int(size)).map { start in
      start..<min(start + size, seeds.upperBound)
    }
    await withTaskGroup(of: SeedSweep.self) { group in
      var next = parts.makeIterator()
      for _ in 0..<max(jobs, 1) {
        guard let part = next.next() else { break }
        group.addTask { SeedSweep(part, canary: canary) }
      }
      while let part = await group.next() {
        add(part)
        if stopsAtFailure, !failures.isEmpty { continue }
        if let more = next.next() { group.addTask { SeedSweep(more, canary: canary) } }
      }
    }
    failures.sort { $0.seed < $1.seed }
  }

  /// Plays seeds one after the other.
  init(_ seeds: Range<UInt64>, canary: Canary?) {
    first = seeds.lowerBound
    for seed in seeds {
      let run = Run(History(seed: seed), canary: canary)
      count += 1
      coverage += run.coverage
      nodeYears += run.nodeYears
      steps += run.stepsPlayed
      fingerprint ^= run.fingerprint &* (2 &* seed &+ 1)
      if let problem = run.problem { failures.append(Failure(seed: seed, problem: problem)) }
    }
  }

  private mutating func add(_ other: SeedSweep) {
    count += other.count
    failures += other.failures
    coverage += other.coverage
    nodeYears += other.nodeYears
    steps += other.steps
    fingerprint ^= other.fingerprint
  }

  /// What was reached less often than 100 times in 100,000 seeds; empty for sweeps that are too small.
  public var rarelyReached: [String] {
    guard count >= 20_000 else { return [] }
    // Fewer seeds scatter more.
    let least = count >= 100_000 ? count / 1000 : count / 2500
    // A segment that waits so long takes several misfortunes at once.
    let exempt: [Coverage.Event] = [.waitedForLost, .waitedIntoSettling]
    return Coverage.Event.allCases.filter { !exempt.contains($0) && coverage[$0] < least }
      .map { "\($0.words) \(coverage[$0])" }
  }
}
