/// One thing that happens. A history is a list of steps; each draws what it needs from random of its own, so that the
/// others mean the same when one is left out.
public struct Step: Sendable, Equatable, CustomStringConvertible {
  public enum Kind: String, Sendable, CaseIterable {
    /// A clerk types a few statements.
    case type
    /// A node goes on with its sync, or begins one.
    case sync
    /// A node seals without a network.
    case seal
    /// Somebody decides a conflict.
    case decide
    /// A delayed request arrives after all.
    case arrive
    /// Nothing, for days.
    case wait
    case backUp
    case restore
    /// Headquarters loses everything and begins anew.
    case empty
    case clone
    /// A machine's clock is set, rightly or wrongly.
    case clock
    /// A node stays without a network for a year; its clerks go on.
    case away
    /// Headquarters publishes the next catalog.
    case publish
    /// A node drops bodies of its log.
    case drop
    /// A machine will stop at one of its next persistent steps.
    case crash
  }

  public var kind: Kind
  /// The machine that it happens to, modulo the number of machines.
  public var node: Int
  var random: UInt64

  public var description: String { "\(kind.rawValue) \(node) \(String(random, radix: 36))" }
}

/// All that a seed means: where it takes place and what happens there, in order.
public struct History: Sendable {
  public let seed: UInt64
  public var setting: Setting
  public var steps: [Step]

  /// Draws a history.
  public init(seed: UInt64) {
    self.seed = seed
    var random = SeededRandom(seed: seed)
    var setting = Setting(&random)
    steps = []
    let kinds = Self.weights(setting)
    let total = kinds.reduce(0) { $0 + $1.1 }
    for _ in 0..<setting.stepCount {
      var rest = random.below(total)
      let kind = kinds.first { item in
        rest -= item.1
        return rest < 0
      }
      steps.append(Step(kind: kind?.0 ?? .type, node: random.below(64), random: random.next()))
    }
    setting.stepCount = steps.count
    self.setting = setting
  }

  private static func weights(_ setting: Setting) -> [(Step.Kind, Int)] {
    let faults = setting.faults
    let copies = faults.restoresNodes || faults.restoresHeadquarters
    return [
      (.type, 100), (.sync, 75), (.wait, 6), (.seal, faults.sealsEarly ? 12 : 2), (.decide, faults.decides ? 12 : 0),
      (.arrive, faults.delaysRequests > 0 ? 12 : 0), (.backUp, copies ? 14 : 0), (.restore, copies ? 12 : 0),
      (.empty, faults.emptiesHeadquarters ? 3 : 0), (.clone, faults.clones ? 6 : 0),
      (.clock, faults.jumpsClocks ? 10 : 0), (.away, faults.goesAway ? 4 : 0),
      (.publish, faults.publishesCatalogs ? 5 : 0), (.drop, faults.dropsBodies ? 12 : 0),
      (.crash, faults.crashes ? 14 : 0),
    ].filter { $0.1 > 0 }
  }
}
