import SyncCore

/// One history played from its beginning to the check at its end.
public struct Run: Sendable {
  /// The first broken promise, in words; nil when all held.
  public let problem: String?
  /// How many steps had been played when it broke.
  public let stepsPlayed: Int
  public let coverage: Coverage
  /// The simulated time of all nodes together, in years of 365 days.
  public let nodeYears: Double
  /// A number that two runs of one history share, in whatever process.
  public let fingerprint: UInt64

  /// - Parameter trace: called with what happens, line by line.
  public init(_ history: History, canary: Canary? = nil, trace: ((String) -> Void)? = nil) {
    let world = World(history.setting, canary: canary)
    world.chronicle.trace = trace
    var played = 0
    for step in history.steps {
      world.run(step)
      played += 1
      if world.chronicle.problem != nil { break }
    }
    if world.chronicle.problem == nil {
      trace?("the faults end")
      world.settle()
    }
    problem = world.chronicle.problem
    stepsPlayed = played
    coverage = world.chronicle.coverage
    nodeYears = Double(world.machineTime) / Double(Setting.year)
    var mixer = Mixer()
    for segment in world.chronicle.segments { mixer.add(segment.hash) }
    for machine in world.machines {
      for row in machine.store.rows {
        guard let row else { continue }
        for value in row.values { mixer.add(value) }
      }
    }
    fingerprint = mixer.digest.words.0
  }
}
