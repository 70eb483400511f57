import SyncCore

/// How changes are timed under wrong clocks: by the rule of the design, and by two others for comparison.
public struct ClockTable: Sendable {
  /// The result of one rule.
  public struct Line: Sendable {
    public var rule: ClockRule
    /// Registers of which several concurrent heads were found, and those where the one shown was not really the latest.
    public var contested = 0
    public var wrong = 0
    /// All shown heads, and those where another head was really later.
    public var shown = 0
    /// Changes timed more than 5 minutes ahead by a node whose own clock was right: an absurd time that spread.
    public var spread = 0
    /// Changes timed more than 5 minutes ahead at all.
    public var ahead = 0
    public var changes = 0
  }

  public private(set) var lines: [Line] = []

  /// Plays every seed once under each rule, with clocks off and jumping and nothing else wrong.
  public init(seeds: Range<UInt64>) {
    for rule in ClockRule.allCases {
      var line = Line(rule: rule)
      for seed in seeds {
        var history = History(seed: seed)
        history.makeClocksWrong(rule)
        let world = World(history.setting, canary: nil)
        for step in history.steps { world.run(step) }
        world.settle()
        world.count(into: &line)
      }
      lines.append(line)
    }
  }

  public var text: String {
    let rows = lines.map { line in
      let share = Double(line.wrong) * 100 / Double(max(line.contested, 1))
      let all = Double(line.wrong) * 100 / Double(max(line.shown, 1))
      return "  \(Self.padded(line.rule.words, 22))\(Self.padded(Self.percent(all), 18))"
        + "\(Self.padded(Self.percent(share), 22))\(Self.padded(String(line.ahead), 14))\(line.spread)"
    }
    return (["  rule                  not the latest    of contested heads    ahead of now  spread"] + rows)
      .joined(separator: "\n")
  }

  private static func percent(_ share: Double) -> String {
    let hundredths = Int((share * 100).rounded())
    return "\(hundredths / 100).\(hundredths % 100 < 10 ? "0" : "")\(hundredths % 100) %"
  }

  private static func padded(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(1, width - text.count))
  }
}

extension ClockRule {
  fileprivate var words: String {
    switch self {
    case .design: "rule of time"
    case .wall: "wall clock"
    case .hybridLogical: "hybrid logical clock"
    }
  }
}

extension History {
  /// The same steps with every clock but that of headquarters off or jumping, and no other fault.
  fileprivate mutating func makeClocksWrong(_ rule: ClockRule) {
    var faults = Faults()
    faults.movesClocks = true
    faults.jumpsClocks = true
    setting.faults = faults
    setting.clocks = rule
    var random = SeededRandom(seed: seed ^ 0xC10C)
    for number in setting.places.indices { setting.places[number].skew = number == 0 ? 0 : setting.jump(&random) }
    for index in steps.indices {
      let isFault = ![.type, .sync, .seal, .decide, .wait].contains(steps[index].kind)
      if isFault { steps[index].kind = random.chance(20) ? .clock : .type }
    }
  }
}

extension World {
  /// Compares what headquarters shows with what was really typed last.
  fileprivate func count(into line: inout ClockTable.Line) {
    let store = machines[0].store
    for (number, owned) in store.records.enumerated() {
      guard let shape = store.shape(setting.records[number].kind) else { continue }
      for record in owned where record.state.hasLivingEdit {
        for register in shape.registers where !register.isSet && register.rule == .latest {
          let heads = record.state.heads(RegisterKey(register.id))
          let choice = Choice(among: heads, rule: .latest, facts: store)
          guard let shown = choice.shown else { continue }
          line.shown += 1
          guard heads.count > 1 else { continue }
          line.contested += 1
          let times = heads.map { typed(store, $0.clock) }
          if let latest = times.max(), typed(store, shown.clock) < latest { line.wrong += 1 }
        }
      }
    }
    for segment in chronicle.segments {
      for change in segment.changes {
        line.changes += 1
        let lead = change.time - segment.trueTime
        guard lead > Timekeeping.toleratedLead + Setting.minute else { continue }
        line.ahead += 1
        if abs(segment.clockError) <= Setting.minute { line.spread += 1 }
      }
    }
  }

  /// When a change was really typed, in milliseconds since 1970.
  private func typed(_ store: MemoryStore, _ clock: Clock) -> Int64 {
    guard let segment = store.segment(at: clock) else { return 0 }
    return segment.typedAt[Int(clock.sequence - segment.header.first)]
  }
}
